"""What each task's answer must look like, strictly: no coercion, no extra field, every bound checked.

Claude enforces only the shape (`wire_schema`); lengths and counts are checked here after the answer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from core.policy.wire_schemas import field_names
from core.text.invisible import removed
from core.text.strict_json import Fault, path_of
from core.types import TaskType

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def _words(value: str) -> str:
    if not removed(value).strip():
        raise ValueError("blank")
    if _CONTROL.search(value):
        raise ValueError("holds a control character")
    return value


def _one_line(value: str) -> str:
    if len(value.splitlines()) > 1 or value != value.strip("\r\n"):
        raise ValueError("more than one line")
    return value


Words50 = Annotated[
    str, StringConstraints(min_length=1, max_length=50), AfterValidator(_words), AfterValidator(_one_line)
]
Words200 = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_words)]
Words500 = Annotated[str, StringConstraints(min_length=1, max_length=500), AfterValidator(_words)]
Sentence = Annotated[str, StringConstraints(min_length=10, max_length=500), AfterValidator(_words)]
LongText = Annotated[str, StringConstraints(min_length=10, max_length=2000), AfterValidator(_words)]
FilePath = Annotated[str, StringConstraints(min_length=1, max_length=4096)]
IssueNumber = Annotated[int, Field(ge=1, le=2**31)]


class Strict(BaseModel):
    """A frozen answer: unknown fields and coerced types are faults."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)


class TestCase(Strict):
    """One criterion and how to test it."""

    __test__ = False

    ac_id: Words50
    ac_text: Words500
    covers: Annotated[list[FilePath], Field(max_length=20)]
    steps: Annotated[list[Words500], Field(min_length=1, max_length=10)]
    expected: Words500
    edge_cases: Annotated[list[Words200], Field(max_length=5)]


class QaPlan(Strict):
    """The answer to `qa_plan`."""

    test_plan: Annotated[list[TestCase], Field(max_length=20)]
    general_checks: Annotated[list[Words200], Field(max_length=10)]
    nothing_to_test: Sentence | None
    reason: Sentence
    evidence: Sentence

    @model_validator(mode="after")
    def _plan_or_nothing(self) -> QaPlan:
        if not self.test_plan and self.nothing_to_test is None:
            raise ValueError("nothing_to_test is required when test_plan is empty")
        if self.test_plan and self.nothing_to_test is not None:
            raise ValueError("nothing_to_test must be null when there is a test_plan")
        return self


class Triage(Strict):
    """The answer to `triage`."""

    priority: Literal["P0", "P1", "P2", "P3"]
    priority_rationale: Sentence
    sprint: Literal["current", "next", "backlog"]
    components: Annotated[list[Words50], Field(max_length=5)]
    questions: Annotated[list[Words500], Field(max_length=3)]
    ready_for_dev: bool
    reason: Sentence
    evidence: Sentence


class AgentBrief(Strict):
    """The answer to `agent_brief`."""

    objective: Sentence
    context: LongText
    acceptance_criteria: Annotated[list[Words500], Field(min_length=1, max_length=10)]
    files: Annotated[list[FilePath], Field(max_length=20)]
    out_of_scope: Annotated[list[Words200], Field(max_length=10)]
    test_notes: Annotated[list[Words500], Field(max_length=10)]
    reason: Sentence
    evidence: Sentence


class SprintItem(Strict):
    """Where one issue goes."""

    issue: IssueNumber
    sprint: Literal["current", "next", "backlog"]
    rationale: Sentence


class SprintPlan(Strict):
    """The answer to `sprint_plan`."""

    goal: Sentence
    items: Annotated[list[SprintItem], Field(min_length=1, max_length=50)]
    risks: Annotated[list[Words500], Field(max_length=10)]
    reason: Sentence
    evidence: Sentence


MODELS: Final[Mapping[TaskType, type[Strict]]] = {
    "qa_plan": QaPlan,
    "triage": Triage,
    "agent_brief": AgentBrief,
    "sprint_plan": SprintPlan,
}


def validate(task_type: TaskType, value: Mapping[str, Any]) -> Strict | Fault:
    """The answer as its model, or the path and reason of its first fault."""
    try:
        return MODELS[task_type].model_validate(dict(value), strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        return Fault(path_of(first["loc"], field_names(task_type)), first["msg"])
