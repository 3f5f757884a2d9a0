"""`make demo PHASE=…`: what it shows happens, in phase 4. `make long` has the others."""

from __future__ import annotations

import pytest

from local.child import PartFailed
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
