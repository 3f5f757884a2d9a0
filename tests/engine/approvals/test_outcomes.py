"""What became of posted plans: one look a day, an event for each change, figures from the audit alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from core.actions import states
from core.approvals.approve import get_pending
from core.approvals.reconcile import observe
from core.audit import evidence
from core.audit.read import list_runs
from core.types import Comment
from tests.support.dispatching import go
from tests.support.fakes import FakeGitHub, World, make_world, pull_request

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

DAY = 86_400_000


@pytest.fixture
def world(dynamodb_client: DynamoDBClient, tables: dict[str, str]) -> World:
    return make_world(dynamodb_client, tables)


def posted(world: World) -> dict[str, Any]:
    body = dict(go(world))
    assert body["state"] == "executed"
    return body


def tick(world: World, boxes: int, **changes: Any) -> None:
    number, comment = world.github.posted[-1]
    world.github.posted[-1] = number, replace(comment, body=comment.body.replace("[ ]", "[x]", boxes), **changes)


def looked(world: World) -> dict[str, int]:
    world.clock.at += DAY
    return observe(world.app, world.clock.at + 60_000)


def observed(world: World) -> list[dict[str, Any]]:
    runs, _ = list_runs(world.app, limit=50, start=None, where={})
    return [run for run in runs if run["kind"] == "observation"]


def figures(world: World) -> dict[str, Any]:
    read = evidence.read(world.app, 30, world.clock.at + 60_000)
    [line] = evidence.count(read.events)
    return line


def test_nothing_is_told_of_a_plan_that_nobody_has_touched(world: World) -> None:
    posted(world)
    assert looked(world) == {"targets": 1, "changed": 0}
    assert observed(world) == []
    assert figures(world)["workedThrough"] == 0


def test_ticks_and_thumbs_are_an_event_and_a_figure(world: World) -> None:
    posted(world)
    tick(world, 2, liked=3, disliked=1)
    assert looked(world) == {"targets": 1, "changed": 1}
    assert len(observed(world)) == 1
    line = figures(world)
    assert (line["workedThrough"], line["liked"], line["disliked"]) == (1, 3, 1)
    assert 0.5 <= line["tickedShare"] <= 1
    assert line["costPerWorkedThrough"] == line["cost"]


def test_the_same_again_is_no_event(world: World) -> None:
    posted(world)
    tick(world, 1)
    assert looked(world)["changed"] == 1
    assert looked(world)["changed"] == 0
    tick(world, 1)
    assert looked(world)["changed"] == 1
    assert len(observed(world)) == 2


def test_the_address_that_a_writer_did_not_tell_is_found_by_the_marker_and_is_no_event(world: World) -> None:
    action = posted(world)["actionId"]
    number, comment = world.github.posted[-1]
    world.github.posted[-1] = number, replace(comment, url="https://github.com/acme/widgets/pull/42#issuecomment-7")
    assert looked(world)["changed"] == 0
    assert get_pending(world.app, action)["commentUrl"].endswith("#issuecomment-7")
    assert observed(world) == []


def test_there_is_one_look_a_day(world: World) -> None:
    posted(world)
    tick(world, 1)
    assert looked(world)["targets"] == 1
    assert observe(world.app, world.clock.at + 60_000) == {"targets": 0, "changed": 0}


def test_nobody_asks_after_a_closed_pull_request_or_an_old_plan(world: World) -> None:
    posted(world)
    world.github.pulls[42] = pull_request(state="closed")
    assert looked(world) == {"targets": 1, "changed": 0}
    assert looked(world) == {"targets": 0, "changed": 0}


def test_nobody_asks_after_a_plan_of_two_weeks_ago(world: World) -> None:
    posted(world)
    world.clock.at += 14 * DAY
    assert looked(world) == {"targets": 0, "changed": 0}


class LeftMeanwhile(FakeGitHub):
    """While the comments are read, somebody stops asking after the action."""

    def __init__(self, world: World, action_id: str) -> None:
        super().__init__()
        self.posted, self._world, self._action = world.github.posted, world, action_id

    def comments(self, number: int, since: str = "") -> tuple[Comment, ...]:
        table = self._world.app.settings.actions_table
        assert self._world.app.store.transact([states.unqueue(table, self._action, states.POSTED)]) is None
        return super().comments(number, since)


def test_what_left_the_queue_during_the_look_is_not_written_of(world: World) -> None:
    action = posted(world)["actionId"]
    tick(world, 2)
    world.clock.at += DAY
    app = replace(world.app, github=lambda: LeftMeanwhile(world, action))
    assert observe(app, world.clock.at + 60_000) == {"targets": 1, "changed": 0}
    assert observed(world) == []


def test_what_somebody_else_wrote_counts_for_nothing(world: World) -> None:
    posted(world)
    tick(world, 2, author="somebody")
    assert looked(world)["changed"] == 0


def test_a_look_sends_nothing_and_asks_no_model(world: World) -> None:
    posted(world)
    tick(world, 1)
    asked, written = len(world.model.received), len(world.github.posted)
    looked(world)
    assert (len(world.model.received), len(world.github.posted)) == (asked, written)
