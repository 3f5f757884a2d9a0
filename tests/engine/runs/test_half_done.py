"""A store that is too busy for half of a claim, or for a worker's first requests: what comes next need not wait."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from core.audit.read import list_runs
from core.dispatcher.breaker import Refusal
from core.dispatcher.ledger import Ledger
from core.errors import StoreUnavailable
from core.runs.arrow import work
from tests.engine.runs.test_pipeline import FAR, charged, events, go, kinds
from tests.support.fakes import World, make_world
from tests.support.injection import (
    Happening,
    Injector,
    all_in_turn,
    all_in_turn_backwards,
    lost_answer,
    troubled_client,
    unreachable,
)

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

    from local.engine import Engine

COST = 1200 * 2 + 400 * 10
"""Of the one answer that the fake model gives."""


@pytest.fixture(scope="module")
def troubled_clients(engine: Engine) -> tuple[DynamoDBClient, Injector]:
    injector = Injector()
    return troubled_client(engine.url, injector), injector


@pytest.fixture
def injector(troubled_clients: tuple[DynamoDBClient, Injector]) -> Injector:
    troubled_clients[1].clear()
    return troubled_clients[1]


@pytest.fixture
def world(troubled_clients: tuple[DynamoDBClient, Injector], injector: Injector, tables: dict[str, str]) -> World:
    made = make_world(troubled_clients[0], tables, worker=True)
    injector.clear()
    return replace(made, app=replace(made.app, together=all_in_turn))


def fails_at(injector: Injector, number: int, trouble: Happening, call: Any, *arguments: Any) -> None:
    """The request at `number` of the call never gets through; then all is calm."""
    injector.clear()
    injector.always_this(number, trouble)
    with pytest.raises(StoreUnavailable):
        call(*arguments)
    injector.clear()


@pytest.mark.parametrize("trouble", [unreachable, lost_answer])
@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("order", [all_in_turn, all_in_turn_backwards])
def test_who_asks_again_after_half_a_claim_is_served_and_charged_once(
    world: World, injector: Injector, trouble: Happening, number: int, order: Any
) -> None:
    world = replace(world, app=replace(world.app, together=order))
    fails_at(injector, number, trouble, go, world)
    assert charged(world) == 0
    world.started.clear()
    again = go(world)
    assert again["status"] == "accepted"
    assert work(world.app, again["runId"], FAR)["executed"] is True
    assert (len(world.github.posted), charged(world)) == (1, COST)


def test_half_a_claim_that_is_on_record_has_its_end_there(world: World, injector: Injector) -> None:
    world = replace(world, app=replace(world.app, together=all_in_turn_backwards))
    fails_at(injector, 2, unreachable, go, world)
    [run], _ = list_runs(world.app, limit=10, start=None)
    assert kinds(world, run["runId"])[-1] == "run.finished"
    [finished] = events(world, run["runId"], "run.finished")
    assert (finished["status"], finished["reason"], finished["charged"]) == ("failed", "store_unavailable", 0)


def test_what_cannot_be_taken_back_ends_by_itself(world: World, injector: Injector) -> None:
    injector.from_then_on(2, lost_answer)
    with pytest.raises(StoreUnavailable):
        go(world)
    injector.clear()
    world.clock.forward(3 * 3600)
    assert go(world)["status"] == "accepted"


@pytest.mark.parametrize("trouble", [unreachable, lost_answer])
@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_delivery_that_got_no_further_than_its_lease_costs_the_run_neither_time_nor_money(
    world: World, injector: Injector, trouble: Happening, number: int
) -> None:
    run_id = str(go(world)["runId"])
    fails_at(injector, number, trouble, work, world.app, run_id, FAR)
    before = world.clock.at
    assert work(world.app, run_id, FAR)["executed"] is True
    assert world.clock.at == before
    assert (len(world.model.received), len(world.github.posted), charged(world)) == (1, 1, COST)
    assert len(events(world, run_id, "charge.requested")) == 1


def test_a_delivery_that_could_not_write_down_its_answer_is_followed_at_once_and_stays_charged(
    world: World, injector: Injector
) -> None:
    run_id = str(go(world)["runId"])
    injector.happening = lambda number, operation, body: unreachable if operation == "ExecuteTransaction" else None
    with pytest.raises(StoreUnavailable):
        work(world.app, run_id, FAR)
    injector.clear()
    before = world.clock.at
    assert work(world.app, run_id, FAR)["executed"] is True
    assert world.clock.at == before
    assert (len(world.model.received), len(world.github.posted), charged(world)) == (2, 1, 2 * COST)
    assert "run.resumed" in kinds(world, run_id)


def test_where_not_even_the_lease_can_be_given_back_it_runs_out(world: World, injector: Injector) -> None:
    run_id = str(go(world)["runId"])
    world.model.before = lambda: injector.from_then_on(0, unreachable)
    with pytest.raises(StoreUnavailable):
        work(world.app, run_id, FAR)
    injector.clear()
    world.model.before = lambda: None
    before = world.clock.at
    assert work(world.app, run_id, FAR)["executed"] is True
    assert world.clock.at > before
    assert len(world.github.posted) == 1


def test_a_run_that_a_delivery_of_github_carries_out_itself_is_followed_at_once_too(
    world: World, injector: Injector
) -> None:
    inline = replace(world, app=replace(world.app, start_worker=None))

    def lose_the_store() -> None:
        injector.happening = lambda number, operation, body: unreachable if operation == "ExecuteTransaction" else None

    world.model.before = lose_the_store
    with pytest.raises(StoreUnavailable):
        go(inline)
    injector.clear()
    world.model.before = lambda: None
    before, run_id = world.clock.at, go(inline)["runId"]
    assert work(inline.app, run_id, FAR)["executed"] is True
    assert world.clock.at == before
    assert len(world.github.posted) == 1


# --- what follows the two writes is a part of the claim ----------------------------------------


def test_a_probe_that_cannot_be_told_of_is_given_back(world: World, injector: Injector) -> None:
    world.app.ledger.trip("as told", world.clock.at)
    world.clock.forward(3600)
    fails_at(injector, 4, unreachable, go, world)
    item = world.app.ledger.read()
    assert item is not None
    assert (charged(world), item["state"]) == (0, "open")
    assert go(world)["status"] == "accepted"


class _Spent(Ledger):
    """Another run was faster with the last of the budget."""

    def reserve(self, *_: Any, **__: Any) -> Refusal:
        return Refusal("budget_exhausted", 60, "the budget is used up")


@pytest.mark.parametrize("trouble", [unreachable, lost_answer])
def test_a_refusal_that_cannot_be_written_leaves_no_key(world: World, injector: Injector, trouble: Happening) -> None:
    app = world.app
    spent = _Spent(app.store, app.settings.breaker_table, app.settings.limits)
    fails_at(injector, 2, trouble, go, replace(world, app=replace(app, ledger=spent)))
    assert go(world)["status"] == "accepted"


def test_an_inline_run_that_may_be_gone_on_with_keeps_its_charge(world: World, injector: Injector) -> None:
    inline = replace(world, app=replace(world.app, start_worker=None))

    def end_does_not_get_through(_: int, operation: str, body: bytes) -> Happening | None:
        if operation != "ExecuteTransaction":
            return None
        return unreachable if b"UPDATE" in body else lost_answer

    injector.happening = end_does_not_get_through
    with pytest.raises(StoreUnavailable):
        go(inline)
    injector.clear()
    assert work(inline.app, go(inline)["runId"], FAR)["status"] == "success"
