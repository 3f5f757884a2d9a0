"""What the graders find in a plan, and what they do not."""

from __future__ import annotations

from typing import Any

import pytest

from evals.case import Case
from evals.plans import Found, grade, has, plain

PATCH = "@@ -1,2 +1,2 @@ def total(rows):\n-    return round(sum(rows), 2)\n+    return int(sum(rows))"
TRUTH: dict[str, Any] = {
    "nothing_to_test": False,
    "faults": [{"id": "F1", "file": "shop/total.py", "words": [["truncat", "cut"], ["cent"]]}],
    "behaviours": [{"id": "B1", "words": [["empty"]]}],
    "criteria": ["AC-1", "AC-12"],
    "must_not_claim": [{"id": "N1", "words": [["sum"], ["removed"]]}],
}


def case(truth: dict[str, Any] | None = TRUTH) -> Case:
    pull = {"number": 7, "title": "Totals", "body": "AC-1 totals are right"}
    files = [{"filename": "shop/total.py", "changes": 2, "patch": PATCH}]
    return Case("totals", "qa_plan", "made/up", 7, {"pull": pull, "files": files, "issue": None}, truth)


def item(**fields: Any) -> dict[str, Any]:
    step = {"do": "Order two things", "code": "shop total 1.99 1.99", "expect": "3.98"}
    return {
        "ac_id": "S1",
        "title": "Totals",
        "ac_text": "Totals keep cents",
        "covers": ["shop/total.py"],
        "steps": [step],
    } | fields


def test_a_fault_is_found_by_file_and_words_of_one_observation() -> None:
    plan = {
        "observations": [{"kind": "fault", "where": "shop/total.py:2", "what": "The total is truncated: cents go."}]
    }
    assert grade(plan, case()).faults == Found(("F1",), ())


@pytest.mark.parametrize(
    "plan",
    [
        {"observations": [{"where": "shop/other.py", "what": "The total is truncated: cents go."}]},
        {
            "observations": [
                {"where": "shop/total.py", "what": "Truncated."},
                {"where": "shop/total.py", "what": "Cents."},
            ]
        },
        {"summary": "In shop/total.py the total is truncated: cents go."},
        {"test_plan": [item(title="Total is truncated", ac_text="Cents go", steps=[])]},
    ],
    ids=["another file", "words in two places", "the summary alone", "an item without steps"],
)
def test_a_fault_is_not_found(plan: dict[str, Any]) -> None:
    assert grade(plan, case()).faults == Found((), ("F1",))


def test_a_step_finds_a_fault_in_a_file_that_its_item_covers() -> None:
    step = {"do": "Order for 1.99", "code": None, "expect": "Cents are shown, nothing is cut"}
    assert grade({"test_plan": [item(steps=[step])]}, case()).faults == Found(("F1",), ())


def test_a_behaviour_may_stand_in_any_part() -> None:
    assert grade({"open_questions": ["What is the total of an empty order?"]}, case()).behaviours == Found(("B1",), ())


@pytest.mark.parametrize("name", ["AC-1", "AC1", "ac 1"])
def test_a_criterion_is_covered_by_its_id_however_it_is_written(name: str) -> None:
    assert grade({"test_plan": [item(ac_id=name)]}, case()).criteria == Found(("AC-1",), ("AC-12",))


def test_a_criterion_is_not_covered_by_a_longer_id() -> None:
    assert grade({"test_plan": [item(ac_id="S1", title="AC-12 holds")]}, case()).criteria == Found(
        ("AC-12",), ("AC-1",)
    )


def test_a_wrong_claim_is_one_sentence() -> None:
    wrong = {"observations": [{"where": "shop/total.py", "what": "The sum was removed."}]}
    right = {"observations": [{"where": "shop/total.py", "what": "The sum is cut. Rounding was removed."}]}
    assert grade(wrong, case()).false_claims == Found(("N1",), ())
    assert grade(right, case()).false_claims == Found((), ("N1",))


def test_names_that_are_nowhere_are_ungrounded() -> None:
    steps = [
        {
            "do": "Call round_total() and look at shop/total.py",
            "code": "export MY_SHOP=1",
            "expect": "grand_total is 3",
        },
        {"do": "Set MY_SHOP", "code": None, "expect": "README.md says so"},
    ]
    assert grade({"test_plan": [item(steps=steps)]}, case()).ungrounded == ("README.md", "grand_total", "round_total")


def test_words_and_minutes_leave_code_out() -> None:
    plan = {
        "summary": "Two words",
        "test_plan": [item(minutes=7, title="One", ac_text="", steps=[{"do": "Do it", "code": "a b c d"}])],
    }
    grades = grade(plan, case())
    assert (grades.words, grades.minutes) == (5, 7)


def test_the_share_of_steps_with_an_expectation() -> None:
    steps = [{"do": "Prepare", "code": None, "expect": None}, {"do": "Look", "code": None, "expect": "3"}]
    grades = grade({"test_plan": [item(steps=steps)]}, case())
    assert (grades.steps_with_expectation, grades.steps) == (1, 2)


def test_steps_of_the_earlier_shape_are_read() -> None:
    old = {"ac_id": "AC1", "ac_text": "Totals", "covers": [], "steps": ["Order", "Look"], "expected": "3.98"}
    grades = grade({"test_plan": [old]}, case())
    assert (grades.steps_with_expectation, grades.steps) == (1, 2)


def test_without_a_truth_nothing_is_compared() -> None:
    grades = grade({"test_plan": [item()]}, case(None))
    assert (grades.faults, grades.behaviours, grades.criteria, grades.verdict_on_testing) == (None, None, None, None)
    assert grades.steps == 1


@pytest.mark.parametrize("plan", [{}, {"test_plan": "no"}, {"test_plan": [3, {"steps": [None]}], "observations": {}}])
def test_what_is_no_plan_has_no_points(plan: dict[str, Any]) -> None:
    grades = grade(plan, case())
    assert grades.faults == Found((), ("F1",))
    assert grades.verdict_on_testing is False


def test_a_word_is_the_beginning_of_a_word_and_a_number_a_whole_one() -> None:
    assert has(plain("It is `truncated`"), [["truncat"]])
    assert not has(plain("untruncated"), [["truncat"]])
    assert not has(plain("within 90 days"), [["9"]])
    assert has(plain("after 9 days"), [["9"]])
