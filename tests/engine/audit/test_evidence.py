"""The evidence as it is read from the real audit: crashes, late finds, and a period that is too long to read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from core.actions import states
from core.approvals.approve import approve, list_pending, reject
from core.approvals.reconcile import look_at_waiting
from core.audit import evidence
from core.canonical import iso
from core.errors import Conflict
from core.runs.arrow import work
from core.store import Store
from tests.support.dispatching import FAR, go
from tests.support.fakes import ASKS, START, World, make_world, message, pull_request

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

SETTLED = 901
"""Seconds."""


class Died(BaseException):
    """An invocation that ends where it stands."""


def die() -> None:
    raise Died


@pytest.fixture
def world(dynamodb_client: DynamoDBClient, tables: dict[str, str]) -> World:
    return make_world(dynamodb_client, tables)


def waiting(world: World, number: int = 42) -> str:
    world.github.pulls[number] = pull_request(number)
    world.model.replies = [message(ASKS)]
    return str(go(world, number)["actionId"])


def dies(world: World, step: Callable[[], object]) -> None:
    """`step`, whose writer dies in the middle."""
    world.writer.before = die
    with pytest.raises(Died):
        step()
    world.writer.before = lambda: None
    world.clock.forward(60)


def lands(world: World, action_id: str) -> None:
    """The comment of an attempt that died has got through all the same."""
    item = world.app.store.get(world.app.settings.actions_table, {"id": action_id})
    assert item is not None
    world.github.post(42, states.read(item).action.payload["body"], "2026-11-22T12:00:00Z")


def told(world: World, days: int = 30) -> dict[str, Any]:
    """The figures that are not zero, and not money."""
    read = evidence.read(world.app, days, FAR)
    assert read.complete
    lines = evidence.count(read.events)
    return {name: n for line in lines for name, n in line.items() if n and not isinstance(n, str)}


def test_a_comment_that_is_found_later_was_posted_by_itself(world: World) -> None:
    world.writer.outcomes = ["lost"]
    go(world)
    assert told(world) == {"proposals": 1, "waiting": 1}
    look_at_waiting(world.app, FAR)
    assert told(world) == {"proposals": 1, "postedByItself": 1}


def test_a_run_that_died_while_posting_is_unfinished_until_it_is_looked_at(
    dynamodb_client: DynamoDBClient, tables: dict[str, str]
) -> None:
    world = make_world(dynamodb_client, tables, worker=True)
    run_id = go(world)["runId"]
    dies(world, lambda: work(world.app, run_id, FAR))
    assert told(world) == {"unfinished": 1}
    world.clock.forward(600)
    assert work(world.app, run_id, FAR)["state"] == "outcome_unknown"
    assert told(world) == {"proposals": 1, "waiting": 1}


def test_a_comment_that_the_look_finds_before_the_run_ends_counts_once(
    dynamodb_client: DynamoDBClient, tables: dict[str, str]
) -> None:
    world = make_world(dynamodb_client, tables, worker=True)
    run_id = go(world)["runId"]
    dies(world, lambda: work(world.app, run_id, FAR))
    [action] = list_pending(world.app, limit=10, start=None)[0]
    lands(world, action["id"])
    world.clock.forward(600)
    assert look_at_waiting(world.app, FAR)["executed"] == 1
    assert told(world) == {"unfinished": 1}
    assert work(world.app, run_id, FAR)["state"] == "executed"
    assert told(world) == {"proposals": 1, "postedByItself": 1}


@pytest.mark.parametrize("moved", [False, True])
def test_an_approval_that_died_and_is_found_was_approved(world: World, moved: bool) -> None:
    action = waiting(world)
    digest = None
    if moved:
        world.github.pulls[42] = pull_request(head_sha="b" * 40)
        with pytest.raises(Conflict) as refused:
            approve(world.app, action, "captain", None)
        digest = refused.value.detail["digest"]
    world.writer.outcomes = ["lost"]
    assert approve(world.app, action, "captain", digest)["status"] == "outcome_unknown"
    assert told(world) == {"proposals": 1, "waiting": 1}
    look_at_waiting(world.app, FAR)
    assert told(world) == {"proposals": 1, "approvedStale" if moved else "approvedUnchanged": 1}


def test_an_approval_after_an_attempt_that_died_is_counted_though_it_is_not_its_requests_first_event(
    world: World,
) -> None:
    action = waiting(world)
    dies(world, lambda: approve(world.app, action, "captain", None))
    world.clock.forward(SETTLED)
    assert approve(world.app, action, "captain", None)["status"] == "executed"
    assert told(world) == {"proposals": 1, "approvedUnchanged": 1}


def test_a_dead_attempt_that_is_found_by_the_next_request_is_counted(world: World) -> None:
    action = waiting(world)
    dies(world, lambda: approve(world.app, action, "captain", None))
    lands(world, action)
    assert approve(world.app, action, "captain", None)["status"] == "executed"
    assert told(world) == {"proposals": 1, "approvedUnchanged": 1}


def test_a_dead_attempt_that_is_rejected_is_counted(world: World) -> None:
    action = waiting(world)
    dies(world, lambda: approve(world.app, action, "captain", None))
    reject(world.app, action, "captain", "enough")
    assert told(world) == {"proposals": 1, "rejected": 1}


def test_a_dead_attempt_whose_time_is_over_is_counted(world: World) -> None:
    action = waiting(world)
    world.writer.outcomes = ["failed"]
    approve(world.app, action, "captain", None)
    world.clock.forward(8 * 86_400)
    look_at_waiting(world.app, FAR)
    assert told(world) == {"proposals": 1, "expired": 1}


def test_decisions_belong_to_the_period_of_their_run(world: World) -> None:
    early = waiting(world)
    world.clock.forward(2 * 86_400)
    late = waiting(world, 43)
    reject(world.app, early, "captain", "no")
    approve(world.app, late, "captain", None)
    assert told(world, 1) == {"proposals": 1, "approvedUnchanged": 1}
    assert told(world, 3) == {"proposals": 2, "approvedUnchanged": 1, "rejected": 1}


class SmallPages(Store):
    """A store whose pages hold a few items, as those of a large table do."""

    items = 7
    asked = 0

    def query(self, *arguments: Any, **options: Any) -> Any:
        self.asked += 1
        return super().query(*arguments, **{**options, "limit": self.items})


def ten_runs(world: World, client: DynamoDBClient) -> SmallPages:
    """Ten runs a minute apart, each with an approval; and the store to read them with."""
    for number in range(42, 52):
        approve(world.app, waiting(world, number), "captain", None)
        world.clock.forward(60)
    return SmallPages(client, sleep=world.clock.sleep, new_id=world.app.new_id)


def test_a_long_period_is_read_page_by_page(world: World, dynamodb_client: DynamoDBClient) -> None:
    store = ten_runs(world, dynamodb_client)
    app = replace(world.app, store=store)
    read = evidence.read(app, 30, FAR)
    assert (read.complete, store.asked) == (True, 6)
    assert (read.since, read.until) == (iso(world.clock.at - 30 * evidence.DAY_MS), iso(world.clock.at))
    assert evidence.count(read.events)[0]["approvedUnchanged"] == 10


def test_a_period_that_is_too_long_is_cut_where_reading_stopped_and_whole_from_there_on(
    world: World, dynamodb_client: DynamoDBClient
) -> None:
    store = ten_runs(world, dynamodb_client)
    app = replace(world.app, store=store)
    read = evidence.read(app, 30, world.clock.at)
    assert (read.complete, store.asked) == (False, 1)
    [line] = evidence.count(read.events)
    assert line["proposals"] == line["approvedUnchanged"] == 1
    assert iso(START + 8 * 60_000) <= read.since <= iso(START + 9 * 60_000)


def test_no_more_pages_are_read_than_the_bound(world: World, dynamodb_client: DynamoDBClient) -> None:
    store = ten_runs(world, dynamodb_client)
    store.items = 1
    read = evidence.read(replace(world.app, store=store), 30, FAR)
    assert (read.complete, store.asked) == (False, evidence.MOST_PAGES)
    [line] = evidence.count(read.events)
    assert line["proposals"] == line["approvedUnchanged"] > 0
