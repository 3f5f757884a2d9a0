"""Finding a waiting action by its id or the start of it, and showing it before it is decided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final

from dfg import words
from dfg.exits import Exit
from dfg.session import Session

FEWEST: Final = 6
"""Characters of an id that are enough to name it, as long as only one action has them."""


def waiting(session: Session) -> Iterator[Mapping[str, Any]]:
    """Every waiting action, newest first."""
    cursor: str | None = ""
    while cursor is not None:
        params = {"limit": "100", **({"cursor": cursor} if cursor else {})}
        page = session.need(session.call(partial(session.api.get, "/pending", params)), False)
        yield from page["actions"]
        cursor = page["cursor"]


def find(session: Session, name: str) -> Mapping[str, Any]:
    """The waiting action with this id, or whose id begins so. Ends the command when there is not exactly one."""
    if len(name) < FEWEST:
        session.end(Exit.WRONG, f"give at least {FEWEST} characters of the id")
    found = [action for action in waiting(session) if action["id"].startswith(name.lower())]
    if len(found) > 1:
        session.end(Exit.WRONG, f"{len(found)} waiting actions have an id that begins with {name}: give more of it")
    if not found:
        session.end(Exit.CONFLICT, f"nothing that waits has the id {name}: it was decided, has expired, or never was")
    return found[0]


def show(session: Session, action: Mapping[str, Any]) -> None:
    """The action whole, on standard error: standard output is for the outcome."""
    payload = action["payload"]
    text = (
        payload["body"] if "body" in payload else "\n".join(f"{kind}: {', '.join(payload[kind])}" for kind in payload)
    )
    session.err.rule(f"{action['taskType']} for {words.target(action)}")
    session.err.print(words.said(text))
    session.err.rule()
    session.err.print(
        words.pairs(
            [
                ("why it waits", action["policyReason"]),
                ("last error", action["lastError"]),
                ("evidence", action["evidence"]),
                ("cost", f"${action['cost']}"),
                ("expires", words.ago(action["expiresAt"])),
                ("digest", action["digest"]),
                ("approving", action["onApprove"]),
            ]
        )
    )
