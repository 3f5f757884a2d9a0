"""What the tables hold, as tests compare it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from core.items import Item, from_item

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

Contents = dict[str, dict[str, Item]]


def contents(client: DynamoDBClient, tables: Mapping[str, str]) -> Contents:
    """Every item of every table: variable → key → item."""
    found: Contents = {}
    for variable, name in tables.items():
        items = [
            from_item(item) for page in client.get_paginator("scan").paginate(TableName=name) for item in page["Items"]
        ]
        found[variable] = {json.dumps(item, sort_keys=True, default=repr): item for item in items}
    return found


def added(before: Contents, after: Contents) -> dict[str, list[Item]]:
    """Items that are new or changed, by table; tables without any are left out. Nothing may be gone."""
    assert all(set(before[table]) <= set(after[table]) for table in before)
    new = {table: [item for key, item in after[table].items() if key not in before[table]] for table in after}
    return {table: items for table, items in new.items() if items}


def only_refusals(before: Contents, after: Contents) -> list[dict[str, Any]]:
    """The data of the refusals that were written, where nothing else was."""
    [(table, items)] = added(before, after).items()
    assert {(table, item["type"], item["seq"]) for item in items} == {("AUDIT_TABLE", "request.refused", 0)}
    return [json.loads(item["data"]) for item in items]


def only_refusal(before: Contents, after: Contents) -> dict[str, Any]:
    """The data of the one event that was written, where nothing else was."""
    [refusal] = only_refusals(before, after)
    return refusal
