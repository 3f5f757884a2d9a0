"""Fixtures of the proofs."""

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


@pytest.fixture
def report(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    def show(line: str) -> None:
        with capsys.disabled():
            print(f"\n  {line}", end="", flush=True)  # noqa: T201 - a proof says how much it covered

    return show


@pytest.fixture
def breaker_table(dynamodb_client: DynamoDBClient, tables: dict[str, str]) -> str:
    """An empty table with a closed breaker in it."""
    store = Store(dynamodb_client, sleep=lambda _: None, new_id=lambda: str(uuid.uuid4()))
    Ledger(store, tables["BREAKER_TABLE"], read_limits({})).create_if_missing()
    return tables["BREAKER_TABLE"]
