"""Label changes against a table written down independently of the data file."""

from __future__ import annotations

import itertools

import pytest

from core.policy.classifier import classify
from core.policy.transitions import LABELS, TRANSITIONS, label_faults, may_move, touched_groups
from core.types import Phase

ALLOWED = {
    "triage": "ready blocked",
    "ready": "in-progress blocked triage",
    "in-progress": "review qa blocked",
    "review": "qa in-progress blocked",
    "qa": "verified in-progress blocked",
    "verified": "done qa",
    "done": "",
    "blocked": "triage ready in-progress review qa verified",
}
PAIRS = list(itertools.product(ALLOWED, ALLOWED))


def faults(current: set[str], add: tuple[str, ...] = (), remove: tuple[str, ...] = ()) -> set[str]:
    return {hit.rule for hit in label_faults(frozenset(current), add, remove)}


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_every_pair_of_statuses(before: str, after: str) -> None:
    allowed = after in ALLOWED[before].split()
    assert may_move(f"status:{before}", f"status:{after}") is allowed
    if before != after:
        found = faults({f"status:{before}", "needs:qa"}, (f"status:{after}",), (f"status:{before}",))
        assert found == (set() if allowed else {"label.transition"})


@pytest.mark.parametrize("status", ALLOWED)
def test_first_status_may_be_any(status: str) -> None:
    assert faults({"needs:pm"}, (f"status:{status}",)) == set()


def test_all_statuses_are_known() -> None:
    assert set(TRANSITIONS) == {f"status:{status}" for status in ALLOWED}


@pytest.mark.parametrize(
    ("current", "add", "remove", "rule"),
    [
        ({"status:qa"}, ("status:verified",), (), "label.exclusive"),
        (set(), ("status:qa", "status:ready"), (), "label.exclusive"),
        ({"prio:P1"}, ("prio:P0",), (), "label.exclusive"),
        ({"sprint:n"}, ("sprint:backlog",), (), "label.exclusive"),
        ({"status:qa"}, (), ("status:qa",), "label.transition"),
        (set(), ("urgent",), (), "label.unknown"),
        ({"urgent"}, (), ("urgent",), "label.unknown"),
        (set(), (), ("needs:qa",), "label.absent"),
        ({"needs:qa"}, ("needs:qa",), (), "label.present"),
        ({"needs:qa"}, ("needs:pm",), ("needs:pm",), "label.both"),
        (set(), ("needs:pm", "needs:pm"), (), "label.repeated"),
        (set(), (), (), "label.empty"),
        (set(), ("Status:qa",), (), "label.unknown"),
        (set(), ("status:qa ",), (), "label.unknown"),
        ({"status:qa", "status:ready"}, ("status:verified",), ("status:qa",), "label.exclusive"),
    ],
)
def test_invalid_change_is_refused(current: set[str], add: tuple[str, ...], remove: tuple[str, ...], rule: str) -> None:
    assert rule in faults(current, add, remove)


def test_priority_may_be_exchanged() -> None:
    assert faults({"prio:P2"}, ("prio:P0",), ("prio:P2",)) == set()


def test_free_labels_do_not_exclude_each_other() -> None:
    assert faults({"needs:pm"}, ("needs:qa", "component:dfg-api")) == set()


def test_groups_that_a_change_touches() -> None:
    assert touched_groups(("prio:P0", "status:qa", "needs:pm")) == ("priority", "status")
    assert touched_groups(("component:dfg-app",)) == ()


def test_taxonomy_holds_the_teams_labels() -> None:
    assert len(LABELS) == 8 + 4 + 3 + 3 + 5


@pytest.mark.parametrize(
    ("phase", "expected"),
    [
        ("phase0", "requires_approval"),
        ("phase1", "requires_approval"),
        ("phase2", "requires_approval"),
        ("phase3", "auto_safe"),
        ("phase4", "auto_safe"),
    ],
)
def test_labels_need_the_captain_before_phase3(phase: Phase, expected: str) -> None:
    assert classify("change_labels", (), phase)[0] == expected


def test_unknown_action_is_rejected() -> None:
    assert classify("close_issue", (), "phase4")[0] == "rejected"  # type: ignore[arg-type]
