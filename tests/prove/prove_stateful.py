"""Any history that hypothesis can think of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.template import Template
from tests.prove.histories import explore
from tests.prove.report import Report

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


def test_the_laws_hold_after_every_step(dynamodb_client: DynamoDBClient, template: Template, report: Report) -> None:
    tally = explore(dynamodb_client, template, histories=50, steps=30, reproducible=False)
    report("stateful: " + ", ".join(f"{what} {count}" for what, count in sorted(tally.items())))
