"""Label changes against a second statement of the workflow, written down apart from the data file."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import pytest

from core.context.team import Taxonomy
from core.policy.classifier import classify
from core.policy.transitions import label_faults
from core.types import Phase
from tests.core.policy.conftest import KANBAN, TEAM

DFG = TEAM.taxonomy
WORDS = """
triage → ready, blocked · ready → in-progress, blocked, triage · in-progress → review, qa, blocked
· review → qa, in-progress, blocked · qa → verified, in-progress, blocked · verified → done, qa
· done → nothing · blocked → anything but done
"""
STATUSES = ("triage", "ready", "in-progress", "review", "qa", "verified", "done", "blocked")
GROUPS: Mapping[str, frozenset[str]] = {
    "status": frozenset(f"status:{status}" for status in STATUSES),
    "priority": frozenset({"prio:P0", "prio:P1", "prio:P2", "prio:P3"}),
    "sprint": frozenset({"sprint:n", "sprint:n+1", "sprint:backlog"}),
}
FREE = {"needs:pm", "needs:dev", "needs:qa"} | {
    f"component:dfg-{name}" for name in ("app", "api", "analyst", "scout", "relay")
}


def _allowed(words: str) -> dict[str, set[str]]:
    """The sentence as a table: status → those that may follow."""
    table = {}
    for clause in words.replace("\n", " ").split("·"):
        before, _, after = (part.strip() for part in clause.partition("→"))
        named = {"nothing": set(), "anything but done": set(STATUSES) - {"done", before}}
        table[before] = named[after] if after in named else {status.strip() for status in after.split(",")}
    return table


ALLOWED = _allowed(WORDS)
PAIRS = list(itertools.product(STATUSES, STATUSES))


def faults(
    current: set[str], add: tuple[str, ...] = (), remove: tuple[str, ...] = (), taxonomy: Taxonomy = DFG
) -> set[str]:
    return {hit.rule for hit in label_faults(frozenset(current), add, remove, taxonomy)}


def test_the_sentence_is_about_every_status() -> None:
    assert set(ALLOWED) == set(STATUSES)
    assert set().union(*ALLOWED.values()) == set(STATUSES)


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_every_pair_of_statuses(before: str, after: str) -> None:
    allowed = after in ALLOWED[before]
    assert DFG.may_move(f"status:{before}", f"status:{after}") is allowed
    if before != after:
        found = faults({f"status:{before}", "needs:qa"}, (f"status:{after}",), (f"status:{before}",))
        assert found == (set() if allowed else {"label.transition"})


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_no_status_is_added_beside_another_or_taken_without_one(before: str, after: str) -> None:
    if before != after:
        assert "label.exclusive" in faults({f"status:{before}"}, (f"status:{after}",))
    assert faults({f"status:{before}"}, (), (f"status:{before}",)) == {"label.transition"}


@pytest.mark.parametrize("status", STATUSES)
def test_first_status_may_be_any(status: str) -> None:
    assert faults({"needs:pm"}, (f"status:{status}",)) == set()


@pytest.mark.parametrize("one", STATUSES)
@pytest.mark.parametrize("two", STATUSES)
def test_of_two_statuses_both_must_lead_to_the_new_one(one: str, two: str) -> None:
    if one == two:
        return
    for after in set(STATUSES) - {one, two}:
        found = faults({f"status:{one}", f"status:{two}"}, (f"status:{after}",), (f"status:{one}", f"status:{two}"))
        assert (not found) is (after in ALLOWED[one] & ALLOWED[two])


@pytest.mark.parametrize("name", ["priority", "sprint"])
def test_one_label_of_a_group_takes_the_place_of_any_other(name: str) -> None:
    for before, after in itertools.permutations(GROUPS[name], 2):
        assert faults({before}, (after,), (before,)) == set()
        assert faults({before}, (after,)) == {"label.exclusive"}
        assert faults(set(), (before, after)) == {"label.exclusive"}
        assert faults({before}, (), (before,)) == set()


def test_the_taxonomy_is_the_one_that_was_written_down() -> None:
    assert dict(DFG.exclusive) == dict(GROUPS)
    assert DFG.free == FREE
    assert DFG.labels == FREE.union(*GROUPS.values())


@pytest.mark.parametrize(
    ("current", "add", "remove", "rule"),
    [
        (set(), ("status:qa", "status:ready"), (), "label.exclusive"),
        (set(), ("urgent",), (), "label.unknown"),
        ({"urgent"}, (), ("urgent",), "label.unknown"),
        (set(), (), ("needs:qa",), "label.absent"),
        ({"needs:qa"}, ("needs:qa",), (), "label.present"),
        ({"needs:qa"}, ("needs:pm",), ("needs:pm",), "label.both"),
        (set(), ("needs:pm", "needs:pm"), (), "label.repeated"),
        ({"needs:pm"}, (), ("needs:pm", "needs:pm"), "label.repeated"),
        (set(), (), (), "label.empty"),
        (set(), ("Status-qa",), (), "label.unknown"),
        (set(), ("needs:pm", "Needs:PM"), (), "label.repeated"),
        ({"Needs:QA"}, ("needs:qa",), (), "label.present"),
        ({"Needs:QA"}, ("needs:PM",), ("needs:pm",), "label.both"),
        ({"Status:QA"}, ("status:ready",), (), "label.exclusive"),
        ({"Status:QA"}, ("status:ready",), ("status:qa",), "label.transition"),
        (set(), ("status:qa ",), (), "label.unknown"),
        ({"status:qa", "status:ready"}, ("status:verified",), ("status:qa",), "label.exclusive"),
    ],
)
def test_invalid_change_is_refused(current: set[str], add: tuple[str, ...], remove: tuple[str, ...], rule: str) -> None:
    assert rule in faults(current, add, remove)


def test_a_group_that_is_in_disorder_stops_only_what_touches_it() -> None:
    assert faults({"prio:P0", "prio:P1"}, ("needs:qa",)) == set()
    assert faults({"prio:P0", "prio:P1"}, (), ("prio:P0",)) == set()
    assert faults({"prio:P0", "prio:P1", "prio:P2"}, (), ("prio:P0",)) == {"label.exclusive"}


def test_free_labels_do_not_exclude_each_other() -> None:
    assert faults({"needs:pm"}, ("needs:qa", "component:dfg-api")) == set()


def test_groups_that_a_change_touches() -> None:
    assert DFG.touched(("prio:P0", "status:qa", "needs:pm")) == ("priority", "status")
    assert DFG.touched(("component:dfg-app",)) == ()


def test_what_an_approval_binds_to_is_the_groups_that_the_change_touches() -> None:
    change = ("prio:P0", "needs:qa")
    state = DFG.state({"prio:P1", "status:qa"}, change)
    assert DFG.state({"prio:P1", "status:done", "needs:pm", "bug"}, change) == state
    assert DFG.state({"prio:P2", "status:qa"}, change) != state
    assert DFG.state({"status:qa"}, change) != state


def test_another_teams_workflow_is_its_own() -> None:
    statuses = ("📥 inbox", "to do", "doing", "waiting", "shipped", "dropped")
    allowed = {
        ("📥 inbox", "to do"), ("📥 inbox", "waiting"), ("to do", "doing"), ("to do", "waiting"), ("to do", "dropped"),
        ("doing", "shipped"), ("doing", "to do"), ("doing", "waiting"),
        ("waiting", "📥 inbox"), ("waiting", "to do"), ("waiting", "dropped"),
    }  # fmt: skip
    for before, after in itertools.permutations(statuses, 2):
        assert KANBAN.taxonomy.may_move(before, after) is ((before, after) in allowed)
        assert (not faults({before}, (after,), (before,), KANBAN.taxonomy)) is ((before, after) in allowed)
    assert faults({"now"}, ("soon",), (), KANBAN.taxonomy) == {"label.exclusive"}
    assert faults(set(), ("prio:P0",), (), KANBAN.taxonomy) == {"label.unknown"}


@pytest.mark.parametrize("phase", ["phase0", "phase1", "phase2", "phase3", "phase4"])
def test_labels_need_the_captain_before_phase3_and_those_of_plans_always(phase: Phase) -> None:
    alone = phase in ("phase3", "phase4")
    assert classify("change_labels", (), phase, "triage")[0] == ("auto_safe" if alone else "requires_approval")
    for task in ("qa_plan", "agent_brief", "sprint_plan"):
        assert classify("change_labels", (), phase, task)[0] == "requires_approval"


def test_unknown_action_is_rejected() -> None:
    assert classify("close_issue", (), "phase4", "triage")[0] == "rejected"  # type: ignore[arg-type]
