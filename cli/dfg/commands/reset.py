"""dfg reset: the emergency reset of the circuit breaker."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from dfg.session import AsJson, session_of

NAME: Final = "reset"

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def run(context: typer.Context, yes: Yes = False, as_json: AsJson = False) -> None:
    """Close the circuit breaker and clear its failure counts. Charges stay. Audited."""
    session = session_of(context)
    if not yes:
        session.confirm("Dispatches go through again at once. Reset the breaker?")
    body = session.need(session.call(lambda: session.api.post("/circuit/reset", {})), as_json)
    session.show(body, as_json, str(body["message"]))
