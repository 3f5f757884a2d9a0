"""dfg erase: forget what a run was told and answered."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from dfg.looking import find_run
from dfg.session import AsJson, session_of

NAME: Final = "erase"

Run = Annotated[str, typer.Argument(metavar="RUN", help="The run's id, or its first 6 characters or more.")]
Reason = Annotated[str, typer.Option("--reason", help="Kept in the audit: why it had to go, without what had to go.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def run(context: typer.Context, run_id: Run, reason: Reason, yes: Yes = False, as_json: AsJson = False) -> None:
    """Erase a run's prompt, context, answer and plan. Its events and their proof stay. There is no way back."""
    session = session_of(context)
    name = find_run(session, run_id)
    if not yes:
        session.confirm(f"Erase what run {name} was told and answered, for good?")
    body = session.need(session.call(lambda: session.api.post(f"/audit/{name}/erase", {"reason": reason})), as_json)
    gone = ", ".join(body["erased"])
    session.show(body, as_json, f"Erased: {gone}." if gone else "There was nothing left to erase.")
