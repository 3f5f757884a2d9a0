"""What a language model really answered to the cases, graded."""

from __future__ import annotations

from functools import cache

import pytest

from core.types import TASK_TYPES, TaskType
from evals import grading
from evals.answers import RECORDED, Given, recorded
from evals.case import load
from evals.metrics import Row, total
from evals.requests import prompt, service, verdict

CASES = {(task, case.name): case for task in TASK_TYPES for case in load(task)}
LEAST_FAULTS = 0.5


@cache
def graded(task: TaskType, name: str) -> Row:
    if not (RECORDED / task).is_dir():
        pytest.skip(f"no answer is recorded for {task}: see evals/README.md")
    case = CASES[task, name]
    with service(case, {}) as app:
        request = prompt(app, case)
        given = recorded(RECORDED, case, request)
        assert isinstance(given, Given), "from the first one on each case of the task has a recorded answer"
        return grading.row(case, request, given, verdict(app, request, given.text))


@pytest.mark.parametrize(("task", "name"), CASES)
def test_a_recorded_answer_is_not_refused(task: TaskType, name: str) -> None:
    policy = graded(task, name)["policy"]
    assert policy.word != "refused", policy.details


def test_recorded_plans_test_what_can_be_tested_and_find_most_faults() -> None:
    rows = [graded(task, name) for task, name in CASES if task == "qa_plan"]
    assert total(row["tests"] for row in rows).score == 1
    assert (total(row["faults"] for row in rows).score or 0) >= LEAST_FAULTS
