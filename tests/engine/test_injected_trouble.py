"""Conflicts, throttling, server errors and lost answers at every request to DynamoDB, which no local engine shows.

Short form: `make prove` tries every kind of trouble at every request of every operation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench.operations import MEASURED, OTHERS
from core.errors import StoreUnavailable
from tests.prove.lean import LeanClient
from tests.support.injection import Injector, conflict, lost_answer, troubled_client, unreachable
from tests.support.label_operations import LABEL_OPERATIONS
from tests.support.troubled import BEFORE_THE_STORE_GIVES_UP, Troubled, for_good, now_and_then, once

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

    from local.engine import Engine

COVERED_BY_OTHERS = ("inline", "open breaker", "spent budget", "health")
OPERATIONS = {
    operation.name: operation
    for operation in (*MEASURED, *OTHERS, *LABEL_OPERATIONS)
    if not any(part in operation.name for part in COVERED_BY_OTHERS)
}


@pytest.fixture(scope="module")
def troubled_clients(engine: Engine) -> tuple[DynamoDBClient, Injector]:
    injector = Injector()
    return troubled_client(engine.url, injector), injector


@pytest.fixture
def troubled(engine: Engine, troubled_clients: tuple[DynamoDBClient, Injector], tables: dict[str, str]) -> Troubled:
    client, injector = troubled_clients
    return Troubled(client, LeanClient(engine.url), injector, tables)


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_conflict_at_any_request_changes_nothing(troubled: Troubled, name: str) -> None:
    once(troubled, OPERATIONS[name], conflict, BEFORE_THE_STORE_GIVES_UP)


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_answer_lost_at_any_request_changes_nothing(troubled: Troubled, name: str) -> None:
    once(troubled, OPERATIONS[name], lost_answer, backwards=True)


@pytest.mark.parametrize("name", OPERATIONS)
def test_trouble_of_every_kind_now_and_then_changes_nothing(troubled: Troubled, name: str) -> None:
    now_and_then(troubled, OPERATIONS[name], seeds=1)


@pytest.mark.parametrize("name", ["an approval"])
def test_a_request_that_never_gets_its_answer_breaks_no_law(troubled: Troubled, name: str) -> None:
    assert for_good(troubled, OPERATIONS[name], lost_answer, spreading=False)[StoreUnavailable.code]


@pytest.mark.parametrize("name", ["an approval"])
def test_an_outage_that_begins_at_any_request_breaks_no_law(troubled: Troubled, name: str) -> None:
    assert set(for_good(troubled, OPERATIONS[name], unreachable, spreading=True)) == {StoreUnavailable.code}
