"""Conflicts, throttling, server errors and lost answers at every request to DynamoDB: the outcome stays the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from bench.operations import FAR, MEASURED, OTHERS, Operation, ask
from core.audit import log
from core.errors import Conflict, LeaseHeld, StoreUnavailable
from core.pipeline import work
from core.reconcile import look_at_waiting
from local.engine import create_tables, dynamodb
from tests.conftest import table_names
from tests.fakes import World, make_world
from tests.integration.injection import (
    BUSY,
    UNCLEAR,
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
    from local.template import Template

OPERATIONS = [*MEASURED, *OTHERS]
NAMES = [operation.name for operation in OPERATIONS]
TRUE_COST = 1200 * 2 + 400 * 10
"""Micro-dollars of one answer of the fake model."""
BEYOND_THE_SDK = 5
"""More repetitions than the SDK makes by itself."""
SEEDS = 6
"""Random courses of trouble per operation."""


@dataclass(frozen=True)
class Left:
    """Everything that must not depend on trouble."""

    ending: str
    comments: int
    model_calls: int
    charges: list[tuple[int, int, bool, bool | None]]
    breaker: str
    actions: list[str]
    records: list[str]
    chains: list[tuple[str, ...]]


@dataclass
class Bench:
    """Worlds on tables of their own, all behind one troubled client."""

    client: DynamoDBClient
    calm: DynamoDBClient
    injector: Injector
    new_tables: Callable[[], dict[str, str]]

    def world(self, operation: Operation, *, backwards: bool = False) -> tuple[World, str]:
        """A world in which `operation` is about to begin."""
        self.injector.clear()
        world = make_world(self.client, self.new_tables(), worker=operation.worker)
        together = all_in_turn_backwards if backwards else all_in_turn
        world = replace(world, app=replace(world.app, together=together))
        subject = operation.prepare(world)
        self.injector.clear()
        return world, subject

    def scan(self, table: str) -> list[dict[str, Any]]:
        pages = self.calm.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
        return [dict(item) for page in pages for item in page["Items"]]

    def left(self, world: World, ending: str) -> Left:
        """What the world looks like afterwards. Chains have to be whole."""
        settings = world.app.settings
        breaker = world.app.ledger.read()
        assert breaker is not None
        assert breaker["total"] == sum(entry["charge"] for entry in breaker["charges"].values())
        chains = {item["chain"]["S"] for item in self.scan(settings.audit_table)}
        histories = [log.read_chain(world.app.store, settings.audit_table, chain) for chain in chains]
        assert all(log.verdict(history)["intact"] for history in histories)
        return Left(
            ending,
            len(world.github.posted),
            len(world.model.received),
            sorted(
                (e["charge"], e["attempt"], e["settled"], e.get("failed"))
                for run, e in breaker["charges"].items()
                if not run.startswith("other")
            ),
            breaker["state"],
            sorted(item["state"]["S"] for item in self.scan(settings.actions_table)),
            sorted(
                item["key"]["S"].split("#")[0] + " " + item.get("stage", item.get("state", {"S": ""}))["S"]
                for item in self.scan(settings.dedupe_table)
            ),
            sorted(tuple(event.type for event in history) for history in histories),
        )


@pytest.fixture(scope="module")
def troubled(engine: Engine) -> Iterator[tuple[DynamoDBClient, Injector]]:
    injector = Injector()
    yield troubled_client(engine.url, injector), injector


@pytest.fixture
def bench(
    troubled: tuple[DynamoDBClient, Injector], dynamodb_client: DynamoDBClient, template: Template
) -> Bench:
    client, injector = troubled
    made = Counter[str]()

    def new_tables() -> dict[str, str]:
        import uuid

        names = table_names(f"i{uuid.uuid4().hex[:8]}")
        create_tables(dynamodb_client, template, names)
        made["tables"] += 1
        return names

    return Bench(client, dynamodb_client, injector, new_tables)


def undisturbed(bench: Bench, operation: Operation) -> tuple[Left, int]:
    """How the operation ends without trouble, and how many requests that took."""
    world, subject = bench.world(operation)
    ending = operation.run(world, subject)
    requests = len(bench.injector.sent)
    return bench.left(world, ending), requests


@pytest.mark.parametrize("operation", OPERATIONS, ids=NAMES)
@pytest.mark.parametrize("trouble", [*BUSY, *UNCLEAR], ids=lambda trouble: trouble.__name__)
def test_trouble_once_at_any_request_changes_nothing(bench: Bench, operation: Operation, trouble: Happening) -> None:
    expected, requests = undisturbed(bench, operation)
    for number in range(requests):
        for times in (1, BEYOND_THE_SDK) if trouble in BUSY else (1,):
            world, subject = bench.world(operation, backwards=number % 2 == 1)
            bench.injector.at(number, trouble, times)
            ending = operation.run(world, subject)
            assert bench.injector.met == times
            bench.injector.calm()
            assert bench.left(world, ending) == expected, f"request {number}, {times} times"
