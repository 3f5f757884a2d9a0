"""The naive baseline's tables, on the same engine: one per concern, each with one key."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

VARIABLES: Final = ("IDEMPOTENCY_TABLE", "RUNS_TABLE", "ACTIONS_TABLE", "AUDIT_TABLE", "BREAKER_TABLE")


def create(client: DynamoDBClient) -> dict[str, str]:
    """Empty tables with a closed breaker: variable → name."""
    prefix = f"naive{uuid.uuid4().hex[:8]}"
    names = {variable: f"{prefix}-{variable.removesuffix('_TABLE').lower()}" for variable in VARIABLES}
    for name in names.values():
        client.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        )
    for name in names.values():
        client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    row = {"id": {"S": "global"}, "open": {"BOOL": False}, "tasks": {"N": "0"}, "cost": {"N": "0"}}
    client.put_item(TableName=names["BREAKER_TABLE"], Item=row)
    return names


def add_waiting(client: DynamoDBClient, names: dict[str, str], pull: int, body: str) -> str:
    """An action that waits for approval. Its id."""
    action_id = str(uuid.uuid4())
    item = {"id": action_id, "run": str(uuid.uuid4()), "state": "pending", "body": body}
    client.put_item(
        TableName=names["ACTIONS_TABLE"],
        Item={**{name: {"S": value} for name, value in item.items()}, "pull": {"N": str(pull)}},
    )
    return action_id
