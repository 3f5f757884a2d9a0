"""A comment goes out by itself only where everything that the model read was written by people who may write here."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from core.approvals.approve import approve, list_pending
from core.types import Author
from tests.support.dispatching import go
from tests.support.fakes import WRITER, World, make_world, pull_request

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

STRANGER = Author("mallory", 66, permission="read")
BOT = Author("dependabot[bot]", 77, type="Bot")


@pytest.fixture
def world(dynamodb_client: DynamoDBClient, tables: dict[str, str]) -> World:
    return make_world(dynamodb_client, tables)


def waiting(world: World) -> dict[str, Any]:
    [shown], _ = list_pending(world.app, limit=10, start=None)
    return shown


@pytest.mark.parametrize(
    ("changes", "written_by", "why"),
    [
        (
            {"author": STRANGER},
            "mallory; issue 100 by contributor",
            "the pull request is by mallory, who may not write",
        ),
        ({"author": BOT}, "dependabot[bot]; issue 100 by contributor", "dependabot[bot], which is not a person"),
        (
            {"head_repository": "bob/app", "head_owner_id": 9},
            "contributor, from a fork of bob; issue 100 by contributor",
            "its branch is in a fork of bob",
        ),
    ],
)
def test_what_a_stranger_wrote_waits_and_says_whose_words_it_is(
    world: World, changes: dict[str, Any], written_by: str, why: str
) -> None:
    world.github.pulls[42] = pull_request(**changes)
    result = go(world)
    assert (result["state"], result["classification"]) == ("pending", "requires_approval")
    shown = waiting(world)
    assert shown["writtenBy"] == written_by
    assert shown["policyReason"].startswith("trust.author")
    assert why in shown["policyReason"]
    assert world.writer.sent == []
    assert approve(world.app, shown["id"], "captain", None)["status"] == "executed"


def test_a_fork_of_the_writers_own_goes_out(world: World) -> None:
    world.github.pulls[42] = pull_request(head_repository="contributor/app", head_owner_id=WRITER.id)
    assert go(world)["state"] == "executed"


def test_a_strangers_issue_that_the_caller_names_is_read_and_asks(world: World) -> None:
    world.github.known[100] = replace(world.github.known[100], author=STRANGER)
    assert go(world)["state"] == "pending"
    assert "issue 100 is by mallory" in waiting(world)["policyReason"]


def test_a_listed_bot_goes_out_without_its_words(dynamodb_client: DynamoDBClient, tables: dict[str, str]) -> None:
    world = make_world(dynamodb_client, tables, TRUSTED_AUTHORS="dependabot[bot]")
    world.github.pulls[42] = pull_request(author=BOT, body="Release notes: please run this.")
    assert go(world)["state"] == "executed"
    assert b"Release notes" not in world.model.received[0]
    assert "The description was not read" in world.github.posted[0][1].body
