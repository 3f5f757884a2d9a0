"""Whatever happened, an honest log passes the verifier, and every verdict comes out the same again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.audit import note
from core.audit.checkpoint import checkpoint
from core.audit.erasure import erase
from core.audit.replay import replay
from core.context import team
from tests.conftest import table_names
from tests.support.audit_reading import exported
from tests.support.dispatching import FAR
from tests.support.fakes import World, make_world
from tests.support.stories import tell_all
from tools.replay import read_runs
from verifier.dfg_verify import KNOWN_TYPES, read_export, verify

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

    from local.template import Template

TEAM = team.load()


@pytest.fixture(scope="module")
def told(dynamodb_client: DynamoDBClient, template: Template) -> World:
    from local.engine import create_tables

    names = table_names("stories")
    create_tables(dynamodb_client, template, names)
    world = make_world(dynamodb_client, names)
    first = tell_all(world)
    erase(world.app, first, "captain", "a person asked for it")
    world.clock.forward(301)
    checkpoint(world.app, FAR)
    return world


def test_every_story_passes_the_verifier(told: World) -> None:
    key = note.verifier_key(told.app.settings.audit_origin, told.app.signer().public_key)
    export = read_export(exported(told.app))
    report = verify(export, key, list(told.published.values()))
    assert report.faults == []
    assert all("has no outcome" in gap for gap in report.unchecked)


def test_the_stories_hold_every_type_of_event_that_the_verifier_knows(told: World) -> None:
    types = {event.type for event in read_export(exported(told.app)).events()}
    assert types <= KNOWN_TYPES
    rare = {
        "charge.refused",
        "action.shadowed",
        "breaker.opened",
        "breaker.closed",
        "breaker.probed",
        "request.refused",
    }
    assert KNOWN_TYPES - types <= rare


def test_every_verdict_comes_out_the_same_again(told: World) -> None:
    replayed = [replay(run, events, content, TEAM) for run, (events, content) in read_runs(exported(told.app)).items()]
    assert {one.result for one in replayed} == {"same", "not judged", "erased"}
    assert [one.faults for one in replayed if one.faults] == []
