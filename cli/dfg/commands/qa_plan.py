"""dfg qa-plan: ask for a QA plan."""

from __future__ import annotations

from typing import Annotated

import typer

from dfg.dispatching import Force, Timeout, Wait, end, send
from dfg.session import AsJson, session_of

Number = Annotated[int, typer.Argument(min=1, metavar="PR", help="The pull request's number.")]
Issue = Annotated[int | None, typer.Option("--issue", min=1, help="The issue with the acceptance criteria.")]


def run(
    context: typer.Context,
    number: Number,
    issue: Issue = None,
    force: Force = False,
    wait: Wait = False,
    timeout: Timeout = 600.0,
    as_json: AsJson = False,
) -> None:
    """Ask for a QA plan for a pull request.

    Returns as soon as the run is on record, or with --wait when it has ended (which takes the right to read).
    """
    session = session_of(context)
    answer = send(session, "/dispatch/qa-plan", {"prNumber": number, "linkedIssue": issue, "force": force})
    end(session, answer, "The plan is posted.", wait, timeout, as_json)
