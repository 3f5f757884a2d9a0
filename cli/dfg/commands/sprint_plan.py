"""dfg sprint-plan: ask which issues go into which sprint."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

import typer

from dfg.dispatching import Force, Timeout, Wait, end, send
from dfg.session import AsJson, session_of

NEED: Final = re.compile(r"(\d+):(\d+(?:,\d+)*)")

Number = Annotated[int, typer.Argument(min=1, metavar="ISSUE", help="The planning issue, under which it is posted.")]
Issues = Annotated[str, typer.Option("--issues", help="Those to plan, such as 101,104. Without it, the team's queue.")]
Capacity = Annotated[int | None, typer.Option("--capacity", min=0, help="How many the current sprint takes.")]
Needs = Annotated[
    list[str] | None, typer.Option("--needs", metavar="N:M,…", help="Issue N comes no earlier than M. Repeatable.")
]


def run(
    context: typer.Context,
    number: Number,
    issues: Issues = "",
    capacity: Capacity = None,
    needs: Needs = None,
    force: Force = False,
    wait: Wait = False,
    timeout: Timeout = 600.0,
    as_json: AsJson = False,
) -> None:
    """Ask which issues go into which sprint.

    The plan is posted under the planning issue; each change of a label waits for approval. Returns as soon as the run
    is on record, or with --wait when it has ended.
    """
    session = session_of(context)
    body = {
        "planningIssue": number,
        "issueNumbers": _numbers(issues),
        "capacity": capacity,
        "dependencies": [_dependency(text) for text in needs or []],
        "force": force,
    }
    end(session, send(session, "/dispatch/sprint-plan", body), "The sprint plan is posted.", wait, timeout, as_json)


def _numbers(text: str) -> list[int]:
    if text and not re.fullmatch(r"\d+(,\d+)*", text):
        raise typer.BadParameter("--issues takes numbers with commas between, such as 101,104")
    return [int(number) for number in text.split(",") if number]


def _dependency(text: str) -> dict[str, Any]:
    found = NEED.fullmatch(text)
    if found is None:
        raise typer.BadParameter("--needs takes an issue and those that it needs, such as 101:104,108")
    return {"issue": int(found[1]), "on": _numbers(found[2])}
