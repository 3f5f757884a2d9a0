"""Every run that the tests make is judged again when its test is over: the same bytes, the same verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from core import team
from core.audit import content, log
from core.audit.chain import Event
from core.replay import Kept, replay
from core.store import Item, from_item

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

TEAM: Final = team.load()
JUDGED: Final[Counter[str]] = Counter()
"""What became of the runs of this session."""


def judge_again(client: DynamoDBClient, tables: Mapping[str, str]) -> None:
    """Replay every run in these tables. Fails where bytes or verdict are not what the events say."""
    replayed = [replay(run, events, kept, TEAM) for run, (events, kept) in stored_runs(client, tables).items()]
    JUDGED.update(one.result for one in replayed)
    wrong = [one for one in replayed if one.result == "differs" or one.faults]
    assert wrong == []


def stored_runs(
    client: DynamoDBClient, tables: Mapping[str, str]
) -> dict[str, tuple[list[dict[str, object]], dict[str, Kept]]]:
    """Events and content of every dispatch in these tables."""
    chains: dict[str, list[Event]] = {}
    for item in scan(client, tables["AUDIT_TABLE"]):
        chains.setdefault(item["chain"], []).append(log.from_item(item))
    kept: dict[str, dict[str, Kept]] = {}
    for item in scan(client, tables["CONTENT_TABLE"]):
        read = content.read(item)
        kept.setdefault(item["run"], {})[item["name"]] = Kept(read.data, read.salt)
    runs = {}
    for chain, events in chains.items():
        ordered = sorted(events, key=lambda event: event.seq)
        if not log.verdict(ordered)["intact"]:
            continue  # a test has changed it on purpose
        if ordered[0].type == "run.started" and ordered[0].data.get("kind") == "dispatch":
            runs[chain] = ([event.as_json() for event in ordered], kept.get(chain, {}))
    return runs


def scan(client: DynamoDBClient, table: str) -> Iterator[Item]:
    for page in client.get_paginator("scan").paginate(TableName=table):
        yield from map(from_item, page["Items"])
