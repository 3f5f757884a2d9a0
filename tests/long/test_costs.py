"""The agreement of tests/engine/audit/test_costs.py for other histories."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.engine.audit.test_costs import require_agreement

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


@pytest.mark.parametrize("seed", range(1, 5))
def test_the_audit_and_the_breaker_agree_to_the_micro_dollar(
    seed: int, dynamodb_client: DynamoDBClient, tables: dict[str, str]
) -> None:
    require_agreement(dynamodb_client, tables, seed=seed)
