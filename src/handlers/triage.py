"""POST /dispatch/triage: suggest labels for one issue, or for several in one run."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from core.config import MAX_SPRINT_ISSUES as MOST_ISSUES
from core.types import Target, TaskRequest
from handlers.bodies import Number
from handlers.dispatching import DispatchBody, dispatching


class TriageBody(DispatchBody):
    """POST /dispatch/triage: one issue, or several in one run."""

    issueNumber: Number | None = None  # noqa: N815
    issueNumbers: Annotated[list[Number], Field(min_length=1, max_length=MOST_ISSUES)] | None = None  # noqa: N815

    @model_validator(mode="after")
    def _one_or_several(self) -> TriageBody:
        if (self.issueNumber is None) == (self.issueNumbers is None):
            raise ValueError("send either issueNumber or issueNumbers")
        return self


def task(body: TriageBody, principal: str) -> TaskRequest | list[TaskRequest]:
    """Of several, each once."""

    def one(number: int) -> TaskRequest:
        return TaskRequest("triage", Target("issue", number), None, body.force, principal, "api")

    if body.issueNumber is not None:
        return one(body.issueNumber)
    return [one(number) for number in dict.fromkeys(body.issueNumbers or ())]


handler = dispatching(TriageBody, task)
