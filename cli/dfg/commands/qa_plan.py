"""dfg qa-plan: ask for a QA plan."""

from __future__ import annotations

from typing import Annotated, Any, Final

import typer

from dfg import words
from dfg.exits import Exit, of_answer, of_run
from dfg.follow import follow
from dfg.session import AsJson, session_of

NAME: Final = "qa-plan"

Number = Annotated[int, typer.Argument(min=1, metavar="PR", help="The pull request's number.")]
Issue = Annotated[int | None, typer.Option("--issue", min=1, help="The issue with the acceptance criteria.")]
Force = Annotated[bool, typer.Option("--force", help="Skip the search for duplicates and the storm rule. Audited.")]
Wait = Annotated[bool, typer.Option("--wait", help="Wait until the run has ended, and tell its progress.")]
Timeout = Annotated[float, typer.Option("--timeout", min=1, help="Seconds to wait at most.")]

ENDINGS: Final = {
    "executed": "The plan is posted.",
    "pending": "The plan waits for approval: dfg approve {action}",
    "failed": "Posting was definitely refused; approving tries again without paying again: dfg approve {action}",
    "outcome_unknown": "Sent, and no answer came: it may be posted or not. See: dfg pending",
    "shadowed": "Shadow mode: nothing was sent.",
}


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

    Returns as soon as the run is on record, or with --wait when it has ended (needs the right to read).
    """
    session = session_of(context)
    body: dict[str, Any] = {"prNumber": number}
    if issue is not None:
        body["linkedIssue"] = issue
    if force:
        body["force"] = True
    answer = session.call(lambda: session.api.post("/dispatch/qa-plan", body, {"Prefer": "respond-async"}))
    result = answer.body
    code = of_answer(answer.status, result)
    status = result.get("status")
    if wait and status in ("accepted", "in_progress"):
        result = follow(session, result["runId"], timeout, as_json)
        code = of_run(result) or Exit.OK
    elif status == "error":
        session.refuse(answer, code, as_json)
    told = words.said(headline(result))
    error = result.get("error")
    session.show(
        result,
        as_json,
        told,
        *([words.said(error["message"])] if error else []),
        *words.checks(result.get("checks", [])),
        words.pairs(
            [
                ("run", result.get("runId", "")),
                ("action", result.get("actionId", "")),
                ("state", words.state(str(result.get("state", "")))),
                ("cost", f"${result['cost']}" if "cost" in result else ""),
                ("retry", f"in {answer.retry_after} s" if answer.retry_after else ""),
            ]
        ),
    )
    raise typer.Exit(code)


def headline(result: Any) -> str:
    """The outcome in one line."""
    status, reason = str(result.get("status")), str(result.get("reason", "")).replace("_", " ")
    if status in ("success", "duplicate"):
        ending = ENDINGS.get(str(result.get("state")), "Done.").format(action=str(result.get("actionId"))[:8])
        return f"The same content was worked on before. {ending}" if status == "duplicate" else ending
    return {
        "accepted": "Accepted; the work goes on: dfg audit {run}",
        "in_progress": "The same dispatch is still running: dfg audit {run}",
        "skipped": "Skipped ({reason}); nothing was paid.",
        "rejected": "Policy refused what the model wrote.",
        "failed": "The run failed ({reason}).",
    }.get(status, status).format(run=result.get("runId", ""), reason=reason)
