"""The audit as it is read: runs newest first, and one run whole."""

import base64
from collections.abc import Mapping
from typing import Any, Final

from core.app import App
from core.audit import content, log
from core.audit.checkpoint import proofs
from core.audit.log import RUNS, Event
from core.canonical import dollars
from core.context.links import target_url
from core.errors import NotFound
from core.store import Item
from core.types import Json, Target

UNENDED: Final = {"run.started": "running", "approval.granted": "running", "request.refused": "refused"}
"""The status of a chain whose last event tells none, by its first; of all others it is `done`."""
KINDS: Final = (
    *("dispatch", "batch", "approve", "reject", "expire", "look"),
    *("observation", "reset", "breaker", "erase", "refusal"),
)
STATUSES: Final = (
    *("running", "refused", "done"),
    *("success", "accepted", "in_progress", "duplicate", "skipped", "rejected", "failed", "error"),
    *("executed", "shadowed", "outcome_unknown", "superseded"),
)
"""What a listed chain's `kind` and `status` may be."""
FIRST: Final = ("principal", "taskType", "target", "actionId", "reason")
REFUSAL: Final = (*FIRST, "code", "route")
LAST: Final = ("reason", "classification", "state", "actionId", "endedAt")
"""What a listing shows of a chain's first event, of a refusal, and of a chain's last event."""
POSITION: Final = ("chain", "seq", "list", "listKey")
"""Where a page goes on."""


def list_runs(
    app: App,
    *,
    limit: int,
    start: Item | None,
    since: str = "",
    until: str = "~",
    where: Mapping[str, str] | None = None,
) -> tuple[list[dict[str, Any]], Item | None]:
    """One query over first and last events, newest first; a run whose end is on the page shows it.

    `since` and `until` bound the start (RFC 3339). `where` filters by fields of a run; a page may be short then.
    The index gives a run's last event just before its first, so a run is complete once its first is read.
    """
    page = app.store.query(
        app.settings.audit_table,
        equals=("list", RUNS),
        index="byTime",
        between=("listKey", since or " ", until),
        newest_first=True,
        limit=2 * limit,
        start=start,
    )
    runs: list[dict[str, Any]] = []
    ended: dict[str, dict[str, Any]] = {}
    last: Item | None = None
    for item in page.items:
        event = log.from_item(item)
        if event.seq > 0:
            ended[event.chain] = {**event.data, "endedAt": event.at}
            continue
        runs.append(_summary(app, event, ended.pop(event.chain, {})))
        last = item
        if len(runs) == limit:
            break
    more = last is not None and (page.next is not None or last is not page.items[-1])
    found = [run for run in runs if all(_matches(run, name, value) for name, value in (where or {}).items())]
    return found, {name: last[name] for name in POSITION} if more and last else None


def read_run(app: App, run_id: str, *, proof: bool = False) -> dict[str, Any]:
    """Every event of a run, the chain's verdict, and its content while that exists. Raises NotFound.

    With `proof`, also each event's inclusion in a signed checkpoint.
    """
    events, stored = app.together(
        [
            lambda: log.read_chain(app.store, app.settings.audit_table, run_id),
            lambda: app.store.query_all(app.settings.content_table, ("run", run_id)),
        ]
    )
    if not events:
        raise NotFound("no run has this id")
    return {
        "runId": run_id,
        **_address(app, events[0].data.get("target")),
        "events": [event.as_json() for event in events],
        "chain": log.verdict(events),
        "content": {item["name"]: _content(item) for item in stored},
        **({"proofs": proofs(app, events)} if proof else {}),
    }


def _matches(run: Mapping[str, Any], name: str, value: str) -> bool:
    if name == "target":
        target = run.get("target") or {}
        return f"{target.get('type')}:{target.get('number')}" == value
    return str(run.get(name, "")) == value


def _summary(app: App, first: Event, end: Json) -> dict[str, Any]:
    shown = REFUSAL if first.type == "request.refused" else FIRST
    return {
        "runId": first.chain,
        "startedAt": first.at,
        "kind": first.data.get("kind", ""),
        "event": first.type,
        "status": end.get("status", UNENDED.get(first.type, "done")),
        **{name: first.data[name] for name in shown if name in first.data},
        **{name: end[name] for name in LAST if end.get(name)},
        **({"cost": dollars(end["charged"])} if "charged" in end else {}),
        **_address(app, first.data.get("target")),
    }


def _address(app: App, target: Any) -> dict[str, str]:
    """The target's address on GitHub; nothing where a chain has none, or several."""
    if not target or "number" not in target:
        return {}
    found = Target(target["type"], target["number"])
    return {"targetUrl": target_url(app.settings.github_api_url, app.settings.repository, found)}


def _content(item: Item) -> dict[str, str]:
    """The text for people; bytes that are no text (a model's answer may be anything) also as they are."""
    kept = content.read(item)
    text = kept.data.decode("utf-8", "replace")
    exact = {} if text.encode() == kept.data else {"base64": base64.b64encode(kept.data).decode()}
    return {"text": text, **exact, "salt": kept.salt.hex(), "digest": kept.digest}
