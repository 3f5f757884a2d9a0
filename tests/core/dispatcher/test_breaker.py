from __future__ import annotations

from typing import Any

import pytest

from core.config import read_limits
from core.dispatcher.breaker import HELD_MS, Transition, after_outcome, new_item, open_for, over_budget, snapshot
from core.store import Item

LIMITS = read_limits({})
NOW = 10_000_000


def item(outcomes: list[bool | None], **changes: Any) -> Item:
    """A breaker that holds one entry per outcome; None is still running."""
    charges: dict[str, Any] = {}
    for number, failed in enumerate(outcomes):
        entry: dict[str, Any] = {"at": NOW, "charge": 100, "tasks": 1, "attempt": 1, "settled": failed is not None}
        charges[f"r{number}"] = entry if failed is None else {**entry, "failed": failed}
    total = 100 * len(outcomes)
    return {**new_item(), "charges": charges, "total": total, "tasks": len(outcomes), **changes}


def last(outcomes: list[bool | None], **changes: Any) -> Transition | None:
    return after_outcome(item(outcomes, **changes), f"r{len(outcomes) - 1}", bool(outcomes[-1]), NOW, LIMITS)


@pytest.mark.parametrize("outcomes", [[True] * 4, [True, True, False, False, False], [False] * 10])
def test_below_the_rate_or_the_count_it_stays_closed(outcomes: list[bool | None]) -> None:
    assert last(outcomes) is None


@pytest.mark.parametrize("outcomes", [[True] * 5, [False, False, False, True, True, True]])
def test_half_of_at_least_five_tasks_failing_opens_it(outcomes: list[bool | None]) -> None:
    moved = last(outcomes)
    assert moved is not None
    assert moved.to == "open"


def test_running_tasks_count_as_neither() -> None:
    assert last([None] * 10 + [True] * 4) is None
    assert last([None] * 10 + [True] * 5) is not None


def test_outcomes_before_a_reset_do_not_count() -> None:
    assert last([True] * 5, countedFrom=NOW) is None


def test_outcomes_that_have_aged_do_not_count() -> None:
    seen = item([True] * 5)
    for entry in list(seen["charges"].values())[:4]:
        entry["at"] = NOW - HELD_MS
    assert after_outcome(seen, "r4", True, NOW, LIMITS) is None


@pytest.mark.parametrize(("failed", "to"), [(True, "open"), (False, "closed")])
def test_the_probes_outcome_decides(failed: bool, to: str) -> None:
    moved = last([failed], state="half_open", probe="r0")
    assert moved is not None
    assert moved.to == to


def test_another_runs_outcome_does_not_decide_for_the_probe() -> None:
    assert last([True], state="half_open", probe="another") is None


def test_an_open_breaker_is_due_for_its_probe_after_the_cooldown() -> None:
    seen = item([], state="open", openedAt=NOW)
    assert open_for(seen, NOW + 899_999, LIMITS) is not None
    assert open_for(seen, NOW + 900_000, LIMITS) is None


def test_the_snapshot_counts_what_is_in_the_window() -> None:
    seen = item([True, False, None])
    seen["charges"]["r1"]["at"] = NOW - HELD_MS
    assert snapshot(seen, NOW).charged == 200
    assert (snapshot(seen, NOW).total_tasks, snapshot(seen, NOW).failed_tasks) == (2, 1)


def test_over_budget_says_when_enough_will_have_aged() -> None:
    seen = item([])
    seen["charges"] = {
        "a": {"at": NOW, "charge": 2_000_000, "tasks": 1},
        "b": {"at": NOW + 60_000, "charge": 3_000_000, "tasks": 1},
    }
    small = over_budget(seen, NOW, 1, 1, LIMITS)
    large = over_budget(seen, NOW, 3_000_000, 1, LIMITS)
    assert small is not None
    assert large is not None
    assert (small.retry_after, large.retry_after) == (3602, 3662)
