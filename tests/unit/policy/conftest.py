"""What the policy's tests share."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from core.policy.engine import judge_answer
from core.policy.rules import Context
from core.types import Facts, Phase, Target, Verdict
from tests.corpus.load import CANARY, OWN, REPOSITORY

GOOD: dict[str, Any] = {
    "test_plan": [
        {
            "ac_id": "AC-1",
            "ac_text": "The list is sorted by name",
            "covers": ["src/app.py"],
            "steps": ["Open http://localhost:3000/items", "Press `Save`"],
            "expected": "Names run from A to Z",
            "edge_cases": ["An empty list"],
        }
    ],
    "general_checks": ["Log in as @octocat"],
    "nothing_to_test": None,
    "reason": "The sort order changed",
    "evidence": "src/app.py changes sort()",
}
ACTION_ID = "6f1e6f0e-7d0b-5d6f-9a43-0c8f1b2a3d4e"


@pytest.fixture
def plan() -> dict[str, Any]:
    """A valid answer, to be changed."""
    return copy.deepcopy(GOOD)


@pytest.fixture
def facts() -> Facts:
    return Facts(
        "qa_plan",
        REPOSITORY,
        Target("pull_request", 42),
        target_state="a1b2c3d4e5f6a7b8c9d0a1b2c3d4e5f6a7b8c9d0",
        changed_paths=("src/app.py", "README.md"),
        canary=CANARY,
    )


@pytest.fixture
def context() -> Context:
    return Context(REPOSITORY, CANARY, OWN)


def judge(raw: str | bytes, facts: Facts, phase: Phase = "phase0") -> Verdict:
    """The verdict on one answer."""
    return judge_answer(raw, facts, run_id="run-1", action_ids=lambda _: ACTION_ID, phase=phase, own_secrets=OWN)
