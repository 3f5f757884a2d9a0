"""Counting what became of proposals, from events alone."""

from __future__ import annotations

import random
import uuid
from typing import Any, Final

import pytest

from core.audit.evidence import ACCEPTED, PROPOSALS, count
from core.audit.log import Event
from core.runs import record

NOTHING: Final = {
    "postedByItself": 0,
    "approvedUnchanged": 0,
    "approvedStale": 0,
    "rejected": 0,
    "expired": 0,
    "refusedByPolicy": 0,
    "shadowed": 0,
    "waiting": 0,
    "failed": 0,
    "unfinished": 0,
}

UNTOUCHED = {"workedThrough": 0, "tickedShare": None, "liked": 0, "disliked": 0, "costPerWorkedThrough": None}
"""Of plans that nobody has ticked."""


class History:
    """The listed events of a history that a test tells."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._number = 0

    def _new(self) -> str:
        self._number += 1
        return str(uuid.UUID(int=self._number))

    def add(self, chain: str, seq: int, kind: str, /, **data: Any) -> None:
        at = f"2026-11-22T10:00:{len(self.events):06}Z"  # later than all before it
        self.events.append(Event(chain, seq, kind, at, data, "", ""))

    def run(self, status: str | None, *states: str, task: str = "qa_plan", charged: int = 0) -> list[str]:
        """A run with that end, None for none yet. The ids of its actions."""
        run = self._new()
        self.add(run, 0, "run.started", kind="dispatch", taskType=task)
        ids = [record.action_id(run, index) for index, _ in enumerate(states)]
        if status is not None:
            left = {"actions": dict(zip(ids, states, strict=True))} if states else {}
            self.add(run, 9, "run.finished", kind="dispatch", status=status, taskType=task, charged=charged, **left)
        self._run = run
        return ids

    def decide(self, kind: str, action: str, /, **data: Any) -> None:
        """A decision of one event about an action of the latest run."""
        self.add(self._new(), 0, kind, actionId=action, runId=self._run, **data)

    def approve(self, action: str, outcome: str = "executed", *, stale: bool = False) -> str:
        """An approval with its outcome; empty for one that died. The attempt's id."""
        chain, attempt = self._new(), self._new()
        about = {
            "kind": "approve",
            "actionId": action,
            "runId": self._run,
            "attempt": attempt,
            **({"stale": "moved"} if stale else {}),
        }
        self.add(chain, 0, "approval.granted", **about)
        if outcome:
            self.add(chain, 2, f"action.{outcome}", **about)
        return attempt

    def own_attempt(self, action: str) -> str:
        return record.attempt_id(self._run, action)

    def line(self) -> dict[str, Any]:
        [line] = count(self.events)
        return {name: figure for name, figure in line.items() if figure and name not in ("taskType", "cost")}


@pytest.fixture
def history() -> History:
    return History()


def test_a_history_without_runs_has_no_lines(history: History) -> None:
    history.add("x", 0, "breaker.reset", kind="reset")
    history.add("y", 0, "request.refused", kind="refusal", code="phase")
    assert count(history.events) == []


def test_every_end_of_a_run_has_its_heading(history: History) -> None:
    history.run("success", "executed", charged=10)
    history.run("success", "pending", charged=20)
    history.run("success", "failed")
    history.run("success", "outcome_unknown")
    history.run("success", "shadowed")
    history.run("rejected", charged=40)
    history.run("failed", charged=80)
    history.run("duplicate")
    history.run("skipped", charged=1)
    history.run("in_progress")
    history.run(None)
    assert count(history.events) == [
        {
            "taskType": "qa_plan",
            "proposals": 6,
            **NOTHING,
            "postedByItself": 1,
            "waiting": 3,
            "shadowed": 1,
            "refusedByPolicy": 1,
            "failed": 1,
            "unfinished": 1,
            "cost": "0.000151",
            "costPerAccepted": "0.000151",
            **UNTOUCHED,
        }
    ]


def test_each_action_of_a_run_is_a_proposal_of_its_own(history: History) -> None:
    ids = history.run("success", "executed", "pending", "pending", "pending", task="sprint_plan", charged=100)
    history.approve(ids[1])
    history.decide("action.rejected", ids[2])
    assert history.line() == {
        "proposals": 4,
        "postedByItself": 1,
        "approvedUnchanged": 1,
        "rejected": 1,
        "waiting": 1,
        "costPerAccepted": "0.000050",
    }


def test_a_run_that_proposes_nothing_is_no_proposal(history: History) -> None:
    history.run("success", task="triage", charged=5)
    [line] = count(history.events)
    assert line == {
        "taskType": "triage",
        "proposals": 0,
        **NOTHING,
        "cost": "0.000005",
        "costPerAccepted": None,
        **UNTOUCHED,
    }


def test_the_last_approval_counts_and_a_failed_one_leaves_it_waiting(history: History) -> None:
    [action] = history.run("success", "pending")
    history.approve(action, "failed", stale=True)
    assert history.line() == {"proposals": 1, "waiting": 1}
    history.approve(action, "outcome_unknown", stale=True)
    assert history.line() == {"proposals": 1, "waiting": 1}
    history.approve(action)
    assert history.line() == {"proposals": 1, "approvedUnchanged": 1, "costPerAccepted": "0.000000"}


def test_a_stale_approval_counts_apart(history: History) -> None:
    [action] = history.run("success", "pending")
    history.approve(action, stale=True)
    assert history.line() == {"proposals": 1, "approvedStale": 1, "costPerAccepted": "0.000000"}


def test_what_a_look_finds_is_the_runs_own_doing(history: History) -> None:
    [action] = history.run("success", "outcome_unknown")
    history.decide("action.executed", action, kind="look", attempt=history.own_attempt(action))
    assert history.line() == {"proposals": 1, "postedByItself": 1, "costPerAccepted": "0.000000"}


@pytest.mark.parametrize(("stale", "heading"), [(False, "approvedUnchanged"), (True, "approvedStale")])
def test_what_a_look_finds_of_an_approval_that_died_is_approved(history: History, stale: bool, heading: str) -> None:
    [action] = history.run("success", "pending")
    attempt = history.approve(action, "", stale=stale)
    assert history.line() == {"proposals": 1, "waiting": 1}
    history.decide("action.outcome_unknown", action, kind="look", attempt=attempt)
    history.decide("action.executed", action, kind="look", attempt=attempt)
    assert history.line() == {"proposals": 1, heading: 1, "costPerAccepted": "0.000000"}


def test_a_run_and_a_look_that_tell_the_same_count_once(history: History) -> None:
    [action] = history.run("success", "executed")
    history.decide("action.executed", action, kind="look", attempt=history.own_attempt(action))
    assert history.line() == {"proposals": 1, "postedByItself": 1, "costPerAccepted": "0.000000"}


@pytest.mark.parametrize("end", ["rejected", "expired", "shadowed"])
def test_other_decisions_count_under_their_own_name(history: History, end: str) -> None:
    [action] = history.run("success", "pending")
    history.decide(f"action.{end}", action, kind="x")
    assert history.line() == {"proposals": 1, end: 1}


def test_decisions_on_runs_before_the_period_are_not_counted(history: History) -> None:
    [action] = history.run("success", "pending")
    history.approve(action)
    history.events = [event for event in history.events if event.type not in ("run.started", "run.finished")]
    assert count(history.events) == []


def test_a_batch_is_no_run_and_costs_nothing_of_its_own(history: History) -> None:
    history.add("b", 0, "run.started", kind="batch", taskType="triage")
    history.run("success", "pending", task="triage", charged=7)
    history.add("b", 1, "run.finished", kind="batch", taskType="triage", status="success")
    [line] = count(history.events)
    assert (line["proposals"], line["unfinished"], line["cost"]) == (1, 0, "0.000007")


def test_task_types_have_lines_of_their_own_in_a_fixed_order(history: History) -> None:
    for task in ("sprint_plan", "triage", "qa_plan", "triage"):
        history.run("success", "executed", task=task, charged=3)
    assert [(line["taskType"], line["proposals"], line["cost"]) for line in count(history.events)] == [
        ("qa_plan", 1, "0.000003"),
        ("triage", 2, "0.000006"),
        ("sprint_plan", 1, "0.000003"),
    ]


def test_the_cost_of_an_accepted_proposal_is_rounded_up(history: History) -> None:
    for _ in range(3):
        history.run("success", "executed", charged=0)
    history.run("rejected", charged=10)
    assert count(history.events)[0]["costPerAccepted"] == "0.000004"


def test_whatever_happens_the_headings_add_up_and_the_order_of_reading_is_no_matter(history: History) -> None:
    chance = random.Random(7)  # noqa: S311 - a history, no secret
    for _ in range(300):
        kind = chance.choice(["success", "success", "success", "rejected", "failed", "skipped", None])
        states = ["executed", "pending", "failed", "outcome_unknown", "shadowed"]
        left = [chance.choice(states) for _ in range(chance.randint(0, 3))] if kind == "success" else []
        for action, state in zip(history.run(kind, *left, charged=chance.randint(0, 9)), left, strict=True):
            if state in ("executed", "shadowed"):
                continue
            for _ in range(chance.randint(0, 2)):
                history.approve(action, chance.choice(["failed", "outcome_unknown"]), stale=chance.random() < 0.5)
            match chance.randint(0, 4):
                case 0:
                    history.approve(action, stale=chance.random() < 0.5)
                case 1:
                    history.decide("action.rejected", action)
                case 2:
                    history.decide("action.expired", action)
    [line] = count(history.events)
    assert line["proposals"] == sum(line[name] for name in PROPOSALS)
    assert sum(line[name] for name in ACCEPTED) > 0
    shuffled = [*history.events]
    chance.shuffle(shuffled)
    assert count(shuffled) == [line]
