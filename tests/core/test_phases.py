"""What each phase allows, held against a statement of it that was written by hand."""

from __future__ import annotations

from itertools import pairwise, product
from typing import Final, get_args

import pytest

from core import phases
from core.config import Settings, read_settings
from core.errors import PhaseForbids
from core.runs.promotion import PROPOSES, Outcome, describe, outcome
from core.types import PHASES, TASK_TYPES, ActionType, Phase, TaskType, Trigger
from tools.phases_table import PAGE, page

HERE: Final[dict[str, str]] = {
    "GITHUB_REPOSITORY": "owner/name",
    **{f"{name}_TABLE": "x" for name in ("AUDIT", "ACTIONS", "DEDUPE", "BREAKER", "CONTENT")},
}
PREREQUISITES: Final = ("PRE_006_CI_GATING", "CRIT_001_DEBUG_ENDPOINTS")
TRIGGERS: Final = get_args(Trigger)
ACTIONS: Final = get_args(ActionType)

BY_HAND: Final[dict[Phase, dict[str, str]]] = {
    "phase0": {
        "qa_plan api add_comment": "by_itself",
    },
    "phase1": {
        "qa_plan api add_comment": "by_itself",
        "qa_plan webhook add_comment": "by_itself",
        "triage api add_comment": "by_itself",
        "triage api change_labels": "asks",
    },
    "phase2": {
        "qa_plan api add_comment": "by_itself",
        "qa_plan webhook add_comment": "by_itself",
        "triage api add_comment": "by_itself",
        "triage api change_labels": "asks",
        "triage schedule add_comment": "by_itself",
        "triage schedule change_labels": "asks",
    },
    "phase3": {
        "qa_plan api add_comment": "by_itself",
        "qa_plan webhook add_comment": "by_itself",
        "triage api add_comment": "by_itself",
        "triage api change_labels": "by_itself",
        "triage schedule add_comment": "by_itself",
        "triage schedule change_labels": "by_itself",
    },
    "phase4": {
        "qa_plan api add_comment": "by_itself",
        "qa_plan webhook add_comment": "by_itself",
        "triage api add_comment": "by_itself",
        "triage api change_labels": "by_itself",
        "triage schedule add_comment": "by_itself",
        "triage schedule change_labels": "by_itself",
        "agent_brief api add_comment": "by_itself",
        "agent_brief schedule add_comment": "by_itself",
        "sprint_plan api add_comment": "by_itself",
        "sprint_plan api change_labels": "asks",
        "sprint_plan schedule add_comment": "by_itself",
        "sprint_plan schedule change_labels": "asks",
    },
}
"""What is not here is not allowed."""

NEVER: Final = {("qa_plan", "change_labels"), ("agent_brief", "change_labels")}
"""What a task never proposes."""

EVERY: Final[list[tuple[Phase, TaskType, Trigger, ActionType]]] = list(product(PHASES, TASK_TYPES, TRIGGERS, ACTIONS))


def deployed(phase: Phase, *confirmed: str) -> Settings:
    return read_settings({**HERE, "PHASE": phase, **dict.fromkeys(confirmed, "confirmed")})


def by_hand(phase: Phase, task: TaskType, trigger: Trigger, action: ActionType) -> str:
    return BY_HAND[phase].get(f"{task} {trigger} {action}", "not_allowed")


def test_the_statement_covers_every_combination() -> None:
    assert len(EVERY) == 5 * 4 * 3 * 2
    named = {f"{task} {trigger} {action}" for _, task, trigger, action in EVERY if (task, action) not in NEVER}
    assert {row for rows in BY_HAND.values() for row in rows} <= named


@pytest.mark.parametrize(("phase", "task", "trigger", "action"), EVERY)
def test_every_combination_comes_to_what_is_stated(
    phase: Phase, task: TaskType, trigger: Trigger, action: ActionType
) -> None:
    told: Outcome = outcome(deployed(phase, *PREREQUISITES), task, trigger, action)
    if (task, action) in NEVER:
        assert told != "by_itself"
    else:
        assert told == by_hand(phase, task, trigger, action)


@pytest.mark.parametrize("confirmed", [(), PREREQUISITES[:1], PREREQUISITES[1:]])
@pytest.mark.parametrize(("phase", "task", "trigger", "action"), EVERY)
def test_without_both_prerequisites_later_phases_allow_nothing_and_early_ones_the_same(
    phase: Phase, task: TaskType, trigger: Trigger, action: ActionType, confirmed: tuple[str, ...]
) -> None:
    told = outcome(deployed(phase, *confirmed), task, trigger, action)
    if phase in ("phase2", "phase3", "phase4"):
        assert told == "not_allowed"
    elif (task, action) not in NEVER:
        assert told == by_hand(phase, task, trigger, action)


@pytest.mark.parametrize("phase", PHASES)
def test_a_task_or_action_is_known_where_any_trigger_has_it(phase: Phase) -> None:
    settings = deployed(phase, *PREREQUISITES)
    tasks = {row.split()[0] for row in BY_HAND[phase]}
    actions = {row.split()[2] for row in BY_HAND[phase]}
    assert {task for task in TASK_TYPES if phases.allows_task(settings, task)} == tasks
    assert {action for action in ACTIONS if phases.allows_action(settings, action)} == actions


def test_each_phase_allows_what_the_one_before_it_did() -> None:
    for earlier, later in pairwise(PHASES):
        for row, told in BY_HAND[earlier].items():
            assert BY_HAND[later][row] in (told, "by_itself")


def test_a_refusal_names_the_phase_the_task_and_the_trigger() -> None:
    with pytest.raises(PhaseForbids, match="phase1 does not allow triage by schedule: from phase2 on, see docs/phases"):
        phases.require_task(deployed("phase1"), "triage", "schedule")
    with pytest.raises(PhaseForbids, match="phase0 does not allow change_labels: from phase1 on, see docs/phases"):
        phases.require_action(deployed("phase0"), "change_labels")
    with pytest.raises(PhaseForbids, match="phase3 does not allow agent_brief: from phase4 on, see docs/phases"):
        phases.require_known(deployed("phase3", *PREREQUISITES), "agent_brief")
    with pytest.raises(PhaseForbids, match="phase2 needs PRE_006_CI_GATING=confirmed and CRIT_001"):
        phases.require_task(deployed("phase2"), "qa_plan", "api")


def test_what_a_task_proposes_is_what_the_statement_has() -> None:
    proposed = {(task, action) for task, actions in PROPOSES.items() for action in actions}
    assert proposed == set(product(TASK_TYPES, ACTIONS)) - NEVER


def test_what_a_phase_adds_is_told_whatever_is_deployed() -> None:
    told = describe(deployed("phase0"))
    assert [one["phase"] for one in told] == list(PHASES)
    assert [{**one, "deployed": False} for one in told] == [
        {**one, "deployed": False} for one in describe(deployed("phase4", *PREREQUISITES))
    ]
    for before, one in zip([{}, *BY_HAND.values()], told, strict=False):
        new = {row: says for row, says in BY_HAND[one["phase"]].items() if before.get(row) != says}
        tasks = {tuple(row.split()[:2]) for row in new} - {tuple(row.split()[:2]) for row in before}
        assert {(task["taskType"], task["trigger"]) for task in one["adds"]["tasks"]} == tasks
        for name, says in (("byItself", "by_itself"), ("asks", "asks")):
            had = {tuple(row.split()[::2]) for row in before if before[row] == says}
            wanted = {tuple(row.split()[::2]) for row in new if new[row] == says} - had
            assert {(pair["taskType"], pair["actionType"]) for pair in one["adds"][name]} == wanted


def test_the_page_is_the_one_that_the_tables_generate() -> None:
    written = PAGE.read_text("utf-8")
    assert page(written) == written
