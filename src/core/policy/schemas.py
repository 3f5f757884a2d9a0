"""The answers of all tasks, and reading one: no coercion, no extra field, every bound checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import Field, ValidationError

from core.policy.wire_schemas import field_names
from core.tasks.answer import FilePath, IssueNumber, LongText, Sentence, Strict, Words50, Words200, Words500
from core.tasks.qa_plan.schema import QaPlan
from core.text.strict_json import Fault, path_of
from core.types import TaskType


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
