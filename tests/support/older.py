"""Tables that an older commit left behind, read from tests/fixtures: made by that commit's own rig."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from core.types import Comment
from tests.support.fakes import World, make_world, pull_request

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_FIXTURES: Final = Path(__file__).parents[1] / "fixtures"


def recorded(name: str) -> Any:
    """What was kept: `tables`, the `comments` on GitHub, the time `now`, and ids by what they are about."""
    return json.loads(gzip.decompress((_FIXTURES / f"{name}.json.gz").read_bytes()))


def left_behind(
    client: DynamoDBClient, tables: Mapping[str, str], past: Any, *, later: int, worker: bool = False, **settings: str
) -> World:
    """The world that the older code left, `later` milliseconds afterwards, under today's."""
    for variable, items in past["tables"].items():
        for item in items:
            client.put_item(TableName=tables[variable], Item=_bytes(item))
    world = make_world(client, dict(tables), worker=worker, PHASE="phase1", **settings)
    world.clock.at = past["now"] + later
    world.github.pulls = {number: pull_request(number) for number in range(42, 60)}
    world.github.posted = [
        (number, Comment(author, body, created_at)) for number, author, body, created_at in past["comments"]
    ]
    return world


def _bytes(value: Any) -> Any:
    if isinstance(value, dict):
        if set(value) == {"$b"}:
            return base64.b64decode(value["$b"])
        return {key: _bytes(child) for key, child in value.items()}
    return [_bytes(child) for child in value] if isinstance(value, list) else value
