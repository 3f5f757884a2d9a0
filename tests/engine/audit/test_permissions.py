"""The audit's functions, each with nothing but what its role in template.yaml allows on the tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from core.app import App
from core.audit import evidence
from core.audit.checkpoint import by_number, checkpoint, latest
from core.audit.erasure import erase
from core.audit.read import list_runs, read_run
from core.store import Store
from local.engine import TABLE_VARIABLES, Engine, dynamodb
from tests.runtime.guard import Grant, Guard, grants
from tests.support.dispatching import FAR, go
from tests.support.fakes import World, make_world
from tests.template.reading import written

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

MakeGuarded = Callable[[World, str], tuple[App, Guard, frozenset[Grant]]]

DO: dict[str, Callable[[App, str], Any]] = {
    "CheckpointFunction": lambda app, run: checkpoint(app, FAR),
    "AuditCheckpointFunction": lambda app, run: (latest(app), by_number(app, 0)),
    "AuditFunction": lambda app, run: list_runs(app, limit=10, start=None),
    "PhasesFunction": lambda app, run: evidence.read(app, 30, FAR),
    "AuditRunFunction": lambda app, run: read_run(app, run, proof=True),
    "EraseFunction": lambda app, run: erase(app, run, "captain", "asked for"),
}


@pytest.fixture
def world(dynamodb_client: DynamoDBClient, tables: dict[str, str]) -> World:
    return make_world(dynamodb_client, tables)


@pytest.fixture
def guarded(engine: Engine, tables: dict[str, str]) -> Iterator[MakeGuarded]:
    """An App that reaches the tables with one function's rights; its guard; and those rights."""
    guards: list[Guard] = []

    def make(world: World, function: str) -> tuple[App, Guard, frozenset[Grant]]:
        names = {logical: tables[variable] for logical, variable in TABLE_VARIABLES.items()}
        allowed = grants(written(), function, names)
        guard = Guard(engine.url, allowed)
        guard.start()
        guards.append(guard)
        store = Store(dynamodb(guard.url, {}), sleep=world.clock.sleep, new_id=world.app.new_id)
        return replace(world.app, store=store), guard, allowed

    yield make
    for guard in guards:
        guard.stop()


@pytest.mark.parametrize("function", DO)
def test_a_function_has_the_rights_that_it_needs_and_uses_them(
    function: str, world: World, guarded: MakeGuarded
) -> None:
    run_id = str(go(world)["runId"])
    world.clock.forward(301)
    if function != "CheckpointFunction":
        checkpoint(world.app, FAR)
    app, guard, allowed = guarded(world, function)
    DO[function](app, run_id)
    assert guard.denied == []
    assert guard.used == allowed
