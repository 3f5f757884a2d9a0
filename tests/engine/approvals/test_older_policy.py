"""What waits from before an upgrade: tables that 19a81eb (policy 10) wrote, with one action in each state.

Made by that commit's own rig (`tests/fakes.py`, `dispatch`, `approve`): plans that ask because of a link, some of which
hold a piece of what is one of the service's own secrets only today; a lost answer, a late one, a dead attempt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from core.actions import states
from core.approvals.approve import approve, list_pending, reject
from core.approvals.reconcile import look_at_waiting
from core.errors import Conflict
from core.types import Comment
from tests.support.fakes import World
from tests.support.older import left_behind, recorded
from tests.support.rejudging import replay_all

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

RECORDED: Any = recorded("policy_10")
IDS: dict[str, str] = RECORDED["actions"]
FAR = RECORDED["now"] + 10**12


@pytest.fixture
def world(dynamodb_client: DynamoDBClient, tables: dict[str, str]) -> World:
    """The world that the older code left behind, an hour later, under today's policy."""
    return left_behind(dynamodb_client, tables, RECORDED, later=3_600_000)


def state(world: World, name: str) -> str:
    item = world.app.store.get(world.app.settings.actions_table, {"id": IDS[name]})
    assert item is not None
    return states.read(item).state_at(world.clock.at)


@pytest.mark.parametrize("name", ["pending", "failed", "outcome_unknown, not landed", "executing", "pending labels"])
def test_what_waits_keeps_its_captain_and_can_be_approved(world: World, name: str) -> None:
    assert approve(world.app, IDS[name], "captain", None)["status"] == "executed"
    assert state(world, name) == "executed"
    assert world.writer.sent == [IDS[name]]


@pytest.mark.parametrize("name", ["pending, refused today", "failed, refused today"])
def test_what_refuses_today_ends_it_with_words_that_say_what_to_do(world: World, name: str) -> None:
    with pytest.raises(Conflict, match="drafted under an older policy: dispatch again") as refused:
        approve(world.app, IDS[name], "captain", None)
    assert refused.value.detail["state"] == "expired"
    assert state(world, name) == "expired"
    assert world.writer.sent == []


def test_an_unknown_one_that_refuses_today_is_still_looked_for(world: World) -> None:
    name = "outcome_unknown, refused today"
    with pytest.raises(Conflict, match="older policy") as refused:
        approve(world.app, IDS[name], "captain", None)
    assert refused.value.detail["state"] == "outcome_unknown"
    body = next(
        item["payload"]["body"] for item in list_pending(world.app, limit=50, start=None)[0] if item["id"] == IDS[name]
    )
    world.github.posted.append((49, Comment("dfg-bot", body, "2026-11-22T12:00:00Z")))
    look_at_waiting(world.app, FAR)
    assert state(world, name) == "executed"
    assert world.writer.sent == []


def test_one_that_landed_is_found(world: World) -> None:
    look_at_waiting(world.app, FAR)
    assert state(world, "outcome_unknown, landed") == "executed"
    assert state(world, "outcome_unknown, not landed") == "outcome_unknown"


@pytest.mark.parametrize("name", ["executed", "rejected", "expired", "shadowed"])
def test_what_was_decided_stays_decided(world: World, name: str) -> None:
    with pytest.raises(Conflict, match=f"is {name} already"):
        approve(world.app, IDS[name], "captain", None)


def test_the_queue_shows_it_and_it_can_be_rejected(world: World) -> None:
    shown = {item["id"]: item for item in list_pending(world.app, limit=50, start=None)[0]}
    assert shown[IDS["pending"]]["writtenBy"] == ""
    assert reject(world.app, IDS["pending"], "captain", "enough")["status"] == "rejected"


def test_replay_tells_the_runs_apart_and_verifies_their_bytes(
    world: World, dynamodb_client: DynamoDBClient, tables: dict[str, str]
) -> None:
    replayed = replay_all(dynamodb_client, tables)
    assert {one.result for one in replayed} == {"older"}
    assert all(not one.faults and "judged by policy 10-" in one.why for one in replayed)
    assert len(replayed) == len(IDS)
