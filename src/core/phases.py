"""What each phase allows, as a table. What is not listed cannot run, whoever asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeVar

from core.config import Settings
from core.errors import PhaseForbids
from core.types import PHASES, ActionType, Phase, TaskType, Trigger

Task = tuple[TaskType, Trigger]
T = TypeVar("T")

ADDED_TASKS: Final[Mapping[Phase, frozenset[Task]]] = {
    "phase0": frozenset({("qa_plan", "api")}),
    "phase1": frozenset({("triage", "api"), ("qa_plan", "webhook")}),
    "phase2": frozenset({("triage", "schedule")}),
    "phase4": frozenset(
        {("agent_brief", "api"), ("agent_brief", "schedule"), ("sprint_plan", "api"), ("sprint_plan", "schedule")}
    ),
}
"""Tasks that a phase adds to those of the phases before it."""

ADDED_ACTIONS: Final[Mapping[Phase, frozenset[ActionType]]] = {
    "phase0": frozenset({"add_comment"}),
    "phase1": frozenset({"change_labels"}),
}
"""Action types that a phase adds to those of the phases before it. Which of them need the Captain, policy says."""

NEEDS_PREREQUISITES: Final[frozenset[Phase]] = frozenset({"phase2", "phase3", "phase4"})
"""Phases refused until PRE-006 (CI gating) and CRIT-001 (secured debug endpoints) are confirmed."""


def require_task(settings: Settings, task_type: TaskType, trigger: Trigger) -> None:
    """Raises PhaseForbids where the deployed phase does not list the task."""
    _require_prerequisites(settings)
    if (task_type, trigger) not in _upto(settings.phase, ADDED_TASKS):
        raise PhaseForbids(f"{settings.phase} does not allow {task_type} by {trigger}")


def allows_task(settings: Settings, task_type: TaskType) -> bool:
    """Whether the deployed phase lists the task by any trigger: what was accepted before may go on."""
    try:
        _require_prerequisites(settings)
    except PhaseForbids:
        return False
    return any(task == task_type for task, _ in _upto(settings.phase, ADDED_TASKS))


def require_known(settings: Settings, task_type: TaskType) -> None:
    """Raises PhaseForbids where the deployed phase lists the task by no trigger."""
    if not allows_task(settings, task_type):
        raise PhaseForbids(f"{settings.phase} does not allow {task_type}")


def allows_action(settings: Settings, action_type: ActionType) -> bool:
    """Whether the deployed phase lists the action."""
    try:
        require_action(settings, action_type)
    except PhaseForbids:
        return False
    return True


def require_action(settings: Settings, action_type: ActionType) -> None:
    """Raises PhaseForbids where the deployed phase does not list the action."""
    _require_prerequisites(settings)
    if action_type not in _upto(settings.phase, ADDED_ACTIONS):
        raise PhaseForbids(f"{settings.phase} does not allow {action_type}")


def _require_prerequisites(settings: Settings) -> None:
    if settings.phase in NEEDS_PREREQUISITES and not settings.prerequisites_confirmed:
        raise PhaseForbids(f"{settings.phase} needs PRE_006_CI_GATING=confirmed and CRIT_001_DEBUG_ENDPOINTS=confirmed")


def _upto(phase: Phase, added: Mapping[Phase, frozenset[T]]) -> frozenset[T]:
    reached = PHASES[: PHASES.index(phase) + 1]
    return frozenset().union(*(added.get(p, frozenset()) for p in reached))
