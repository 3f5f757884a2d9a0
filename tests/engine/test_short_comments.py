"""A few histories of comments, pushes, edits and lost answers with either writer. `make prove` runs many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.prove.comments import explore

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


def test_no_action_ever_has_two_comments(dynamodb_client: DynamoDBClient, tables: dict[str, str]) -> None:
    tally = explore(dynamodb_client, tables, seeds=range(4), steps=50)
    ended = "approved: executed", "drafted: executed", "drafted: outcome_unknown", "refused: superseded"
    assert all(tally[one] for one in ended), tally
