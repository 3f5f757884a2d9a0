"""dfg triage: have labels suggested for issues."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from dfg.dispatching import Force, Timeout, Wait, end, end_all, send
from dfg.session import AsJson, session_of

NAME: Final = "triage"
DONE: Final = "It is carried out on GitHub."

Numbers = Annotated[list[int], typer.Argument(min=1, metavar="ISSUE…", help="The issues' numbers.")]


def run(
    context: typer.Context,
    numbers: Numbers,
    force: Force = False,
    wait: Wait = False,
    timeout: Timeout = 600.0,
    as_json: AsJson = False,
) -> None:
    """Have labels suggested for one issue, or for several in one run.

    Before phase 3 they wait for approval; what is unclear is asked in a comment. Returns as soon as all runs are on
    record, or with --wait when they have ended.
    """
    session = session_of(context)
    if len(numbers) == 1:
        answer = send(session, "/dispatch/triage", {"issueNumber": numbers[0], "force": force})
        end(session, answer, DONE, wait, timeout, as_json)
    answer = send(session, "/dispatch/triage", {"issueNumbers": numbers, "force": force})
    end_all(session, answer, DONE, wait, timeout, as_json)
