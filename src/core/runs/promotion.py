"""What each phase does, told from the tables that decide it: `phases` what may run, the classifier who is asked."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, Literal, get_args

from core import phases
from core.config import Settings
from core.errors import PhaseForbids
from core.policy.classifier import classify
from core.tasks.names import NAMED
from core.types import PHASES, TASK_TYPES, ActionType, Phase, TaskType, Trigger

Outcome = Literal["not_allowed", "by_itself", "asks"]
TRIGGERS: Final[tuple[Trigger, ...]] = get_args(Trigger)

PROPOSES: Final[Mapping[TaskType, tuple[ActionType, ...]]] = {task: one.proposes for task, one in NAMED.items()}
"""The action types that a draft of each task can come to."""


def outcome(settings: Settings, task_type: TaskType, trigger: Trigger, action_type: ActionType) -> Outcome:
    """What becomes of an action that every check lets through, of a task by this trigger, in the deployed phase."""
    try:
        phases.require_task(settings, task_type, trigger)
        phases.require_action(settings, action_type)
    except PhaseForbids:
        return "not_allowed"
    classification, _ = classify(action_type, (), settings.phase, task_type)
    return "by_itself" if classification == "auto_safe" else "asks"


def describe(settings: Settings) -> list[dict[str, Any]]:
    """Each phase with what it adds to the one before it, once its prerequisites are confirmed."""
    return [
        {
            "phase": phase,
            "deployed": phase == settings.phase,
            "needsPrerequisites": phase in phases.NEEDS_PREREQUISITES,
            "adds": {
                "tasks": [
                    {"taskType": task, "trigger": trigger}
                    for task in TASK_TYPES
                    for trigger in TRIGGERS
                    if (task, trigger) in phases.ADDED_TASKS.get(phase, ())
                ],
                "actions": [action for action in get_args(ActionType) if action in phases.ADDED_ACTIONS.get(phase, ())],
                "byItself": _new(settings, phase, "by_itself"),
                "asks": _new(settings, phase, "asks"),
            },
        }
        for phase in PHASES
    ]


def _new(settings: Settings, phase: Phase, becomes: Outcome) -> list[dict[str, str]]:
    """What comes to that outcome in this phase, by whichever trigger, and did not in the one before."""
    before = _coming_to(settings, PHASES[PHASES.index(phase) - 1], becomes) if phase != PHASES[0] else []
    return [
        {"taskType": task, "actionType": action}
        for task, action in _coming_to(settings, phase, becomes)
        if (task, action) not in before
    ]


def _coming_to(settings: Settings, phase: Phase, becomes: Outcome) -> list[tuple[TaskType, ActionType]]:
    there = replace(settings, phase=phase, prerequisites_confirmed=True)
    return [
        (task, action)
        for task in TASK_TYPES
        for action in PROPOSES[task]
        if any(outcome(there, task, trigger, action) == becomes for trigger in TRIGGERS)
    ]
