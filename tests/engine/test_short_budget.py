"""The budget under a race, and to the second. `make prove` runs the long form."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest

from core.config import read_limits
from core.dispatcher.ledger import Ledger
from core.store import Store
from local.engine import Engine
from tests.prove.budget_race import Race
from tests.prove.exactness import TASKS, compare
from tests.prove.judging_budget import race_and_judge
from tests.prove.sliding_window import WINDOW_MS, Billed, Charged, judge

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

START = 1_790_000_000_000


@pytest.fixture
def ledger(dynamodb_client: DynamoDBClient, tables: dict[str, str]) -> Ledger:
    store = Store(dynamodb_client, sleep=lambda _: None, new_id=lambda: str(uuid.uuid4()))
    ledger = Ledger(store, tables["BREAKER_TABLE"], read_limits({"MAX_TASKS_PER_WINDOW": str(TASKS)}))
    ledger.create_if_missing()
    return ledger


def test_processes_and_threads_at_once_never_pass_the_ceiling(
    engine: Engine, ledger: Ledger, tables: dict[str, str]
) -> None:
    environment = {"MAX_TASKS_PER_WINDOW": "100", "GUARDRAIL_OVERRIDE": "acknowledged"}
    race_and_judge(
        Race(engine.url, tables["BREAKER_TABLE"], environment, processes=4, threads=4, reservations=80, seed=7)
    )


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_is_refused_for_which_the_window_has_room(ledger: Ledger, seed: int) -> None:
    granted, refused = compare(ledger, START, steps=150, seed=seed)
    assert granted > 50
    assert refused > 5


# --- the judge itself --------------------------------------------------------------------------


def charged(run: str, amount: int, at: int, order: int = 1) -> Charged:
    return Charged(run, order, amount, stamp=at, asked=at, known=at)


def test_the_judge_sees_what_meets_in_one_window_wherever_it_starts() -> None:
    first, second = charged("a", 300, 7), charged("b", 300, 6 + WINDOW_MS)
    [overrun] = judge([first, second], [], ceiling=500, run_ceiling=500).overruns
    assert (overrun.at, overrun.amount) == (6 + WINDOW_MS, 600)
    later = charged("b", 300, 7 + WINDOW_MS)
    assert judge([first, later], [], ceiling=500, run_ceiling=500).overruns == ()


def test_the_judge_counts_a_charge_until_it_is_settled_and_the_settlement_after_it() -> None:
    reserved, settled = charged("a", 400, 0), Charged("a", 2, 100, stamp=50, asked=50, known=60)
    assert judge([reserved, settled, charged("b", 200, 40)], [], ceiling=500, run_ceiling=500).overruns != ()
    assert judge([reserved, settled, charged("b", 200, 55)], [], ceiling=500, run_ceiling=500).overruns == ()
    assert judge([reserved, settled, charged("b", 450, 70)], [], ceiling=500, run_ceiling=500).overruns != ()


def test_the_judge_counts_what_was_billed_apart_from_what_was_charged() -> None:
    bills = [Billed("a", 0, 300), Billed("b", WINDOW_MS - 1, 300)]
    found = judge([charged("a", 300, 0), charged("b", 1, WINDOW_MS)], bills, ceiling=500, run_ceiling=500).overruns
    assert {overrun.what for overrun in found} == {"billed in a window", "billed to run b beyond its charge"}


def test_the_judge_sees_a_run_above_its_ceiling() -> None:
    [overrun] = judge([charged("a", 501, 0)], [], ceiling=5_000, run_ceiling=500).overruns
    assert overrun.what == "charged to run a"
