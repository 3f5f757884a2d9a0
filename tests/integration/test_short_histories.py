"""A few histories of requests, deaths and lost answers. `make prove` runs many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.template import Template
from tests.prove.histories import explore

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


def test_the_laws_hold_after_every_step(dynamodb_client: DynamoDBClient, template: Template) -> None:
    tally = explore(dynamodb_client, template, histories=6, steps=12, reproducible=True)
    assert tally["comments"] > 0
    assert tally["killed"] + tally["interrupted"] > 0
