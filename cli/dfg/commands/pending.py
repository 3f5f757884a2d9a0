"""dfg pending: what waits."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from dfg import words
from dfg.session import AsJson, session_of

NAME: Final = "pending"

Task = Annotated[str | None, typer.Option("--task", help="Only this task type, such as qa_plan.")]
Target = Annotated[str | None, typer.Option("--target", help="Only this target, such as pull_request:42.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=100, help="How many at most.")]


def run(
    context: typer.Context, task: Task = None, target: Target = None, limit: Limit = 50, as_json: AsJson = False
) -> None:
    """List what waits for approval, newest first."""
    session = session_of(context)
    params = {"limit": str(limit)}
    if task is not None:
        params["taskType"] = task
    if target is not None:
        params["target"] = target
    body = session.need(session.call(lambda: session.api.get("/pending", params)), as_json)
    while not body["actions"] and body["cursor"]:  # a page of a filtered list may be empty
        params["cursor"] = body["cursor"]
        body = session.need(session.call(lambda: session.api.get("/pending", params)), as_json)
    table = words.table("ID", "WHAT", "STATE", "COST", "DRAFTED", "EXPIRES", "WHY IT WAITS")
    for action in body["actions"]:
        table.add_row(
            action["id"][:8],
            f"{action['taskType']} {words.target(action)}",
            words.state(action["state"]),
            f"${action['cost']}",
            words.ago(action["createdAt"]),
            words.ago(action["expiresAt"]),
            words.said(action["lastError"] or action["policyReason"]),
        )
    if not body["actions"]:
        session.show(body, as_json, "Nothing waits.")
        return
    more = ["There is more: raise --limit."] if body["cursor"] else []
    session.show(body, as_json, table, *more)
