"""POST /dispatch/sprint-plan: draft which of some issues go into which sprint."""

from dataclasses import replace
from typing import Annotated

from pydantic import Field

from core.types import Target, TaskRequest
from handlers.bodies import Body, Number, Several
from handlers.dispatching import DispatchBody, dispatching


class Dependency(Body):
    """An issue, and those that have to come no later."""

    issue: Number
    on: Several


class SprintPlanBody(DispatchBody):
    """Without `issueNumbers` the issues of the team's queue are planned."""

    planningIssue: Annotated[Number, Field(examples=[300])]  # noqa: N815
    issueNumbers: Annotated[Several | None, Field(examples=[[100, 101]])] = None  # noqa: N815
    capacity: Annotated[
        Annotated[int, Field(strict=True, ge=0, le=1000)] | None,
        Field(description="How many issues the current sprint takes."),
    ] = None
    dependencies: list[Dependency] = Field(default=[], max_length=100)


def task(body: SprintPlanBody, principal: str) -> TaskRequest:
    return replace(
        TaskRequest("sprint_plan", Target("issue", body.planningIssue), None, body.force, principal, "api"),
        issues=tuple(dict.fromkeys(body.issueNumbers or ())),
        capacity=body.capacity,
        depends_on={entry.issue: tuple(entry.on) for entry in body.dependencies},
    )


handler = dispatching(SprintPlanBody, task)
