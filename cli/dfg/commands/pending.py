"""dfg pending: what waits."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from dfg import words
from dfg.screen import Column, Rows
from dfg.session import AsJson, session_of

NAME: Final = "pending"

Task = Annotated[str | None, typer.Option("--task", help="Only this task type, such as qa_plan.")]
Target = Annotated[str | None, typer.Option("--target", help="Only this target, such as pull_request:42.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many at most.")]
COLUMNS: Final = (
    Column("ID"),
    Column("TASK"),
    Column("TARGET"),
    Column("TITLE", 4, wrap=True),
    Column("STATE", 3),
    Column("COST", 5),
    Column("DRAFTED", 6),
    Column("EXPIRES", 2),
    Column("WHY IT WAITS", wrap=True),
    Column("WRITTEN BY", 7),
    Column("ASKED BY", 8),
    Column("LINK", 9),
)


def run(
    context: typer.Context, task: Task = None, target: Target = None, limit: Limit = 50, as_json: AsJson = False
) -> None:
    """List what waits for approval, newest first."""
    session = session_of(context)
    filters = {name: value for name, value in (("taskType", task), ("target", target)) if value is not None}
    body = session.listing("/pending", "actions", filters, limit, as_json)
    rows = [
        (
            words.name_of(action["id"]),
            action["taskType"],
            words.target(action),
            action.get("title") or "",
            words.state(action["state"]),
            words.money(action["cost"]),
            words.moment(action["createdAt"]),
            words.moment(action["expiresAt"]),
            action["lastError"] or action["policyReason"],
            action.get("writtenBy") or action.get("author") or "",
            action["principal"],
            action.get("url") or "",
        )
        for action in body["actions"]
    ]
    session.show(body, as_json, *([Rows(COLUMNS, rows)] if rows else []))
    if as_json:
        return
    if not rows:
        session.remark("Nothing waits." if not filters else "Nothing that waits is like that.")
    if body["cursor"]:
        session.remark("There is more: raise --limit.")
