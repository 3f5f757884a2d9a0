"""How many requests to DynamoDB an operation has to wait for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench.operations import MEASURED, Operation
from bench.requests import measure
from local.engine import dynamodb

if TYPE_CHECKING:
    from local.engine import Engine


@pytest.mark.parametrize("operation", MEASURED, ids=lambda operation: operation.name)
def test_an_operation_waits_for_no_more_requests_than_its_goal(
    engine: Engine, tables: dict[str, str], operation: Operation
) -> None:
    measured = measure(dynamodb(engine.url, {}), tables, operation)
    assert measured.sequential == operation.sequential
