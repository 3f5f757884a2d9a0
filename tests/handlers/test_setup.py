"""What a deployment is refused for, and how long it waits for a store whose rights are new."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from core.app import App
from core.errors import ConfigurationError, StoreUnavailable
from handlers.setup import refusal
from tests.support.fakes import World, make_world

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

HTTPS = "https://relay.example"
PRIVATE = "http://10.0.0.7:8080"


@pytest.fixture
def world(dynamodb_client: DynamoDBClient, tables: dict[str, str]) -> World:
    return make_world(dynamodb_client, tables)


@dataclass
class NotYet:
    """A ledger whose role is known to DynamoDB after some calls."""

    refusals: int
    made: int = 0

    def create_if_missing(self) -> None:
        if self.refusals:
            self.refusals -= 1
            raise StoreUnavailable("the store refused to update: AccessDeniedException")
        self.made += 1


def behind(world: World, ledger: Any) -> App:
    return replace(world.app, ledger=ledger)


def test_a_store_that_is_not_ready_yet_is_asked_again(world: World) -> None:
    ledger = NotYet(refusals=3)
    assert refusal({}, lambda: behind(world, ledger), 40_000) == ""
    assert ledger.made == 1


def test_a_store_that_never_answers_is_told_before_the_time_is_over(world: World) -> None:
    began = world.app.now()
    assert "AccessDenied" in refusal({}, lambda: behind(world, NotYet(refusals=1_000)), 40_000)
    assert 40_000 <= world.app.now() - began < 45_000


def test_a_wrong_setting_is_told_at_once() -> None:
    def wrong() -> App:
        raise ConfigurationError("MAX_RETRIES must be a number, not 'x'")

    assert refusal({}, wrong, 40_000) == "MAX_RETRIES must be a number, not 'x'"


@pytest.mark.parametrize("name", ["GITHUB_API_URL", "DFG_RELAY_URL", "ANTHROPIC_BASE_URL"])
def test_an_address_without_tls_is_refused_unless_that_is_acknowledged(name: str, world: World) -> None:
    assert refusal({name: HTTPS}, lambda: world.app, 0) == ""
    assert name in refusal({name: PRIVATE}, lambda: world.app, 0)
    assert name in refusal({name: PRIVATE, "ALLOW_INSECURE": "refused"}, lambda: world.app, 0)
    assert refusal({name: PRIVATE, "ALLOW_INSECURE": "acknowledged"}, lambda: world.app, 0) == ""
