"""What a triage's answer means in labels, against the labels that were read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.context.team import Team
from core.types import Facts, Phase, Target
from tests.core.policy.conftest import KANBAN, TEAM, bodies, changes, judge, rules_of
from tests.corpus.load import CANARY, REPOSITORY

ANSWER: dict[str, Any] = {
    "priority": "P1",
    "priority_rationale": "Fees are wrong on every lot, and users bid by them.",
    "sprint": "current",
    "components": ["dfg-analyst"],
    "questions": [],
    "ready_for_dev": False,
    "reason": "The issue names a wrong figure.",
    "evidence": "It says that fees are zero on all lots.",
}
ASKS = {"questions": ["Which auction house is it about?"]}
READY = {"ready_for_dev": True}


def facts(*labels: str) -> Facts:
    return Facts(
        "triage",
        REPOSITORY,
        Target("issue", 7),
        target_state="0" * 64,
        canary=CANARY,
        extra={"title": "Fees are missing", "labels": list(labels)},
    )


@pytest.mark.parametrize(
    ("labels", "more", "added", "removed"),
    [
        ((), {}, {"prio:P1", "sprint:n", "component:dfg-analyst", "status:triage"}, set()),
        (("status:triage",), {}, {"prio:P1", "sprint:n", "component:dfg-analyst"}, set()),
        (("status:qa", "prio:P3", "sprint:backlog"), {}, {"prio:P1", "sprint:n", "component:dfg-analyst"},
         {"prio:P3", "sprint:backlog"}),
        (("status:triage", "prio:P1", "sprint:n", "component:dfg-analyst"), READY, {"status:ready"}, {"status:triage"}),
        (("status:ready", "prio:P1"), READY, {"sprint:n", "component:dfg-analyst"}, set()),
        ((), READY, {"prio:P1", "sprint:n", "component:dfg-analyst", "status:ready"}, set()),
        (("status:triage", "component:dfg-api"), ASKS, {"prio:P1", "sprint:n", "component:dfg-analyst", "needs:pm"},
         set()),
        (("status:triage", "needs:pm", "bug"), ASKS, {"prio:P1", "sprint:n", "component:dfg-analyst"}, set()),
        (("prio:P0", "prio:P2", "status:triage"), {}, {"prio:P1", "sprint:n", "component:dfg-analyst"},
         {"prio:P0", "prio:P2"}),
        (("prio:P0", "prio:P1", "status:triage"), {}, {"sprint:n", "component:dfg-analyst"}, {"prio:P0"}),
    ],
)  # fmt: skip
def test_labels_that_are_wanted(labels: tuple[str, ...], more: Any, added: set[str], removed: set[str]) -> None:
    verdict = judge(ANSWER | more, facts(*labels))
    assert changes(verdict) == [(7, added, removed)]
    assert verdict.actions[0].payload["before"] == sorted(labels)


def test_labels_that_fit_are_left_alone() -> None:
    fitting = ("prio:P1", "sprint:n", "component:dfg-analyst", "status:triage")
    verdict = judge(ANSWER, facts(*fitting))
    assert (verdict.classification, verdict.actions) == ("auto_safe", ())


@pytest.mark.parametrize(
    "status", ["status:done", "status:in-progress", "status:verified", "status:review", "status:qa"]
)
def test_a_step_that_the_workflow_does_not_know_is_refused(status: str) -> None:
    verdict = judge(ANSWER | READY, facts(status))
    assert (verdict.classification, verdict.actions) == ("rejected", ())
    assert rules_of(verdict) == [("label.transition", "refuse", "labels of 7")]


def test_two_statuses_are_not_made_one_unless_both_may_go_there() -> None:
    assert judge(ANSWER | READY, facts("status:triage", "status:done")).classification == "rejected"
    assert changes(judge(ANSWER | READY, facts("status:triage", "status:blocked")))[0][2] == {
        "status:triage",
        "status:blocked",
    }


def test_questions_become_a_comment_after_the_labels() -> None:
    asked = {"questions": ["Which auction house?", "Since when, @octocat?"]}
    verdict = judge(
        ANSWER | asked, replace(facts("status:triage"), cuts=("Description: the first 9 of 10 characters.",))
    )
    assert [action.type for action in verdict.actions] == ["change_labels", "add_comment"]
    (body,) = bodies(verdict)
    assert body.startswith("## 🤖 Questions before this can start\n")
    assert "1. &#87;hich auction house?\n2. &#83;ince when, <code>&#64;octocat</code>?\n" in body
    assert "escription: the first 9 of 10 characters." in body
    assert all(action.target == Target("issue", 7) for action in verdict.actions)


def test_without_questions_there_is_no_comment() -> None:
    assert bodies(judge(ANSWER, facts())) == []


def test_the_captain_is_told_the_rationale() -> None:
    long = judge(ANSWER | {"priority_rationale": "Fees are wrong. " * 31}, facts()).actions[0]
    assert long.reason.startswith("P1: Fees are wrong.")
    assert len(long.reason) == 500


def test_a_component_that_the_team_does_not_have_is_refused() -> None:
    verdict = judge(ANSWER | {"components": ["dfg-app", "DFG-API", "status:done"]}, facts())
    assert verdict.classification == "rejected"
    assert rules_of(verdict) == [
        ("triage.component", "refuse", "components[1]"),
        ("triage.component", "refuse", "components[2]"),
    ]


def test_a_component_named_twice_is_added_once() -> None:
    verdict = judge(ANSWER | {"components": ["dfg-app", "dfg-app"]}, facts("status:triage"))
    assert sorted(verdict.actions[0].payload["add"]) == ["component:dfg-app", "prio:P1", "sprint:n"]


def test_ready_and_asking_at_once_needs_the_captain() -> None:
    verdict = judge(ANSWER | ASKS | READY, facts("status:triage"), "phase4")
    assert verdict.classification == "requires_approval"
    assert rules_of(verdict) == [("triage.ready", "ask", "ready_for_dev")]


@pytest.mark.parametrize(
    ("phase", "expected"),
    [
        ("phase1", "requires_approval"),
        ("phase2", "requires_approval"),
        ("phase3", "auto_safe"),
        ("phase4", "auto_safe"),
    ],
)
def test_labels_wait_for_the_captain_before_phase3(phase: Phase, expected: str) -> None:
    verdict = judge(ANSWER | ASKS, facts("status:triage"), phase)
    assert [action.classification for action in verdict.actions] == [expected, "auto_safe"]


def test_a_dangerous_word_in_a_field_that_is_not_shown_refuses_all() -> None:
    verdict = judge(ANSWER | {"priority_rationale": "Because of this:\n/merge"}, facts("status:triage"))
    assert rules_of(verdict) == [("command.order", "refuse", "priority_rationale")]


def test_a_link_outside_in_a_question_asks_for_labels_too() -> None:
    verdict = judge(ANSWER | {"questions": ["Is it as on https://evil.io/x?"]}, facts(), "phase4")
    assert {action.classification for action in verdict.actions} == {"requires_approval"}


# --- another team ----------------------------------------------------------------------------

SHOP = ANSWER | {"components": ["checkout"]}


@pytest.mark.parametrize(
    ("labels", "more", "added", "removed"),
    [
        ((), {}, {"soon", "this week", "area/checkout", "📥 inbox"}, set()),
        ((), ASKS, {"soon", "this week", "area/checkout", "waiting"}, set()),
        (("📥 inbox", "now", "area/catalogue"), ASKS, {"soon", "this week", "area/checkout", "waiting"},
         {"📥 inbox", "now", "area/catalogue"}),
        (("📥 inbox",), READY, {"soon", "this week", "area/checkout", "to do"}, {"📥 inbox"}),
        (("doing", "soon", "this week", "area/checkout", "prio:P0"), READY, {"to do"}, {"doing"}),
    ],
)  # fmt: skip
def test_another_teams_labels(labels: tuple[str, ...], more: Any, added: set[str], removed: set[str]) -> None:
    assert changes(judge(SHOP | more, facts(*labels), team=KANBAN)) == [(7, added, removed)]


def test_another_teams_workflow_is_kept() -> None:
    assert judge(SHOP | READY, facts("shipped"), team=KANBAN).classification == "rejected"
    assert judge(SHOP | {"components": ["dfg-app"]}, facts(), team=KANBAN).classification == "rejected"
    two_areas = judge(SHOP | {"components": ["checkout", "catalogue"]}, facts(), team=KANBAN)
    assert rules_of(two_areas)[0][0] == "label.exclusive"


def test_a_team_without_a_label_for_questions_still_asks() -> None:
    quiet = Team(TEAM.taxonomy, replace(TEAM.rules, questions=None), TEAM.packs, TEAM.digest)
    verdict = judge(ANSWER | ASKS, facts("status:triage"), team=quiet)
    assert changes(verdict) == [(7, {"prio:P1", "sprint:n", "component:dfg-analyst"}, set())]
    assert len(bodies(verdict)) == 1
