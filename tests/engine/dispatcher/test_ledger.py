"""The reservations on the real engine."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from core.config import Limits, read_limits
from core.dispatcher.breaker import HELD_MS, Refusal, Transition, snapshot
from core.dispatcher.ledger import Charge, Ledger, Reserved
from core.store import Item, Store
from tests.support.fakes import START

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

MakeLedger = Callable[..., Ledger]


@pytest.fixture
def make_ledger(sdk_client: DynamoDBClient, tables: dict[str, str]) -> MakeLedger:
    def make(*, row: bool = True, **env: str) -> Ledger:
        limits: Limits = read_limits({"GUARDRAIL_OVERRIDE": "acknowledged", **env})
        store = Store(sdk_client, sleep=lambda _: None, new_id=lambda: str(uuid.uuid4()))
        ledger = Ledger(store, tables["BREAKER_TABLE"], limits)
        if row:
            ledger.create_if_missing()
        return ledger

    return make


def item_of(ledger: Ledger) -> Item:
    item = ledger.read()
    assert item is not None
    assert item["total"] == sum(e["charge"] for e in item["charges"].values())
    assert item["tasks"] == sum(e["tasks"] for e in item["charges"].values())
    return item


def reserved(result: Reserved | Refusal) -> Charge:
    assert isinstance(result, Reserved), result
    return result.charge


def refused(result: Any) -> Refusal:
    assert isinstance(result, Refusal), result
    return result


def test_a_missing_row_denies(make_ledger: MakeLedger) -> None:
    ledger = make_ledger(row=False)
    assert refused(ledger.reserve("r", 1, 1, START, START)).reason == "circuit_open"


def test_a_reset_creates_a_missing_row(make_ledger: MakeLedger) -> None:
    ledger = make_ledger(row=False)
    assert ledger.reset(START) is None
    reserved(ledger.reserve("r", 1, 1, START, START))


def test_the_window_ceiling_is_exact(make_ledger: MakeLedger) -> None:
    ledger = make_ledger(MAX_COST_PER_WINDOW_USD="1.00")
    for n in range(4):
        reserved(ledger.reserve(f"r{n}", 250_000, 1, START, START))
    refusal = refused(ledger.reserve("one more", 1, 1, START, START))
    assert (refusal.reason, refusal.retry_after) == ("budget_exhausted", HELD_MS // 1000)
    assert item_of(ledger)["total"] == 1_000_000


def test_room_comes_back_to_the_millisecond_and_not_before(make_ledger: MakeLedger) -> None:
    ledger = make_ledger(MAX_COST_PER_WINDOW_USD="0.50")
    reserved(ledger.reserve("a", 300_000, 1, START, START))
    reserved(ledger.reserve("b", 200_000, 1, START + 10_000, START))
    free_at = START + HELD_MS
    assert refused(ledger.reserve("c", 300_000, 1, free_at, free_at - 1)).retry_after == 1
    reserved(ledger.reserve("c", 300_000, 1, free_at, free_at))
    assert set(item_of(ledger)["charges"]) == {"b", "c"}


def test_twice_the_budget_across_an_hours_boundary_is_refused(make_ledger: MakeLedger) -> None:
    ledger = make_ledger(MAX_COST_PER_WINDOW_USD="0.50")
    just_before = START // 3_600_000 * 3_600_000 - 1
    reserved(ledger.reserve("before", 500_000, 1, just_before, just_before))
    refused(ledger.reserve("after", 500_000, 1, just_before + 2, just_before + 2))


def test_the_task_limit_counts_tasks(make_ledger: MakeLedger) -> None:
    ledger = make_ledger(MAX_TASKS_PER_WINDOW="3")
    reserved(ledger.reserve("a", 1, 2, START, START))
    assert refused(ledger.reserve("b", 1, 2, START, START)).reason == "task_limit"
    reserved(ledger.reserve("c", 1, 1, START, START))


def test_a_repeated_reservation_is_charged_once(make_ledger: MakeLedger) -> None:
    ledger = make_ledger()
    first = ledger.reserve("r", 100, 1, START, START)
    assert ledger.reserve("r", 100, 1, START, START) == first
    assert item_of(ledger)["total"] == 100


def test_more_than_the_run_ceiling_is_refused_at_once_and_on_extension(make_ledger: MakeLedger) -> None:
    ledger = make_ledger()
    assert refused(ledger.reserve("r", 500_001, 1, START, START)).reason == "budget_exhausted"
    charge = reserved(ledger.reserve("r", 400_000, 1, START, START))
    assert refused(ledger.extend(charge, 500_001, START, START)).reason == "budget_exhausted"
    assert item_of(ledger)["total"] == 400_000


def test_an_extension_is_charged_once_however_often_it_is_repeated(make_ledger: MakeLedger) -> None:
    ledger = make_ledger()
    charge = reserved(ledger.reserve("r", 100, 1, START, START))
    second = ledger.extend(charge, 250, START + 9, START)
    assert ledger.extend(charge, 250, START + 9, START) == second == Charge("r", 2, 250, START + 9)
    assert item_of(ledger)["total"] == 250


def test_an_extension_that_the_window_has_no_room_for_is_refused(make_ledger: MakeLedger) -> None:
    ledger = make_ledger(MAX_COST_PER_WINDOW_USD="0.50")
    charge = reserved(ledger.reserve("r", 300_000, 1, START + HELD_MS, START))
    reserved(ledger.reserve("other", 200_000, 1, START, START))
    refused(ledger.extend(charge, 300_001, START + HELD_MS, START))
    extended = ledger.extend(charge, 500_000, START + 2 * HELD_MS, START + HELD_MS)
    assert isinstance(extended, Charge)
    assert item_of(ledger)["total"] == 500_000


def test_a_later_holder_fences_off_an_earlier_one(make_ledger: MakeLedger) -> None:
    ledger = make_ledger()
    charge = reserved(ledger.reserve("r", 100, 1, START, START))
    later = ledger.extend(charge, 200, START + 1, START)
    assert isinstance(later, Charge)
    refused(ledger.extend(charge, 300, START + 2, START))
    ledger.settle(charge, 5, START, failed=False)
    assert item_of(ledger)["charges"]["r"]["charge"] == 200
    ledger.settle(later, 150, START, failed=False)
    assert item_of(ledger)["total"] == 150


def test_settling_replaces_the_worst_case_once(make_ledger: MakeLedger) -> None:
    ledger = make_ledger()
    charge = reserved(ledger.reserve("r", 100, 1, START + 50_000, START))
    for _ in range(3):
        after = ledger.settle(charge, 30, START + 7_000, failed=True)
        assert after is not None
    entry = item_of(ledger)["charges"]["r"]
    assert (entry["charge"], entry["at"], entry["settled"], entry["failed"]) == (30, START + 7_000, True, True)


def test_settling_what_has_aged_out_changes_nothing(make_ledger: MakeLedger) -> None:
    ledger = make_ledger(MAX_COST_PER_WINDOW_USD="0.50")
    charge = reserved(ledger.reserve("r", 500_000, 1, START, START))
    reserved(ledger.reserve("next", 500_000, 1, START + HELD_MS, START + HELD_MS))
    assert ledger.settle(charge, 1, START + HELD_MS, failed=False) is None
    assert item_of(ledger)["total"] == 500_000


def test_usage_above_the_charge_is_charged_in_full(make_ledger: MakeLedger) -> None:
    ledger = make_ledger()
    charge = reserved(ledger.reserve("r", 100, 1, START, START))
    ledger.settle(charge, 900, START, failed=False)
    assert item_of(ledger)["total"] == 900


def test_a_cancelled_charge_leaves_nothing(make_ledger: MakeLedger) -> None:
    ledger = make_ledger()
    charge = reserved(ledger.reserve("r", 100, 1, START, START))
    ledger.cancel(charge, 1)
    ledger.cancel(charge, 1)
    assert (item_of(ledger)["total"], item_of(ledger)["charges"]) == (0, {})


def test_only_an_unsettled_charge_can_be_cancelled(make_ledger: MakeLedger) -> None:
    ledger = make_ledger()
    charge = reserved(ledger.reserve("r", 100, 1, START, START))
    ledger.settle(charge, 100, START, failed=False)
    ledger.cancel(charge, 1)
    assert item_of(ledger)["total"] == 100


def open_breaker(ledger: Ledger, now: int = START) -> None:
    item = ledger.read()
    assert item is not None
    assert ledger.move(item, Transition("open", "as told"), now)


COOLDOWN_MS = 900_000


def test_an_open_breaker_says_when_to_come_again(make_ledger: MakeLedger) -> None:
    ledger = make_ledger()
    open_breaker(ledger)
    refusal = refused(ledger.reserve("r", 1, 1, START, START + 1_000))
    assert (refusal.reason, refusal.retry_after) == ("circuit_open", 899)


def test_after_the_cooldown_one_probe_goes_through(make_ledger: MakeLedger) -> None:
    ledger = make_ledger()
    open_breaker(ledger)
    later = START + COOLDOWN_MS
    probe = ledger.reserve("probe", 1, 1, later + 60_000, later)
    assert isinstance(probe, Reserved)
    assert probe.probe
    assert refused(ledger.reserve("other", 1, 1, later, later + 59_999)).reason == "circuit_open"
    # The probe died: the next caller becomes the probe once its deadline has passed.
    again = ledger.reserve("other", 1, 1, later + 200_000, later + 60_000)
    assert isinstance(again, Reserved)
    assert again.probe


def test_a_cancelled_probe_lets_the_next_one_try(make_ledger: MakeLedger) -> None:
    ledger = make_ledger()
    open_breaker(ledger)
    later = START + COOLDOWN_MS
    ledger.cancel(reserved(ledger.reserve("probe", 1, 1, later + 60_000, later)), 1)
    assert item_of(ledger)["state"] == "open"
    reserved(ledger.reserve("next", 1, 1, later + 60_000, later))


def test_a_reset_clears_the_failures_and_keeps_the_charges(make_ledger: MakeLedger) -> None:
    ledger = make_ledger()
    charge = reserved(ledger.reserve("r", 100, 1, START, START))
    ledger.settle(charge, 100, START, failed=True)
    open_breaker(ledger)
    before = ledger.reset(START + 1)
    assert before is not None
    assert before["state"] == "open"
    seen = snapshot(item_of(ledger), START + 1)
    assert (seen.state, seen.failed_tasks, seen.charged) == ("closed", 0, 100)


def test_a_transition_decided_on_an_old_state_is_not_carried_out(make_ledger: MakeLedger) -> None:
    ledger = make_ledger()
    seen = ledger.read()
    assert seen is not None
    open_breaker(ledger)
    assert not ledger.move(seen, Transition("open", "late"), START + 5)
    assert item_of(ledger)["openedAt"] == START


def test_tripping_opens_a_closed_breaker_once(make_ledger: MakeLedger) -> None:
    ledger = make_ledger()
    assert ledger.trip("a bound is wrong", START) is not None
    assert ledger.trip("again", START + 1) is None
    assert item_of(ledger)["reason"] == "a bound is wrong"


def test_reservations_at_once_never_pass_the_ceiling(make_ledger: MakeLedger) -> None:
    ledger = make_ledger(MAX_TASKS_PER_WINDOW="100")
    start = threading.Barrier(32)

    def one(n: int) -> bool:
        start.wait()
        return isinstance(ledger.reserve(f"r{n}", 400_000, 1, START, START), Reserved)

    with ThreadPoolExecutor(32) as pool:
        granted = sum(pool.map(one, range(32)))
    assert granted == 12
    assert item_of(ledger)["total"] == 4_800_000


def test_under_contention_with_aged_entries_the_totals_stay_true(make_ledger: MakeLedger) -> None:
    ledger = make_ledger(MAX_TASKS_PER_WINDOW="100")
    for n in range(40):
        reserved(ledger.reserve(f"old{n}", 100_000, 1, START, START))
    now = START + HELD_MS
    start = threading.Barrier(24)

    def one(n: int) -> bool:
        start.wait()
        return isinstance(ledger.reserve(f"new{n}", 250_000, 1, now, now), Reserved)

    with ThreadPoolExecutor(24) as pool:
        granted = sum(pool.map(one, range(24)))
    assert granted == 20
    assert item_of(ledger)["total"] == 5_000_000
