"""Triage, briefs and sprint plans beside what a person said."""

from __future__ import annotations

from typing import Any

import pytest

from evals.case import issue_cases
from evals.issues import agent_brief, sprint_plan, triage
from evals.metrics import Row

TRIAGES = {case.name: case for case in issue_cases("triage")}
BRIEFS = {case.name: case for case in issue_cases("agent_brief")}
SPRINTS = {case.name: case for case in issue_cases("sprint_plan")}


def counts(row: Row) -> dict[str, float | None]:
    return {name: metric.count for name, metric in row.items()}


def test_there_is_a_table_of_issues() -> None:
    assert len(TRIAGES) >= 15
    assert len(BRIEFS) >= 2
    assert len(SPRINTS) >= 2
    assert {case.truth["priority"] for case in TRIAGES.values() if case.truth} == {"P0", "P1", "P2", "P3"}


@pytest.mark.parametrize(("priority", "points"), [("P0", 1), ("P1", 0.5), ("P2", 0), ("urgent", 0)])
def test_the_priority_next_to_the_right_one_counts_half(priority: str, points: float) -> None:
    assert counts(triage({"priority": priority}, TRIAGES["totals-lost"]))["priority"] == points


def test_a_triage_as_a_person_made_it_has_all_points() -> None:
    answer = {
        "priority": "P0",
        "sprint": "current",
        "components": ["dfg-analyst"],
        "questions": [],
        "ready_for_dev": True,
    }
    row = triage(answer, TRIAGES["totals-lost"])
    assert all(metric.score in (1, None) or name == "extra" for name, metric in row.items())
    assert row["extra"].count == 0


def test_files_of_a_brief_that_do_not_exist_are_counted() -> None:
    answer = {"files": ["dfg-api/deals/list.py", "dfg-api/deals/nowhere.py"]}
    row = counts(agent_brief(answer, BRIEFS["hide-ended"]))
    assert (row["files"], row["elsewhere"], row["no such file"]) == (1, 1, 1)


def test_criteria_of_a_brief_are_found_by_their_words() -> None:
    answer = {
        "acceptance_criteria": ["A deal without an end stays in the list", "ended=true without the role is a 403"]
    }
    assert counts(agent_brief(answer, BRIEFS["hide-ended"]))["criteria"] == 2


def test_a_sprint_plan_breaks_an_order_and_takes_too_much() -> None:
    items: list[dict[str, Any]] = [
        {"issue": number, "sprint": sprint}
        for number, sprint in ((741, "next"), (742, "current"), (743, "current"), (744, "current"))
    ]
    row = sprint_plan({"items": items}, SPRINTS["chain-of-needs"])
    assert row["too early"].details == ("#742 before #741",)
    assert counts(row)["too many"] == 1
    assert counts(row)["unplaced"] == 1


@pytest.mark.parametrize("answer", [{}, {"items": ["a"], "files": 3, "components": None}])
def test_what_is_no_answer_has_no_points(answer: dict[str, Any]) -> None:
    for grade, cases in ((triage, TRIAGES), (agent_brief, BRIEFS), (sprint_plan, SPRINTS)):
        for case in cases.values():
            assert grade(answer, case)
