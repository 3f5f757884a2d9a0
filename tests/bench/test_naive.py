"""The naive baseline does what it is compared for, on the same engine and stand-ins."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from bench.lane import Lane, LaneFailed
from bench.yard import FIRST_PULL, NAIVE, Yard


@pytest.fixture(scope="module")
def yard() -> Iterator[Yard]:
    with Yard() as yard:
        yield yard


def test_the_baseline_posts_a_plan_once_approves_and_tells_its_health(yard: Yard) -> None:
    environment = yard.naive()
    waiting = yard.naive_waiting(environment, FIRST_PULL + 1)
    with Lane(NAIVE, environment) as lane:
        first = lane.expect(yard.dispatch(FIRST_PULL), 200)
        again = lane.expect(yard.dispatch(FIRST_PULL), 200)
        lane.expect(yard.event("POST", f"/approve/{waiting}"), 200)
        lane.expect(yard.event("POST", f"/approve/{waiting}"), 409)
        health = lane.expect(yard.event("GET", "/health"), 200)
        with pytest.raises(LaneFailed):
            lane.expect(yard.event("GET", "/nowhere"), 200)
    assert first.result is not None
    assert again.result is not None
    assert health.result is not None
    posted = json.loads(first.result["body"])
    assert (posted["status"], posted["executed"]) == ("success", True)
    assert json.loads(again.result["body"]) == posted
    assert json.loads(health.result["body"])["circuitBreaker"]["totalTasks"] == 1
    [plan] = yard.repository.comments(FIRST_PULL)
    assert plan["body"].startswith("## 🤖 QA Test Plan")
    assert len(yard.repository.comments(FIRST_PULL + 1)) == 1
