"""What the policy's tests share."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from core.context.team import Team, load
from core.policy.engine import judge_answer
from core.policy.rules import RuleContext
from core.tasks import registry
from core.types import Facts, Phase, Target, Verdict
from tests.corpus.load import CANARY, OWN, REPOSITORY
from tests.support.plans import a_plan

GOOD = a_plan("src/app.py")
FACTS = Facts(
    "qa_plan",
    REPOSITORY,
    Target("pull_request", 42),
    target_state="a1b2c3d4e5f6a7b8c9d0a1b2c3d4e5f6a7b8c9d0",
    changed_paths=("src/app.py", "README.md"),
    canary=CANARY,
    extra={"risky": ["src/app.py"]},
)
TEAM = load()
KANBAN = load(Path(__file__).parents[2] / "teams" / "kanban")
ACTION_ID = "6f1e6f0e-7d0b-5d6f-9a43-0c8f1b2a3d4e"


@pytest.fixture
def plan() -> dict[str, Any]:
    """A valid answer, to be changed."""
    return copy.deepcopy(GOOD)


@pytest.fixture
def facts() -> Facts:
    return FACTS


@pytest.fixture
def context() -> RuleContext:
    return RuleContext(REPOSITORY, CANARY, OWN)


def judge(answer: str | bytes | Mapping[str, Any], facts: Facts, phase: Phase = "phase0", team: Team = TEAM) -> Verdict:
    """The verdict on one answer."""
    raw = answer if isinstance(answer, (str, bytes)) else json.dumps(answer)
    ids = (ACTION_ID, *(f"6f1e6f0e-7d0b-5d6f-9a43-{index:012}" for index in range(1, 50)))
    return judge_answer(
        raw,
        facts,
        registry.drafting(facts.task_type),
        team=team,
        run_id="run-1",
        action_ids=lambda index: ids[index],
        phase=phase,
        own_secrets=OWN,
    )


def rules_of(verdict: Verdict) -> list[tuple[str, str, str]]:
    """What was found: rule, severity, field."""
    return [(finding.rule, finding.severity, finding.field) for finding in verdict.findings]


def changes(verdict: Verdict) -> list[tuple[int, set[str], set[str]]]:
    """The label changes of a verdict: issue, what is added, what is removed."""
    return [
        (action.target.number, set(action.payload["add"]), set(action.payload["remove"]))
        for action in verdict.actions
        if action.type == "change_labels"
    ]


def bodies(verdict: Verdict) -> list[str]:
    """Its comments."""
    return [action.payload["body"] for action in verdict.actions if action.type == "add_comment"]
