"""What the commands that ask for a draft share: send, follow, tell what became of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Final, NoReturn

import typer
from rich.console import RenderableType

from dfg import words
from dfg.api import Answer
from dfg.exits import Exit, of_answer, of_run
from dfg.follow import follow
from dfg.session import Session

Force = Annotated[bool, typer.Option("--force", help="Skip the search for duplicates and the storm rule. Audited.")]
Wait = Annotated[bool, typer.Option("--wait", help="Wait until the run has ended, and tell its progress.")]
Timeout = Annotated[float, typer.Option("--timeout", min=1, help="Seconds to wait at most.")]

GOES_ON: Final = ("accepted", "in_progress")
ENDINGS: Final = {
    "pending": "It waits for approval: dfg approve {action}",
    "failed": "Posting was definitely refused; approving tries again without paying again: dfg approve {action}",
    "outcome_unknown": "Sent, and no answer came: it may be posted or not. See: dfg pending",
    "shadowed": "Shadow mode: nothing was sent.",
    "nothing_to_do": "There is nothing to do.",
}


def send(session: Session, path: str, body: Mapping[str, Any]) -> Answer:
    """The answer as soon as the run is on record."""
    given = {name: value for name, value in body.items() if value is not None and value is not False and value != []}
    return session.call(lambda: session.api.post(path, given, {"Prefer": "respond-async"}))


def end(session: Session, answer: Answer, posted: str, wait: bool, timeout: float, as_json: bool) -> NoReturn:
    """Tell what one dispatch came to, with `wait` when its run has ended. `posted` is the sentence for a success."""
    result = answer.body
    code = of_answer(answer.status, result)
    if result.get("status") == "error":
        session.refuse(answer, code, as_json)
    if wait and result.get("status") in GOES_ON:
        result = follow(session, result["runId"], timeout, as_json)
        code = of_run(result) or Exit.OK
    error = result.get("error")
    session.show(
        result,
        as_json,
        words.said(headline(result, posted)),
        *([words.said(error["message"])] if error else []),
        *words.checks(result.get("checks", [])),
        *_several(result.get("actions", [])),
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


def end_all(session: Session, answer: Answer, posted: str, wait: bool, timeout: float, as_json: bool) -> NoReturn:
    """Tell what each task of a batch came to; the command ends with the first code that is not a success."""
    if "tasks" not in answer.body:
        session.refuse(answer, of_answer(answer.status, answer.body), as_json)
    tasks = [dict(task) for task in answer.body["tasks"]]
    for task in tasks:
        if wait and task["status"] in GOES_ON:
            task.update(follow(session, task["runId"], timeout, as_json))
    codes = [Exit.WRONG if task["status"] == "error" else of_run(task) or Exit.OK for task in tasks]
    table = words.table("ISSUE", "WHAT BECAME OF IT", "RUN")
    for task in tasks:
        told = task["error"]["message"] if "error" in task else headline(task, posted)
        table.add_row(f"#{task['target']['number']}", words.said(told), task.get("runId", ""))
    session.show({**answer.body, "tasks": tasks}, as_json, table)
    raise typer.Exit(next((code for code in codes if code is not Exit.OK), Exit.OK))


def headline(result: Mapping[str, Any], posted: str) -> str:
    """The outcome in one line."""
    status, reason = str(result.get("status")), str(result.get("reason", "")).replace("_", " ")
    if status in ("success", "duplicate"):
        ending = {**ENDINGS, "executed": posted}.get(str(result.get("state")), ENDINGS["nothing_to_do"])
        ending = ending.format(action=str(result.get("actionId"))[:8])
        return f"The same content was worked on before. {ending}" if status == "duplicate" else ending
    return {
        "accepted": "Accepted; the work goes on: dfg audit {run}",
        "in_progress": "The same dispatch is still running: dfg audit {run}",
        "skipped": "Skipped ({reason}); nothing was paid.",
        "rejected": "Policy refused what the model wrote.",
        "failed": "The run failed ({reason}).",
    }.get(status, status).format(run=result.get("runId", ""), reason=reason)


def _several(actions: Sequence[Mapping[str, Any]]) -> Iterator[RenderableType]:
    """Each action, where there is more than one."""
    if len(actions) < 2:
        return
    table = words.table("ACTION", "WHAT", "STATE")
    for action in actions:
        kind = str(action["actionType"]).replace("_", " ")
        target = f"{str(action['target']['type']).replace('_', ' ')} #{action['target']['number']}"
        table.add_row(action["actionId"][:8], f"{kind} on {target}", words.state(action["state"]))
    yield table
