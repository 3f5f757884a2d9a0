"""POST /dispatch/sprint-plan: draft which of some issues go into which sprint."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from pydantic import Field

from core.config import MAX_SPRINT_ISSUES as MOST_ISSUES
from core.types import Target, TaskRequest
from handlers.bodies import Body, Number
from handlers.dispatching import DispatchBody, dispatching


class Dependency(Body):
    """An issue, and those that have to come no later."""

    issue: Number
    on: Annotated[list[Number], Field(min_length=1, max_length=MOST_ISSUES)]


class SprintPlanBody(DispatchBody):
    """POST /dispatch/sprint-plan. Without `issueNumbers` the issues of the team's queue are planned."""

    planningIssue: Number  # noqa: N815
    issueNumbers: Annotated[list[Number], Field(min_length=1, max_length=MOST_ISSUES)] | None = None  # noqa: N815
    capacity: Annotated[int, Field(strict=True, ge=0, le=1000)] | None = None
    dependencies: list[Dependency] = Field(default=[], max_length=100)


def task(body: SprintPlanBody, principal: str) -> TaskRequest:
    return replace(
        TaskRequest("sprint_plan", Target("issue", body.planningIssue), None, body.force, principal, "api"),
        issues=tuple(dict.fromkeys(body.issueNumbers or ())),
        capacity=body.capacity,
        depends_on={entry.issue: tuple(entry.on) for entry in body.dependencies},
    )


handler = dispatching(SprintPlanBody, task)
