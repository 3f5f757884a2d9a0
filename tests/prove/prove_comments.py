"""No action ever has two comments on GitHub, whatever is lost, edited, pushed or approved, with either writer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.prove.comments import explore
from tests.prove.report import Report

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


def test_no_action_ever_has_two_comments(
    dynamodb_client: DynamoDBClient, tables: dict[str, str], report: Report
) -> None:
    tally = explore(dynamodb_client, tables, seeds=range(200), steps=80)
    report("comments: " + ", ".join(f"{what} {count}" for what, count in sorted(tally.items())))
