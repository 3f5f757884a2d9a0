"""What each phase allows, as a table. What is not listed cannot run, whoever asks."""

from collections.abc import Callable, Mapping
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
    _require(settings, ADDED_TASKS, lambda task: task == (task_type, trigger), f"{task_type} by {trigger}")


def require_known(settings: Settings, task_type: TaskType) -> None:
    """Raises PhaseForbids where the deployed phase lists the task by no trigger."""
    _require(settings, ADDED_TASKS, lambda task: task[0] == task_type, task_type)


def require_action(settings: Settings, action_type: ActionType) -> None:
    """Raises PhaseForbids where the deployed phase does not list the action."""
    _require(settings, ADDED_ACTIONS, lambda action: action == action_type, action_type)


def allows_task(settings: Settings, task_type: TaskType) -> bool:
    """Whether the deployed phase lists the task by any trigger: what was accepted before may go on."""
    return _allows(require_known, settings, task_type)


def allows_action(settings: Settings, action_type: ActionType) -> bool:
    """Whether the deployed phase lists the action."""
    return _allows(require_action, settings, action_type)


def _allows(require: Callable[[Settings, T], None], settings: Settings, one: T) -> bool:
    try:
        require(settings, one)
    except PhaseForbids:
        return False
    return True


def _require(settings: Settings, added: Mapping[Phase, frozenset[T]], fits: Callable[[T], bool], name: str) -> None:
    phase = settings.phase
    if phase in NEEDS_PREREQUISITES and not settings.prerequisites_confirmed:
        raise PhaseForbids(f"{phase} needs PRE_006_CI_GATING=confirmed and CRIT_001_DEBUG_ENDPOINTS=confirmed")
    first = next((one for one in PHASES if any(map(fits, added.get(one, ())))), None)
    if first is None or PHASES.index(first) > PHASES.index(phase):
        since = f"from {first} on" if first else "no phase does"
        raise PhaseForbids(f"{phase} does not allow {name}: {since}, see docs/phases.md")
