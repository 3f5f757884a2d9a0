"""What each task's answer proposes.

A drafter is where an answer's fields meet what is known of the target: what a task may name is checked,
and what its words mean in labels is computed. The model itself never names a label, a target or an action.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from core.policy import agent_brief, sprint_plan, triage
from core.policy.drafted import Comment, Drafted, Drafter, LabelChange, Unfit
from core.tasks.qa_plan.draft import draft as draft_qa_plan
from core.types import TaskType

__all__ = ["DRAFTERS", "Comment", "Drafted", "Drafter", "LabelChange", "Unfit"]

DRAFTERS: Final[Mapping[TaskType, Drafter]] = {
    "qa_plan": draft_qa_plan,
    "triage": triage.draft,
    "agent_brief": agent_brief.draft,
    "sprint_plan": sprint_plan.draft,
}
"""A task without an entry has no rules and is refused."""
