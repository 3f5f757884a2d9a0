"""An issue, what the model says of it, and a world in which it is triaged."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from core.actions import states
from core.runs.arrow import dispatch
from core.types import Issue, Json, Target, TaskRequest
from tests.support.fakes import World, make_world, message
from tests.support.issues import triage_answer

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

ISSUE = 7
READY: dict[str, Any] = json.loads(triage_answer())
UNCLEAR = {**READY, "questions": ["Which listings are meant?"], "ready_for_dev": False}
PHASE3 = {"PHASE": "phase3", "PRE_006_CI_GATING": "confirmed", "CRIT_001_DEBUG_ENDPOINTS": "confirmed"}


def issue(*labels: str, number: int = ISSUE) -> Issue:
    return Issue(number, "Prices are wrong", "Open a listing: the price is negative. It should be 0.", "open", labels)


def a_world(client: DynamoDBClient, tables: dict[str, str], answer: Json, *labels: str, **settings: str) -> World:
    world = make_world(client, tables, **{"PHASE": "phase1", **settings})
    world.github.known[ISSUE] = issue(*labels)
    world.model.replies = [message(dict(answer))]
    return world


def triage(world: World, number: int = ISSUE, *, force: bool = False) -> Mapping[str, Any]:
    request = TaskRequest("triage", Target("issue", number), None, force, "captain", "api")
    now = world.clock.at
    return dispatch(world.app, request, wait_until=now + 25_000, deadline=now + 900_000)


def stored(world: World, action_id: str) -> states.Stored:
    item = world.app.store.get(world.app.settings.actions_table, {"id": action_id})
    assert item is not None
    return states.read(item)
