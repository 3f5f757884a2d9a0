"""A plan asked for in a world, and what its run leaves on record."""

from __future__ import annotations

from typing import Any

from core.audit.read import read_run
from core.dispatcher import breaker
from core.runs.arrow import dispatch
from core.types import Json, Target, TaskRequest
from tests.support.fakes import START, World

FAR = START + 10**12


def request(number: int = 42, *, issue: int | None = 100, force: bool = False) -> TaskRequest:
    return TaskRequest("qa_plan", Target("pull_request", number), issue, force, "ci", "api")


def go(world: World, number: int = 42, *, issue: int | None = 100, force: bool = False) -> Json:
    return dispatch(world.app, request(number, issue=issue, force=force), wait_until=0, deadline=FAR)


def kinds(world: World, run_id: str) -> list[str]:
    run = read_run(world.app, run_id)
    assert run["chain"]["intact"], run["chain"]
    return [event["type"] for event in run["events"]]


def events(world: World, run_id: str, kind: str) -> list[Any]:
    return [event["data"] for event in read_run(world.app, run_id)["events"] if event["type"] == kind]


def charged(world: World) -> int:
    item = world.app.ledger.read()
    assert item is not None
    assert item["total"] == sum(e["charge"] for e in item["charges"].values())
    return breaker.snapshot(item, world.clock.at).charged
