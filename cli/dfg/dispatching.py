"""What the commands that ask for a draft share: send, follow, say what became of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Final, NoReturn

import typer

from dfg import words
from dfg.api import Answer
from dfg.exits import Exit, of_answer, of_run
from dfg.follow import follow
from dfg.screen import Column, Pairs, Part, Rows
from dfg.session import Session

Force = Annotated[bool, typer.Option("--force", help="Skip the search for duplicates and the storm rule. Audited.")]
Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until the run has ended, and show its progress.")]
Timeout = Annotated[float, typer.Option("--timeout", min=1, help="Seconds to wait at most.")]

GOES_ON: Final = ("accepted", "in_progress")
ENDINGS: Final = {
    "pending": "It waits for approval: dfg approve {action}",
    "failed": "Posting was definitely refused; approving tries again without paying again: dfg approve {action}",
    "outcome_unknown": "Sent, and no answer came: it may be posted or not. See: dfg pending",
    "shadowed": "Shadow mode: nothing was sent.",
    "superseded": "A newer comment of this kind is posted there; whether this one is too is not known.",
    "rejected": "The Captain rejected it.",
    "expired": "Nobody approved it in time.",
    "nothing_to_do": "There is nothing to do.",
}
OUTCOMES: Final = {
    "accepted": "Accepted; the work goes on: dfg audit {run}",
    "in_progress": "The same dispatch is still running: dfg audit {run}",
    "skipped": "Skipped ({reason}); nothing more was paid.",
    "rejected": "Policy refused what the model wrote.",
    "failed": "The run failed ({reason}).",
}
BATCH: Final = (
    Column("ISSUE"),
    Column("STATUS"),
    Column("WHAT BECAME OF IT", wrap=True),
    Column("COST", 2),
    Column("RUN", 1),
)
UNREAD: Final = "Accepted, run {run}; this token may not read its end."


def send(session: Session, path: str, body: Mapping[str, Any]) -> Answer:
    """The answer as soon as the run is on record."""
    given = {name: value for name, value in body.items() if value is not None and value is not False and value != []}
    return session.call(lambda: session.api.post(path, given, {"Prefer": "respond-async"}))


def end(session: Session, answer: Answer, posted: str, wait: bool, timeout: float, as_json: bool) -> NoReturn:
    """Say what one dispatch came to, with `wait` when its run has ended. `posted` is the sentence for a success."""
    if answer.body.get("status") not in (*OUTCOMES, "success", "duplicate"):
        session.refuse(answer, of_answer(answer.status, answer.body), as_json)
    result, code, sentence = _ended(session, answer.body, posted, wait, timeout, as_json)
    session.show(
        result,
        as_json,
        sentence,
        *_why(result),
        *_several(result.get("actions", [])),
        Pairs(
            [
                ("run", result.get("runId", "")),
                ("action", result.get("actionId", "")),
                ("state", words.state(str(result.get("state", "")))),
                ("posted", result.get("url") or ""),
                ("cost", words.money(result["cost"]) if "cost" in result else ""),
                ("retry", f"in {answer.retry_after} s" if answer.retry_after else ""),
            ]
        ),
    )
    raise typer.Exit(code)


def end_all(session: Session, answer: Answer, posted: str, wait: bool, timeout: float, as_json: bool) -> NoReturn:
    """Say what each task of a batch came to; the command ends with the first code that is not a success."""
    if "tasks" not in answer.body:
        session.refuse(answer, of_answer(answer.status, answer.body), as_json)
    ended = [_ended(session, task, posted, wait, timeout, as_json) for task in answer.body["tasks"]]
    tasks = [{**given, **result} for given, (result, _, _) in zip(answer.body["tasks"], ended, strict=True)]
    table = Rows(
        BATCH,
        [
            (
                f"#{task['target']['number']}",
                words.state(str(task["status"])),
                "\n".join([sentence, *_why(task)]),
                words.money(task["cost"]) if "cost" in task else "",
                words.name_of(task.get("runId", "")),
            )
            for task, (_, _, sentence) in zip(tasks, ended, strict=True)
        ],
    )
    actions = [action for task in tasks for action in task.get("actions", [])]
    session.show({**answer.body, "tasks": tasks}, as_json, table, *_several(actions))
    raise typer.Exit(next((code for _, code, _ in ended if code is not Exit.OK), Exit.OK))


def _ended(
    session: Session, begun: Mapping[str, Any], posted: str, wait: bool, timeout: float, as_json: bool
) -> tuple[Mapping[str, Any], Exit, str]:
    """How one run ended, as far as this command waits and may read: its result, its code, and a sentence."""
    if begun["status"] == "error":
        return begun, Exit.WRONG, str(begun["error"]["message"])
    if not wait or begun["status"] not in GOES_ON:
        return begun, of_run(begun) or Exit.OK, headline(begun, posted)
    result = follow(session, begun["runId"], timeout, as_json)
    if result is None:
        return begun, Exit.OK, UNREAD.format(run=begun["runId"])
    return result, of_run(result) or Exit.OK, headline(result, posted)


def headline(result: Mapping[str, Any], posted: str) -> str:
    """The outcome in one line."""
    status, reason = str(result.get("status")), str(result.get("reason", "")).replace("_", " ")
    if status in ("success", "duplicate"):
        ending = {**ENDINGS, "executed": posted}.get(str(result.get("state")), ENDINGS["nothing_to_do"])
        ending = ending.format(action=str(result.get("actionId"))[:8])
        return f"The same content was worked on before. {ending}" if status == "duplicate" else ending
    return OUTCOMES.get(status, status).format(run=result.get("runId", ""), reason=reason)


def _why(result: Mapping[str, Any]) -> list[str]:
    error = result.get("error") if result.get("status") != "error" else None
    return [*([str(error["message"])] if error else []), *words.checks(result.get("checks", []))]


def _several(actions: Sequence[Mapping[str, Any]]) -> Iterator[Part]:
    """Each action, where there is more than one."""
    if len(actions) < 2:
        return
    rows = []
    for action in actions:
        kind = str(action["actionType"]).replace("_", " ")
        target = f"{str(action['target']['type']).replace('_', ' ')} #{action['target']['number']}"
        rows.append((words.name_of(action["actionId"]), f"{kind} on {target}", words.state(action["state"])))
    yield Rows((Column("ACTION"), Column("WHAT"), Column("STATE")), rows)
