"""POST /dispatch/sprint-plan: draft which of some issues go into which sprint."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from core.app import App
from core.config import MAX_SPRINT_ISSUES as MOST_ISSUES
from core.runs.arrow import dispatch
from core.types import Target, TaskRequest
from handlers.bodies import Body, Number, read_body
from handlers.dispatching import dispatched
from handlers.http import Endpoint, Reply, Request


class Dependency(Body):
    """An issue, and those that have to come no later."""

    issue: Number
    on: Annotated[list[Number], Field(min_length=1, max_length=MOST_ISSUES)]


class SprintPlanBody(Body):
    """POST /dispatch/sprint-plan. Without `issueNumbers` the issues of the team's queue are planned."""

    planningIssue: Number  # noqa: N815
    issueNumbers: Annotated[list[Number], Field(min_length=1, max_length=MOST_ISSUES)] | None = None  # noqa: N815
    capacity: Annotated[int, Field(strict=True, ge=0, le=1000)] | None = None
    dependencies: list[Dependency] = Field(default=[], max_length=100)
    force: bool = False


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
