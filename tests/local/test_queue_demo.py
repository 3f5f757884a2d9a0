"""`make demo PHASE=…`: what it shows happens, in phase 4. `make long` has the others."""

from __future__ import annotations

import pytest

from core.context import team
from local.child import ROOT, PartFailed
from local.function import call
from local.queue_demo import CONFIRMED, main
from local.stack import Stack
from tests.conftest import MakeStack


def test_all_that_the_demo_checks_holds(make_stack: MakeStack, capsys: pytest.CaptureFixture[str]) -> None:
    require_all(make_stack({"PHASE": "phase4", **CONFIRMED}), "phase4", capsys)


def require_all(stack: Stack, phase: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Every check of the demo holds."""
    assert main(stack, phase) == 0, capsys.readouterr().out
    told = capsys.readouterr().out
    assert "refused: label.transition" in told
    assert ("left alone: a proposal waits for the Captain" in told) == (phase != "phase1")


def test_a_function_that_fails_is_told_with_its_last_words(stack: Stack) -> None:
    with pytest.raises(PartFailed, match="GITHUB_REPOSITORY"):
        call("ScheduleFunction", {"taskType": "triage"}, {**stack.environment, "GITHUB_REPOSITORY": ""})


def test_another_teams_words_are_those_of_the_demo(make_stack: MakeStack, capsys: pytest.CaptureFixture[str]) -> None:
    """As docs/teams.md says: TEAM_FILES with `make demo`, here files that share no label with DFG's."""
    folder = ROOT / "tests" / "teams" / "kanban"
    require_all(make_stack({"PHASE": "phase3", "TEAM_FILES": str(folder), **CONFIRMED}), "phase3", capsys)
    assert team.load(folder).taxonomy.labels.isdisjoint(team.load().taxonomy.labels)
