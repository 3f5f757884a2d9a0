"""`make demo` in the phases that tests/local/test_queue_demo.py leaves out."""

from __future__ import annotations

import pytest

from local.queue_demo import CONFIRMED
from tests.conftest import MakeStack
from tests.local.test_queue_demo import require_all


@pytest.mark.parametrize("phase", ["phase1", "phase2", "phase3"])
def test_all_that_the_demo_checks_holds(make_stack: MakeStack, phase: str, capsys: pytest.CaptureFixture[str]) -> None:
    require_all(make_stack({"PHASE": phase, **CONFIRMED}), phase, capsys)
