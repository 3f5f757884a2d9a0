"""The cost report, from the audit alone, against the breaker's own item."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from core.app import App
from core.audit import log
from core.audit.log import Event
from core.errors import LeaseHeld, OrchestratorError
from core.runs.arrow import work
from core.store import Store
from dfg.costs import Charge, charge_of, report
from dfg.exporting import list_runs
from tests.support.audit_reading import reader
from tests.support.dispatching import FAR, go
from tests.support.fakes import World, make_world, message, pull_request, trouble
from tests.support.rejudging import scan
from tests.support.stories import ASKS, FORBIDDEN, DiesBeforeSending, Killed

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

ROOMY = {
    "MAX_TASKS_PER_WINDOW": "100",
    "MAX_COST_PER_WINDOW_USD": "100",
    "ERROR_RATE_THRESHOLD": "1",
    "ERROR_RATE_MIN_TASKS": "1000",
    "GUARDRAIL_OVERRIDE": "acknowledged",
}
"""Limits that stop none of the runs."""

ANSWERS: list[Callable[[], list[Any]]] = [
    lambda: [message()],
    lambda: [message(ASKS)],
    lambda: [message(FORBIDDEN)],
    lambda: [message("not json", usage=(7001, 33))],
    lambda: [message(stop_reason="max_tokens", usage=(900, 8000))],
    lambda: [trouble(400)],
    lambda: [trouble(529), message(usage=(1, 1))],
    lambda: [trouble(500), message()],
    lambda: [trouble(500), trouble(429, "3"), trouble(500), message(ASKS)],
    lambda: [trouble(500)] * 4,
]


class DyingStore(Store):
    """Ends its process before or after one of its writes."""

    def __init__(self, store: Store, at: int, before: bool) -> None:
        self._inner, self._left, self._before = store, at, before

    def __getattribute__(self, name: str) -> Any:
        if name not in ("transact", "update"):
            return object.__getattribute__(self, name) if name.startswith("_") else getattr(self._inner, name)

        def write(*arguments: Any, **options: Any) -> Any:
            self._left -= 1
            if self._left == 0 and self._before:
                raise Killed
            result = getattr(self._inner, name)(*arguments, **options)
            if self._left == 0:
                raise Killed
            return result

        return write


def dying(world: World, at: int, before: bool) -> World:
    """The same world in a process that ends at its write number `at`."""
    store = DyingStore(world.app.store, at, before)
    ledger = type(world.app.ledger)(store, world.app.settings.breaker_table, world.app.settings.limits)
    return replace(world, app=replace(world.app, store=store, ledger=ledger))


def audited(client: DynamoDBClient, app: App) -> dict[str, Charge]:
    """What each run is charged, by its events."""
    chains: dict[str, list[Event]] = {}
    for item in scan(client, app.settings.audit_table):
        chains.setdefault(item["chain"], []).append(log.from_item(item))
    runs = {run: sorted(events, key=lambda event: event.seq) for run, events in chains.items()}
    return {
        run: charge_of(event.as_json() for event in events)
        for run, events in runs.items()
        if events[0].type == "run.started"
    }


def charged(app: App) -> dict[str, int]:
    """What each run is charged, by the breaker."""
    item = app.ledger.read()
    assert item is not None
    return {run: entry["charge"] for run, entry in item["charges"].items()}


def attempt(act: Callable[[], Any]) -> bool:
    """Whether the process lived."""
    try:
        act()
    except Killed:
        return False
    except (LeaseHeld, OrchestratorError):
        return True
    return True


def test_the_audit_and_the_breaker_agree_to_the_micro_dollar(
    dynamodb_client: DynamoDBClient, tables: dict[str, str]
) -> None:
    require_agreement(dynamodb_client, tables, seed=0)


def require_agreement(dynamodb_client: DynamoDBClient, tables: dict[str, str], *, seed: int) -> None:
    """After each of a number of runs with whatever fate the seed gives them."""
    dice = random.Random(seed)  # noqa: S311 - chooses what happens, and nobody is to be kept from guessing it
    world = make_world(dynamodb_client, tables, **ROOMY)
    unheard: set[str] = set()
    """Runs that died between their reservation and its event: nothing was sent, and the reservation ages out."""
    for number in range(100, 124):
        world.github.pulls[number] = pull_request(number)
        world.model.replies = dice.choice(ANSWERS)()
        fate = dice.choice(["lives", "lives", "dies before sending", "dies at a write", "never begins"])
        actor = world
        if fate == "dies before sending":
            actor = replace(world, app=replace(world.app, writer=DiesBeforeSending))
        if fate == "dies at a write":
            actor = dying(world, dice.randint(1, 6), dice.random() < 0.5)
        if fate == "never begins":
            actor = replace(world, app=replace(world.app, start_worker=lambda event: None))
        sent = len(world.model.received)
        lived = attempt(partial(go, actor, number))
        told = audited(dynamodb_client, world.app)
        if fate == "dies at a write" and not lived:
            lost = set(charged(world.app)) - set(told) - unheard
            assert not lost or len(world.model.received) == sent
            unheard |= lost
            # Of two writes that go together one may be missing. Delivered again until it has ended, they agree.
            for run in [run for run, charge in told.items() if not charge.settled]:
                world.clock.forward(1000)
                world.model.replies = [message()]
                attempt(partial(work, world.app, run, FAR))
        if dice.random() < 0.5:  # the same again: a duplicate where it succeeded, another run where it did not
            world.model.replies = [message(usage=(number, number))]
            attempt(partial(go, world, number))
        assert not_nothing(audited(dynamodb_client, world.app)) == {
            run: amount for run, amount in charged(world.app).items() if amount and run not in unheard
        }

    lines = report(reader(world.app))
    runs = audited(dynamodb_client, world.app)
    statuses = {run["status"] for run in list_runs(reader(world.app), kind="dispatch")}
    assert statuses >= {"success", "rejected", "failed", "duplicate"}
    assert sum(line.runs for line in lines) == len(runs)
    assert sum(line.settled for line in lines) == sum(charge.amount for charge in runs.values() if charge.settled)
    assert sum(line.reserved for line in lines) == sum(charge.amount for charge in runs.values() if not charge.settled)


def not_nothing(charges: dict[str, Charge]) -> dict[str, int]:
    return {run: charge.amount for run, charge in charges.items() if charge.amount}


def test_the_report_is_by_day_task_type_and_principal(dynamodb_client: DynamoDBClient, tables: dict[str, str]) -> None:
    world = make_world(dynamodb_client, tables)
    go(world)
    go(world)
    world.clock.forward(86_400)
    world.github.pulls[43] = pull_request(43)
    go(world, 43)
    [newer, older] = report(reader(world.app))
    assert (newer.day, older.day) == ("2026-09-22", "2026-09-21")
    assert (older.task_type, older.principal, older.runs) == ("qa_plan", "ci", 2)
    assert older.settled == newer.settled == 1200 * 2 + 400 * 10
    assert older.reserved == 0
    assert report(reader(world.app), since="2026-09-22") == [newer]
    assert report(reader(world.app), until="2026-09-22") == [older]
