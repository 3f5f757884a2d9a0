"""From findings to one of three classes."""

from collections.abc import Mapping, Sequence
from typing import Final

from core.types import PHASES, ActionType, Classification, Finding, Phase, Severity, TaskType

_ORDER: Final[tuple[Classification, ...]] = ("auto_safe", "requires_approval", "rejected")
_BY_SEVERITY: Final[Mapping[Severity, Classification]] = {"refuse": "rejected", "ask": "requires_approval"}
_LABELS_WITHOUT_CAPTAIN_FROM: Final = PHASES.index("phase3")


def is_worse(now: Classification, then: Classification) -> bool:
    """Whether `now` trusts less than `then`."""
    return rank(now) > rank(then)


def rank(classification: Classification) -> int:
    """The less a class trusts, the higher."""
    return _ORDER.index(classification)


def classify(
    action: ActionType, findings: Sequence[Finding], phase: Phase, task_type: TaskType
) -> tuple[Classification, str]:
    """The class of an action and the reason for it. What is not known is refused."""
    if phase not in PHASES:
        return "rejected", "the phase is unknown"
    for severity, classification in _BY_SEVERITY.items():
        if found := [finding for finding in findings if finding.severity == severity]:
            more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
            return classification, f"{found[0].rule} in {found[0].field}: {found[0].why}{more}"
    if action == "add_comment":
        return "auto_safe", "every check passed"
    if action == "change_labels":
        if task_type != "triage":
            return "requires_approval", f"label changes of {task_type} need the Captain"
        if PHASES.index(phase) >= _LABELS_WITHOUT_CAPTAIN_FROM:
            return "auto_safe", "every check passed and the transition is valid"
        return "requires_approval", "label changes need the Captain before phase3"
    return "rejected", "no rule allows this kind of action"
