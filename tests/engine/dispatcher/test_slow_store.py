"""An attempt at the model never outlasts its charge, however long the store takes to write it."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from core.config import TASK_LIMITS
from core.dispatcher.ledger import Ledger
from core.runs.arrow import work
from core.store import Lost, Store, Write
from tests.support.dispatching import FAR, charged, events, go, kinds
from tests.support.fakes import Clock, World, make_world, message, trouble

if TYPE_CHECKING:
    from collections.abc import Sequence

    from types_boto3_dynamodb import DynamoDBClient


class SlowStore(Store):
    """Each transaction takes as long as it is told, in turn; then all are quick."""

    clock: Clock
    seconds: list[float]

    def transact(self, writes: Sequence[Write]) -> Lost | None:
        lost = super().transact(writes)
        if self.seconds:
            self.clock.forward(self.seconds.pop(0))
        return lost


@pytest.fixture
def world(dynamodb_client: DynamoDBClient, tables: dict[str, str]) -> World:
    """A world whose store is slow from the first further charge on, and whose model looks at its charge."""
    world = make_world(dynamodb_client, tables, worker=True)
    store = SlowStore(dynamodb_client, sleep=world.clock.sleep, new_id=lambda: str(uuid.uuid4()))
    store.clock, store.seconds = world.clock, []
    settings = world.app.settings
    ledger = Ledger(store, settings.breaker_table, settings.limits)

    def look_at_the_charge() -> None:
        item = ledger.read()
        assert item is not None
        [entry] = item["charges"].values()
        assert world.clock.at + TASK_LIMITS["qa_plan"].timeout_seconds * 1000 <= entry["at"]

    world.model.before = look_at_the_charge
    return replace(world, app=replace(world.app, store=store, ledger=ledger))


def slow(world: World, *seconds: float) -> None:
    store = world.app.store
    assert isinstance(store, SlowStore)
    store.seconds = list(seconds)


def handed_over(world: World) -> str:
    return str(go(world)["runId"])


def test_a_charge_that_was_written_slowly_is_written_again_with_a_later_deadline(world: World) -> None:
    run_id = handed_over(world)
    world.model.replies = [trouble(529), message()]
    slow(world, 11.0)
    assert work(world.app, run_id, FAR)["state"] == "executed"
    _, second, third = events(world, run_id, "charge.requested")
    assert second["amount"] == third["amount"]
    assert third["until"] > second["until"]
    assert kinds(world, run_id).count("generation.attempt_failed") == 1
    assert charged(world) == 1200 * 2 + 400 * 10


def test_an_attempt_whose_charge_is_never_written_in_time_is_not_made(world: World) -> None:
    run_id = handed_over(world)
    world.model.replies = [trouble(529), message()]
    slow(world, 11.0, 11.0, 11.0)
    result = work(world.app, run_id, FAR)
    assert (result["status"], result["cost"]) == ("failed", "0.000000")
    assert len(world.model.received) == 1
    assert charged(world) == 0


def test_a_run_that_begins_just_before_its_deadline_has_its_charge_prolonged(world: World) -> None:
    run_id = handed_over(world)
    world.clock.forward(115.0)
    assert work(world.app, run_id, FAR)["state"] == "executed"
    assert len(events(world, run_id, "charge.requested")) == 2
