"""Fixtures of the proofs, and what they print: also when they run in several processes."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from core.config import read_limits
from core.dispatcher.ledger import Ledger
from core.store import Store

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

SHOWN = "shown"


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Takes what a proof has to say of how much it covered."""

    def show(line: str) -> None:
        request.node.user_properties.append((SHOWN, line))

    return show


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    ended = [one for outcome in ("passed", "failed") for one in terminalreporter.stats.get(outcome, ())]
    lines = [line for one in ended for name, line in one.user_properties if name == SHOWN and one.when == "call"]
    if lines:
        terminalreporter.section("what the proofs covered")
        terminalreporter.line("\n".join(lines))


@pytest.fixture
def breaker_table(dynamodb_client: DynamoDBClient, tables: dict[str, str]) -> str:
    """An empty table with a closed breaker in it."""
    store = Store(dynamodb_client, sleep=lambda _: None, new_id=lambda: str(uuid.uuid4()))
    Ledger(store, tables["BREAKER_TABLE"], read_limits({})).create_if_missing()
    return tables["BREAKER_TABLE"]
