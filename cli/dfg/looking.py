"""Finding an action or a run by its id or the start of it, and showing an action before it is decided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final

from dfg import words
from dfg.exits import Exit
from dfg.screen import Pairs, write
from dfg.session import Session

FEWEST: Final = 6
"""Characters of an id that are enough to name it, as long as only one has them."""
WHOLE: Final = 36
PAGE: Final = 100
SEARCHED_RUNS: Final = 2000
"""How far back the start of a run's id is looked for: the API finds runs by their whole ids alone."""


def entries(session: Session, path: str, name: str, at_most: int | None = None) -> Iterator[Mapping[str, Any]]:
    """The entries of a list of the API, newest first."""
    cursor: str | None = ""
    seen = 0
    while cursor is not None and (at_most is None or seen < at_most):
        query = {"limit": str(PAGE), **({"cursor": cursor} if cursor else {})}
        body = session.need(session.call(partial(session.api.get, path, query)))
        yield from body[name]
        cursor, seen = body["cursor"], seen + PAGE


def find(session: Session, start: str) -> Mapping[str, Any]:
    """The waiting action with this id, or whose id begins so. Ends the command when there is not exactly one."""
    _long_enough(session, start)
    found = [action for action in entries(session, "/pending", "actions") if action["id"].startswith(start.lower())]
    if not found:
        session.end(Exit.CONFLICT, f"nothing that waits has the id {start}: it was decided, has expired, or never was")
    _only_one(session, start, [action["id"] for action in found], "waiting action")
    return found[0]


def find_run(session: Session, start: str) -> str:
    """The id of the run that is called so, or whose id begins so. Ends the command when there is not exactly one."""
    if len(start) >= WHOLE:
        return start
    _long_enough(session, start)
    listed = entries(session, "/audit", "runs", SEARCHED_RUNS)
    found = [run["runId"] for run in listed if run["runId"].startswith(start.lower())]
    if not found:
        newest = f"among the newest {SEARCHED_RUNS}"
        session.end(Exit.WRONG, f"no run or decision has an id that begins with {start} ({newest})")
    _only_one(session, start, found, "run")
    return str(found[0])


def _long_enough(session: Session, start: str) -> None:
    if len(start) < FEWEST:
        session.end(Exit.USAGE, f"give at least {FEWEST} characters of the id")


def _only_one(session: Session, start: str, found: list[str], what: str) -> None:
    if len(found) > 1:
        session.end(Exit.USAGE, f"{words.count(len(found), what)} have an id that begins with {start}: give more of it")


def show(session: Session, action: Mapping[str, Any]) -> None:
    """The action whole, on standard error: standard output is for the outcome."""
    payload = action["payload"]
    text = (
        payload["body"] if "body" in payload else "\n".join(f"{kind}: {', '.join(payload[kind])}" for kind in payload)
    )
    rule = "─" * 40
    for part in (
        f"{action['taskType']} for {words.target(action)}",
        rule,
        text,
        rule,
        *words.checks(action["checks"]),
        Pairs(
            [
                ("title", action.get("title") or ""),
                ("address", action.get("url") or ""),
                ("written by", action.get("writtenBy") or action.get("author") or ""),
                ("asked by", action["principal"]),
                ("why it waits", action["policyReason"]),
                ("last error", action["lastError"]),
                ("model's reason", action["reason"]),
                ("evidence", action["evidence"]),
                ("cost", words.money(action["cost"])),
                ("expires", words.moment(action["expiresAt"])),
                ("digest", action["digest"]),
                ("approving", action["onApprove"]),
            ]
        ),
    ):
        write(session.err, part)
