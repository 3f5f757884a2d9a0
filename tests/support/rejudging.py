"""Every run that the tests make is judged again when its test is over: the same bytes, the same verdict."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from core.audit import content, log
from core.audit.content import Content
from core.audit.log import Event
from core.audit.replay import Replayed, replay
from core.context import team
from core.context.team import Team
from core.items import Item, from_item

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

TEAM: Final = team.load()
JUDGED: Final[Counter[str]] = Counter()
"""What became of the runs of this session."""
_SAME: Final[set[tuple[object, ...]]] = set()
"""What came out the same in this session: the judgement is of values, so once is enough for each."""


def judge_again(client: DynamoDBClient, tables: Mapping[str, str], words: Team = TEAM) -> None:
    """Replay every run in these tables. Fails where bytes or verdict are not what the events say."""
    replayed = replay_all(client, tables, words)
    JUDGED.update(one.result for one in replayed)
    wrong = [one for one in replayed if one.result == "differs" or one.faults]
    assert wrong == []


def replay_all(client: DynamoDBClient, tables: Mapping[str, str], words: Team = TEAM) -> list[Replayed]:
    """What comes of the replay of each run in these tables."""
    return [_replay(run, events, kept, words) for run, (events, kept) in stored_runs(client, tables).items()]


def _replay(run: str, events: Sequence[Mapping[str, object]], kept: Mapping[str, Content], words: Team) -> Replayed:
    """The run's replay; of one whose draft, facts, phase and verdict are known to agree, that of its bytes alone."""
    data: dict[str, Any] = {str(event["type"]): event["data"] for event in events}
    if not {"prompt.stored", "policy.judged"} <= data.keys() or not {"answer", "context"} <= kept.keys():
        return replay(run, events, kept, words)
    judged = data["policy.judged"]
    verdict = (data["run.started"]["phase"], judged["classification"], json.dumps(judged["checks"]))
    known = (kept["answer"].data, kept["context"].data, words.digest, *verdict)
    if known in _SAME and kept["context"].digest == data["prompt.stored"]["context"]:
        without_context = {name: one for name, one in kept.items() if name != "context"}
        return replace(replay(run, events, without_context, words), result="same")
    replayed = replay(run, events, kept, words)
    if replayed.result == "same":
        _SAME.add(known)
    return replayed


def stored_runs(
    client: DynamoDBClient, tables: Mapping[str, str]
) -> dict[str, tuple[list[dict[str, object]], dict[str, Content]]]:
    """Events and content of every dispatch in these tables."""
    chains: dict[str, list[Event]] = {}
    for item in scan(client, tables["AUDIT_TABLE"]):
        chains.setdefault(item["chain"], []).append(log.from_item(item))
    kept: dict[str, dict[str, Content]] = {}
    for item in scan(client, tables["CONTENT_TABLE"]):
        read = content.read(item)
        kept.setdefault(item["run"], {})[read.name] = read
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
