"""What the tables hold, read raw, and whether the laws hold in it together with what happened outside.

The chain's hashes are computed here anew: nothing is taken from the code that made them.
"""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from core.store import from_item

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

Item = dict[str, Any]

MARKER: Final = re.compile(r"<!-- dfg-orchestrator action=(\S+) -->\Z")
COUNTED_MS: Final = 3_602_000
OUTCOMES: Final = ("action.executed", "action.failed", "action.outcome_unknown", "action.shadowed")


@dataclass(frozen=True)
class Landed:
    """One comment as it arrived, and whether its action's intent was on record at that moment."""

    number: int
    body: str
    intended: bool


@dataclass(frozen=True)
class Asked:
    """One request that the model answered: its bytes, what it cost (micro-dollars), and when (milliseconds)."""

    body: bytes
    cost: int
    at: int
    stored: bool
    """Whether the run had an answer in store when it asked."""


@dataclass(frozen=True)
class Outside:
    """What really happened, whatever the tables say."""

    landed: Sequence[Landed]
    asked: Sequence[Asked]
    now: int
    window_ceiling: int = 5_000_000
    run_ceiling: int = 500_000


@dataclass(frozen=True)
class Tables:
    """Every item of the five tables."""

    chains: Mapping[str, list[Item]]
    """Events in order of their number, `data` decoded."""
    actions: Mapping[str, Item]
    runs: Mapping[str, Item]
    breaker: Item | None
    prompts: Mapping[bytes, str]
    """Prompt → run."""
    answered: frozenset[str]
    """Runs with an answer in store."""


def read_tables(client: DynamoDBClient, names: Mapping[str, str]) -> Tables:
    """All of it; `names` is variable → table name."""
    chains: dict[str, list[Item]] = defaultdict(list)
    for item in _scan(client, names["AUDIT_TABLE"]):
        chains[item["chain"]].append({**item, "data": json.loads(item["data"])})
    for events in chains.values():
        events.sort(key=lambda event: int(event["seq"]))
    content = list(_scan(client, names["CONTENT_TABLE"]))
    return Tables(
        chains=chains,
        actions={item["id"]: item for item in _scan(client, names["ACTIONS_TABLE"])},
        runs={i["runId"]: i for i in _scan(client, names["DEDUPE_TABLE"]) if i["key"].startswith("run#")},
        breaker=next(iter(_scan(client, names["BREAKER_TABLE"])), None),
        prompts={zlib.decompress(i["body"]): i["run"] for i in content if i["name"] == "prompt"},
        answered=frozenset(item["run"] for item in content if item["name"] == "answer"),
    )


def read_unfinished(client: DynamoDBClient, names: Mapping[str, str]) -> list[str]:
    """Runs that have not ended."""
    return [i["runId"] for i in _scan(client, names["DEDUPE_TABLE"]) if i.get("stage", "finished") != "finished"]


def action_of(body: str) -> str:
    """The action that a comment's marker names; empty when it has none."""
    match = MARKER.search(body)
    return match[1] if match else ""


def intents(tables: Tables) -> set[str]:
    """Actions with an intent on record."""
    return {event["data"]["actionId"] for event in _events(tables, "action.intended")}


def broken_laws(tables: Tables, outside: Outside, *, at_rest: bool = False) -> list[str]:
    """What does not hold, in words. `at_rest`: everything that was begun has been delivered again and ended."""
    return [
        *_money(tables, outside),
        *_effects(tables, outside),
        *_chains(tables),
        *_attempts(tables, at_rest=at_rest),
        *(_ends(tables) if at_rest else ()),
    ]


def _money(tables: Tables, outside: Outside) -> Iterator[str]:
    if tables.breaker is None:
        yield "the breaker has no row"
        return
    charges: Mapping[str, Item] = tables.breaker["charges"]
    if tables.breaker["total"] != sum(entry["charge"] for entry in charges.values()):
        yield "the total is not the sum of the charges"
    if tables.breaker["tasks"] != sum(entry["tasks"] for entry in charges.values()):
        yield "the tasks are not the sum over the charges"
    if tables.breaker["total"] > outside.window_ceiling:
        yield f"{tables.breaker['total']} micro-dollars are charged to one window"
    for run, asked in _by_run(tables, outside).items():
        cost = sum(one.cost for one in asked)
        if cost > outside.run_ceiling:
            yield f"run {run} cost {cost}"
        if any(one.stored for one in asked):
            yield f"run {run} asked again for an answer that it had in store"
        if run in charges:
            if charges[run]["charge"] < cost:
                yield f"run {run} cost {cost} and is charged {charges[run]['charge']}"
        elif max(one.at for one in asked) + COUNTED_MS - 2_000 > outside.now:
            yield f"run {run} cost {cost} within the hour and is charged nothing"


def _by_run(tables: Tables, outside: Outside) -> dict[str, list[Asked]]:
    by_run: dict[str, list[Asked]] = defaultdict(list)
    for asked in outside.asked:
        by_run[tables.prompts.get(asked.body, "without a stored prompt")].append(asked)
    return by_run


def _effects(tables: Tables, outside: Outside) -> Iterator[str]:
    seen: set[str] = set()
    for landed in outside.landed:
        action = action_of(landed.body)
        if action not in tables.actions:
            yield f"a comment of no known action: {landed.body[-80:]!r}"
            continue
        if action in seen:
            yield f"action {action} has two comments"
        seen.add(action)
        if not landed.intended:
            yield f"action {action} was sent before its intent was on record"
        stored = json.loads(tables.actions[action]["action"])
        if (stored["payload"]["body"], stored["target"]["number"]) != (landed.body, landed.number):
            yield f"action {action} was not sent as it was judged"
        if tables.actions[action]["state"] == "pending":
            yield f"action {action} is on GitHub and still pending"
    executed = {i for i, item in tables.actions.items() if item["state"] == "executed"}
    for action in executed - seen:
        yield f"action {action} is called executed and is not on GitHub"
    for run, item in tables.runs.items():
        result = json.loads(item["result"]) if item["result"] else {}
        if item["stage"] == "finished" and result.get("executed") and result["actionId"] not in seen:
            yield f"run {run} says that it posted, and did not"


def _chains(tables: Tables) -> Iterator[str]:
    for chain, events in tables.chains.items():
        before = "0" * 64
        for number, event in enumerate(events):
            hashed = {name: event[name] for name in ("at", "chain", "data", "prev", "seq", "type")}
            text = json.dumps(hashed, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
            fits = hashlib.sha256(text.encode()).hexdigest() == event["hash"]
            if event["seq"] != number or event["prev"] != before or not fits:
                yield f"chain {chain} is broken at {number}"
            before = event["hash"]
        ends = [event["seq"] for event in events if event["type"] == "run.finished"]
        if len(ends) > 1 or (ends and ends[0] != len(events) - 1):
            yield f"run {chain} goes on after its end: {[event['type'] for event in events]}"
        if chain in tables.runs and tables.runs[chain]["seq"] != len(events):
            yield f"run {chain} has lost its place in its chain"


def _attempts(tables: Tables, *, at_rest: bool) -> Iterator[str]:
    """Every attempt has its intent, and then its outcome, wherever that was recorded."""
    outcomes: dict[tuple[str, str], list[str]] = defaultdict(list)
    for kind in OUTCOMES:
        for event in _events(tables, kind):
            outcomes[event["data"]["actionId"], event["data"]["attempt"]].append(kind)
    intended = {(e["data"]["actionId"], e["data"]["attempt"]): e for e in _events(tables, "action.intended")}
    for attempt in outcomes.keys() - intended.keys():
        yield f"attempt {attempt} has an outcome and no intent"
    for attempt in intended:
        kinds = set(outcomes.get(attempt, ()))
        if {"action.executed", "action.failed"} <= kinds:
            yield f"attempt {attempt} is both executed and failed"
        if at_rest and not kinds:
            yield f"attempt {attempt} has no outcome"
    for action, item in tables.actions.items():
        state = item["state"]
        told = {kind for (of, _), kinds in outcomes.items() if of == action for kind in kinds}
        if state in ("executed", "failed", "outcome_unknown", "shadowed") and f"action.{state}" not in told:
            yield f"action {action} is {state}, and no event says so"
        if at_rest and state == "executing":
            yield f"action {action} is still executing"


def _ends(tables: Tables) -> Iterator[str]:
    for run, item in tables.runs.items():
        if item["stage"] != "finished" or not item["result"]:
            yield f"run {run} has no end: {item['stage']}"
        elif tables.chains[run][-1]["type"] != "run.finished":
            yield f"run {run} has ended, and its chain does not say so"


def _events(tables: Tables, kind: str) -> Iterator[Item]:
    for events in tables.chains.values():
        yield from (event for event in events if event["type"] == kind)


def _scan(client: DynamoDBClient, table: str) -> Iterator[Item]:
    for page in client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        yield from (from_item(item) for item in page["Items"])
