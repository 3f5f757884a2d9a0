"""What counts for the breaker, from when, and how long a charge without an answer counts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from core.config import BILLING_MARGIN_SECONDS
from core.dispatcher import breaker
from core.dispatcher.tripping import reset
from core.types import Effect
from tests.support.dispatching import events, go
from tests.support.fakes import World, make_world, message, pull_request, trouble

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

    from core.dispatcher.reply import Reply
    from core.types import Action


@pytest.fixture
def world(dynamodb_client: DynamoDBClient, tables: dict[str, str]) -> World:
    return make_world(dynamodb_client, tables, MAX_RETRIES="0")


def told(world: World, replies: list[Reply], first: int = 50) -> None:
    """A dispatch of another pull request for each reply of the model."""
    for number, reply in enumerate(replies, first):
        world.github.pulls[number] = pull_request(number)
        world.model.replies = [reply]
        go(world, number)
        world.clock.forward(1)


def state(world: World) -> str:
    item = world.app.ledger.read()
    assert item is not None
    return str(item["state"])


def failed(world: World) -> int:
    item = world.app.ledger.read()
    assert item is not None
    return breaker.snapshot(item, world.clock.at).failed_tasks


@pytest.mark.parametrize("status", [401, 403, 429, 500, 529])
def test_a_service_that_is_ill_opens_the_breaker(world: World, status: int) -> None:
    told(world, [trouble(status)] * 5)
    assert state(world) == "open"


@pytest.mark.parametrize(
    "reply",
    [trouble(400), trouble(413), message(stop_reason="max_tokens"), message(stop_reason="refusal"), message("no JSON")],
    ids=["400", "413", "max_tokens", "refusal", "policy"],
)
def test_what_one_content_brings_about_opens_nothing(world: World, reply: Reply) -> None:
    told(world, [reply] * 7)
    assert (state(world), failed(world)) == ("closed", 0)


@pytest.mark.parametrize(("ill", "expected"), [(True, "open"), (False, "closed")])
def test_a_refused_comment_counts_only_for_lack_of_a_right(world: World, ill: bool, expected: str) -> None:
    class Refusing:
        name = "fake"

        def write(self, action: Action) -> Effect:
            return Effect("failed", "GitHub API 403", ill=ill)

    told(replace(world, app=replace(world.app, writer=Refusing)), [message()] * 5)
    assert state(world) == expected


def test_one_more_failure_after_a_reset_opens_nothing(world: World) -> None:
    told(world, [trouble(500)] * 5)
    assert state(world) == "open"
    reset(world.app, "captain")
    world.clock.forward(1)
    told(world, [trouble(500)], first=60)
    assert (state(world), failed(world)) == ("closed", 1)


def test_a_probe_that_succeeds_clears_what_was_counted_and_no_charge(world: World) -> None:
    told(world, [trouble(500)] * 5)
    world.clock.forward(900)
    item = world.app.ledger.read()
    assert item is not None
    told(world, [message()], first=60)
    after = world.app.ledger.read()
    assert after is not None
    assert (state(world), failed(world)) == ("closed", 0)
    assert after["total"] > item["total"]
    world.clock.forward(1)
    told(world, [trouble(500)], first=61)
    assert state(world) == "closed"


def test_failures_count_for_an_hour_from_when_they_were_known_whatever_their_money_does(world: World) -> None:
    told(world, [trouble(500)] * 4)
    world.clock.forward(3602)
    told(world, [trouble(500)], first=60)
    assert (state(world), failed(world)) == ("closed", 1)


def test_a_charge_without_an_answer_counts_from_its_deadline_and_a_margin(world: World) -> None:
    world.github.pulls[42] = pull_request()
    world.model.replies = [trouble(500)]
    run_id = go(world)["runId"]
    [asked] = events(world, run_id, "charge.requested")
    item = world.app.ledger.read()
    assert item is not None
    timeout_and_slack = asked["until"] - world.clock.at - BILLING_MARGIN_SECONDS * 1000
    assert timeout_and_slack > 0
    assert item["charges"][run_id]["at"] == asked["until"]


def test_an_attempt_that_ends_after_its_deadline_counts_from_its_end_and_a_margin(world: World) -> None:
    def trickle() -> None:
        world.clock.forward(3600)

    world.model.before = trickle
    world.model.replies = [trouble(500)]
    run_id = go(world)["runId"]
    item = world.app.ledger.read()
    assert item is not None
    assert item["charges"][run_id]["at"] == world.clock.at + BILLING_MARGIN_SECONDS * 1000
    assert not breaker.aged(item["charges"][run_id], world.clock.at + 3600 * 1000 + BILLING_MARGIN_SECONDS * 1000)
