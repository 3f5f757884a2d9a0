"""POST /dispatch/triage: suggest labels for one issue, or for several in one run."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field, model_validator

from core.types import Target, TaskRequest
from handlers.bodies import Number, Several
from handlers.dispatching import DispatchBody, dispatching


class TriageBody(DispatchBody):
    """Either one issue or several, of which MAX_TASKS_PER_RUN bounds how many."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"required": [one], "properties": {one: {"type": kind}, other: {"type": "null"}}}
                for one, kind, other in (
                    ("issueNumber", "integer", "issueNumbers"),
                    ("issueNumbers", "array", "issueNumber"),
                )
            ]
        }
    )
    issueNumber: Annotated[Number | None, Field(examples=[100])] = None  # noqa: N815
    issueNumbers: Annotated[Several | None, Field(examples=[[100, 101]])] = None  # noqa: N815

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
