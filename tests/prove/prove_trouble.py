"""Every kind of trouble at every request of every operation, in both orders of what runs at once."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from bench.operations import MEASURED, OTHERS, Operation
from core.errors import StoreUnavailable
from tests.prove.lean import LeanClient
from tests.prove.report import Report
from tests.support.injection import (
    UNCLEAR,
    Injector,
    conflict,
    lost_answer,
    server_error,
    server_error_after_work,
    throttled,
    troubled_client,
    unreachable,
)
from tests.support.label_operations import LABEL_OPERATIONS
from tests.support.troubled import (
    BEFORE_THE_STORE_GIVES_UP,
    BEYOND_THE_SDK,
    Troubled,
    for_good,
    now_and_then,
    once,
)

if TYPE_CHECKING:
    from local.engine import Engine

ALL = [*MEASURED, *OTHERS, *LABEL_OPERATIONS]
OPERATIONS = pytest.mark.parametrize("operation", ALL, ids=lambda operation: operation.name)
SEEDS = 3
PASSING = (
    (conflict, BEFORE_THE_STORE_GIVES_UP),
    (throttled, BEYOND_THE_SDK),
    (server_error, BEYOND_THE_SDK),
    *((trouble, 1) for trouble in UNCLEAR),
)
"""Each at every request; the rest of them by chance."""


@pytest.fixture
def troubled(engine: Engine, tables: dict[str, str]) -> Troubled:
    injector = Injector()
    return Troubled(troubled_client(engine.url, injector), LeanClient(engine.url), injector, tables)


@OPERATIONS
def test_trouble_that_passes_changes_nothing(troubled: Troubled, operation: Operation, report: Report) -> None:
    tried = 0
    for number, (trouble, times) in enumerate(PASSING):
        tried += once(troubled, operation, trouble, times, backwards=number % 2 == 1)
    now_and_then(troubled, operation, seeds=SEEDS)
    report(f"trouble: {tried:>3} once, {SEEDS} by chance, {operation.name}")


@OPERATIONS
def test_trouble_that_stays_breaks_no_law(troubled: Troubled, operation: Operation, report: Report) -> None:
    alone = for_good(troubled, operation, lost_answer, spreading=False)
    alone += for_good(troubled, operation, lost_answer, spreading=False, backwards=True)
    outage = for_good(troubled, operation, unreachable, spreading=True)
    outage += for_good(troubled, operation, server_error_after_work, spreading=True, backwards=True)
    # Where nothing but the settlement was left, its failure leaves the larger charge and the run ends as ever.
    assert set(outage) <= {StoreUnavailable.code, troubled.undisturbed(operation)[0].ending, "degraded"}
    report(f"trouble for good: {alone.total() + outage.total():>3} times, {operation.name}")
    report(f"    one request: {told(alone)}; all from one on: {told(outage)}")


def told(endings: Counter[str]) -> str:
    return ", ".join(f"{ending} {times}" for ending, times in endings.most_common())
