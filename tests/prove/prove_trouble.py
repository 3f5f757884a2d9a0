"""Every kind of trouble at every request of every operation, in both orders of what runs at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench.operations import MEASURED, OTHERS, Operation
from core.errors import LeaseHeld, StoreUnavailable
from tests.integration.injection import (
    BUSY,
    UNCLEAR,
    Injector,
    conflict,
    lost_answer,
    server_error_after_work,
    troubled_client,
    unreachable,
)
from tests.integration.troubled import (
    BEFORE_THE_STORE_GIVES_UP,
    BEYOND_THE_SDK,
    Troubled,
    for_good,
    now_and_then,
    once,
)
from tests.prove.report import Report

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

    from local.engine import Engine

OPERATIONS = pytest.mark.parametrize("operation", [*MEASURED, *OTHERS], ids=lambda operation: operation.name)
SEEDS = 12


@pytest.fixture
def troubled(engine: Engine, dynamodb_client: DynamoDBClient, tables: dict[str, str]) -> Troubled:
    injector = Injector()
    return Troubled(troubled_client(engine.url, injector), dynamodb_client, injector, tables)


@OPERATIONS
def test_trouble_that_passes_changes_nothing(troubled: Troubled, operation: Operation, report: Report) -> None:
    tried = 0
    for backwards in (False, True):
        for trouble in BUSY:
            times = BEFORE_THE_STORE_GIVES_UP if trouble is conflict else BEYOND_THE_SDK
            tried += once(troubled, operation, trouble, times, backwards=backwards)
        for trouble in UNCLEAR:
            tried += once(troubled, operation, trouble, backwards=backwards)
    now_and_then(troubled, operation, seeds=SEEDS)
    report(f"trouble: {tried:>3} once, {SEEDS} by chance, {operation.name}")


@OPERATIONS
def test_trouble_that_stays_breaks_no_law(troubled: Troubled, operation: Operation, report: Report) -> None:
    told = [
        for_good(troubled, operation, trouble, spreading=spreading, backwards=backwards)
        for trouble in (unreachable, lost_answer, server_error_after_work)
        for spreading in (False, True)
        for backwards in (False, True)
    ]
    outages = {ending for counter in told[2:4] for ending in counter}
    assert outages <= {StoreUnavailable.code, LeaseHeld.code}
    total = sum(told[1:], told[0])
    report(f"trouble for good: {total.total():>3} times, {operation.name}: {dict(total)}")
