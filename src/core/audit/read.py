"""The audit as it is read: runs newest first, and one run whole."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, Final

from core.app import App
from core.audit import content, log
from core.audit.checkpoint import proofs
from core.audit.log import RUNS
from core.errors import NotFound
from core.links import target_url
from core.runs.results import dollars
from core.store import Item
from core.types import Target

UNENDED: Final = {"run.started": "running", "approval.granted": "running", "request.refused": "refused"}
"""The status of a chain whose last event tells none, by its first; of all others it is `done`."""
KINDS: Final = ("dispatch", "batch", "approve", "reject", "expire", "look", "reset", "breaker", "erase", "refusal")
STATUSES: Final = (
    *("running", "refused", "done"),
    *("success", "accepted", "in_progress", "duplicate", "skipped", "rejected", "failed", "error"),
    *("executed", "shadowed", "outcome_unknown", "superseded"),
)
"""What a listed chain's `kind` and `status` may be."""
FIRST: Final = ("principal", "taskType", "target", "actionId", "reason")
REFUSAL: Final = (*FIRST, "code", "route")
LAST: Final = ("reason", "classification", "state", "actionId", "endedAt")


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
    taken = 0
    for item in page.items:
        event = log.from_item(item)
        if event.seq > 0:
            ended[event.chain] = {**event.data, "endedAt": event.at}
            continue
        summary = _summary(event.chain, event.at, event.type, event.data, ended.pop(event.chain, None))
        runs.append({**summary, **_address(app, summary.get("target"))})
        last = item
        taken += 1
        if taken == limit:
            break
    runs = [run for run in runs if all(_matches(run, name, value) for name, value in (where or {}).items())]
    more = page.next is not None or (last is not None and last is not page.items[-1])
    return runs, _position(last) if more and last is not None else None


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


def _summary(chain: str, at: str, kind: str, first: Any, last: Any) -> dict[str, Any]:
    end = last or {}
    summary = {
        "runId": chain,
        "startedAt": at,
        "kind": first.get("kind", ""),
        "event": kind,
        "status": end.get("status", UNENDED.get(kind, "done")),
        **{name: first[name] for name in (REFUSAL if kind == "request.refused" else FIRST) if name in first},
        **{name: end[name] for name in LAST if end.get(name)},
    }
    if "charged" in end:
        summary["cost"] = dollars(end["charged"])
    return summary


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


def _position(item: Item) -> Item:
    return {name: item[name] for name in ("chain", "seq", "list", "listKey")}
