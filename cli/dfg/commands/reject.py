"""dfg reject: decide that a waiting action shall not happen."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from dfg.looking import find
from dfg.session import AsJson, session_of

NAME: Final = "reject"

Id = Annotated[str, typer.Argument(metavar="ID", help="The action's id, or the first 6 characters or more.")]
Reason = Annotated[str, typer.Option("--reason", help="Kept in the audit.")]


def run(context: typer.Context, action: Id, reason: Reason = "", as_json: AsJson = False) -> None:
    """Reject a waiting action."""
    session = session_of(context)
    name = find(session, action)["id"]
    answer = session.call(lambda: session.api.post(f"/reject/{name}", {"reason": reason} if reason else {}))
    if answer.status != 200:
        session.need(answer, as_json)
    session.show(answer.body, as_json, "Rejected.")
