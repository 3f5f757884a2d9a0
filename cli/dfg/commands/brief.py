"""dfg brief: ask for a coding agent's brief."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from dfg.dispatching import Force, Timeout, Wait, end, send
from dfg.session import AsJson, session_of

NAME: Final = "brief"

Number = Annotated[int, typer.Argument(min=1, metavar="ISSUE", help="The issue's number.")]


def run(
    context: typer.Context,
    number: Number,
    force: Force = False,
    wait: Wait = False,
    timeout: Timeout = 600.0,
    as_json: AsJson = False,
) -> None:
    """Ask for a coding agent's brief for an issue.

    Returns as soon as the run is on record, or with --wait when it has ended.
    """
    session = session_of(context)
    answer = send(session, "/dispatch/agent-brief", {"issueNumber": number, "force": force})
    end(session, answer, "The brief is posted.", wait, timeout, as_json)
