"""The commands that ask for drafts about issues, on the real service in phase 4."""

from __future__ import annotations

import httpx
import pytest

from dfg.exits import Exit
from local.queue_demo import CONFIRMED, PLANNING, load_queue
from local.stack import Stack
from tests.cli.conftest import Terminal
from tests.conftest import MakeStack


@pytest.fixture
def fourth(make_stack: MakeStack) -> Stack:
    """A stack of phase 4 with the sample's queue."""
    stack = make_stack({"PHASE": "phase4", "TRUSTED_AUTHORS": "product-owner", **CONFIRMED})
    load_queue(stack.repository)
    return stack


def test_what_is_asked_about_issues_is_waited_for_and_told(fourth: Stack, http: httpx.Client) -> None:
    dfg = Terminal(fourth.url, fourth.token, http)

    done = dfg("triage", "105", "--wait")
    assert (done.code, "It is carried out on GitHub." in done.out) == (Exit.OK, True)
    assert "change labels on issue #105" in done.out
    assert "add comment on issue #105" in done.out

    several = dfg("triage", "101", "106", "999", "--wait")
    assert several.code == Exit.REJECTED
    rows = {line.split()[0]: line for line in several.out.splitlines() if line.startswith("#")}
    assert "It is carried out on GitHub." in rows["#101"]
    assert "Policy refused" in rows["#106"]
    assert "999" in rows["#999"].removeprefix("#999")
    assert dfg("triage", "101", "104", "--json").json["status"] == "accepted"

    assert "The brief is posted under the issue." in dfg("brief", "101", "--wait").out
    plan = dfg("sprint-plan", str(PLANNING), "--issues", "101,108", "--capacity", "1", "--needs", "101:108", "--wait")
    assert (plan.code, "The sprint plan is posted." in plan.out) == (Exit.OK, True)
    assert "change labels on issue #108" in plan.out
    assert dfg("approve", dfg("pending", "--target", "issue:108", "--json").json["actions"][0]["id"], "--yes").code == 0
    assert dfg("sprint-plan", str(PLANNING), "--issues", "108 101").code == Exit.USAGE
    assert dfg("sprint-plan", str(PLANNING), "--needs", "101").code == Exit.USAGE


def test_a_phase_that_does_not_allow_it_has_its_code(dfg: Terminal, stack: Stack) -> None:
    load_queue(stack.repository)
    for command in (("triage", "101"), ("triage", "101", "104"), ("brief", "101"), ("sprint-plan", str(PLANNING))):
        done = dfg(*command)
        assert (done.code, "phase0 does not allow" in done.err) == (Exit.FORBIDDEN, True)
