"""Request bodies: strict types, no coercion, no unknown fields."""

from __future__ import annotations

from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.config import MAX_SPRINT_ISSUES as MOST_ISSUES
from core.errors import BadRequest
from core.types import Json

Number = Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)]


class Body(BaseModel):
    """A JSON object with these fields and no others."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class QaPlanBody(Body):
    """POST /dispatch/qa-plan."""

    prNumber: Number  # noqa: N815 - the API's field name
    linkedIssue: Number | None = None  # noqa: N815
    force: bool = False


class TriageBody(Body):
    """POST /dispatch/triage: one issue, or several in one run."""

    issueNumber: Number | None = None  # noqa: N815
    issueNumbers: Annotated[list[Number], Field(min_length=1, max_length=MOST_ISSUES)] | None = None  # noqa: N815
    force: bool = False

    @model_validator(mode="after")
    def _one_or_several(self) -> TriageBody:
        if (self.issueNumber is None) == (self.issueNumbers is None):
            raise ValueError("send either issueNumber or issueNumbers")
        return self

    @property
    def numbers(self) -> list[int]:
        """The issues, each once."""
        return list(dict.fromkeys(self.issueNumbers or [self.issueNumber or 0]))


class AgentBriefBody(Body):
    """POST /dispatch/agent-brief."""

    issueNumber: Number  # noqa: N815
    force: bool = False


class Dependency(Body):
    """An issue, and those that have to come no later."""

    issue: Number
    on: Annotated[list[Number], Field(min_length=1, max_length=MOST_ISSUES)]


class SprintPlanBody(Body):
    """POST /dispatch/sprint-plan. Without `issueNumbers` the issues of the team's queue are planned."""

    planningIssue: Number  # noqa: N815
    issueNumbers: Annotated[list[Number], Field(min_length=1, max_length=MOST_ISSUES)] | None = None  # noqa: N815
    capacity: Annotated[int, Field(strict=True, ge=0, le=1000)] | None = None
    dependencies: Annotated[list[Dependency], Field(max_length=100)] = []
    force: bool = False


class RejectBody(Body):
    """POST /reject/{id}."""

    reason: Annotated[str, Field(max_length=1000)] = ""


class EraseBody(Body):
    """POST /audit/{runId}/erase."""

    reason: Annotated[str, Field(min_length=1, max_length=1000)]


class EmptyBody(Body):
    """A route that takes no fields."""


B = TypeVar("B", bound=Body)


def read_body(model: type[B], body: Json) -> B:
    """The body as its model. Raises BadRequest naming every field that is wrong."""
    try:
        return model.model_validate(body)
    except ValidationError as error:
        faults = [
            f"{'.'.join(str(part) for part in e['loc'])[:60] or 'body'}: {e['msg'].removeprefix('Value error, ')}"
            for e in error.errors()[:5]
        ]
        raise BadRequest("; ".join(faults)) from None
