"""The commands that ask for a draft about one number, or several: one for each task, from `tasks`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer

from dfg.dispatching import Force, Timeout, Wait, end, end_all, send
from dfg.session import AsJson, session_of
from dfg.tasks import Task


def command(task: Task) -> Callable[..., None]:
    """What `dfg NAME` does for a task that has no file of its own beside this one."""
    noun = task.label.removesuffix("s").lower()
    one = Annotated[int, typer.Argument(min=1, metavar=noun.upper(), help=f"The {noun}'s number.")]
    several = Annotated[list[int], typer.Argument(min=1, metavar=f"{noun.upper()}…", help=f"The {noun}s' numbers.")]

    def run(
        context: typer.Context,
        number: Any,
        force: Force = False,
        wait: Wait = False,
        timeout: Timeout = 600.0,
        as_json: AsJson = False,
    ) -> None:
        session = session_of(context)
        if task.several and len(number) > 1:
            answer = send(session, task.path, {task.field: number, "force": force})
            end_all(session, answer, task.posted, wait, timeout, as_json)
        field, value = (task.field.removesuffix("s"), number[0]) if task.several else (task.field, number)
        end(session, send(session, task.path, {field: value, "force": force}), task.posted, wait, timeout, as_json)

    run.__annotations__["number"] = several if task.several else one
    run.__doc__ = f"""{task.does}

    What is not carried out at once waits for approval. Returns as soon as what was asked for is on record, or with
    --wait when it has ended.
    """
    return run
