"""The answers of all tasks: how each is read, and what it proposes.

A drafter is where an answer's fields meet what is known of the target: what a task may name is checked, and what its
words mean in labels is computed. The model itself never names a label, a target or an action.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError

from core.tasks import agent_brief, sprint_plan, triage
from core.tasks.answer import Strict
from core.tasks.drafted import Drafter
from core.tasks.qa_plan.draft import draft as draft_qa_plan
from core.tasks.qa_plan.schema import QaPlan
from core.tasks.wire_schemas import field_names
from core.text.strict_json import Fault, path_of
from core.types import TaskType

MODELS: Final[Mapping[TaskType, type[Strict]]] = {
    "qa_plan": QaPlan,
    "triage": triage.Triage,
    "agent_brief": agent_brief.AgentBrief,
    "sprint_plan": sprint_plan.SprintPlan,
}
DRAFTERS: Final[Mapping[TaskType, Drafter]] = {
    "qa_plan": draft_qa_plan,
    "triage": triage.draft,
    "agent_brief": agent_brief.draft,
    "sprint_plan": sprint_plan.draft,
}
"""A task without an entry has no rules and is refused."""


def validate(task_type: TaskType, value: Mapping[str, Any]) -> Strict | Fault:
    """The answer as its model, or the path and reason of its first fault."""
    try:
        return MODELS[task_type].model_validate(dict(value), strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        return Fault(path_of(first["loc"], field_names(task_type)), first["msg"])
