"""POST /dispatch/sprint-plan: draft which of some issues go into which sprint."""

from __future__ import annotations

from core.app import App
from core.pipeline import dispatch
from core.types import Target, TaskRequest
from handlers.bodies import SprintPlanBody, read_body
from handlers.dispatching import dispatched
from handlers.http import Endpoint, Reply, Request


def respond(app: App, request: Request) -> Reply:
    body = read_body(SprintPlanBody, request.body)
    task = TaskRequest(
        task_type="sprint_plan",
        target=Target("issue", body.planningIssue),
        linked_issue=None,
        force=body.force,
        principal=request.principal.name,
        trigger="api",
        issues=tuple(dict.fromkeys(body.issueNumbers or ())),
        capacity=body.capacity,
        depends_on={entry.issue: tuple(entry.on) for entry in body.dependencies},
    )
    return dispatched(
        app,
        request,
        lambda wait_until, deadline: dispatch(app, task, wait_until=wait_until, deadline=deadline),
        force=body.force,
    )


handler = Endpoint(respond, right="dispatch", command=True)
