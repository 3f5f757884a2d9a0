"""What the tables hold, read raw, and what happened outside. `laws.py` judges it."""

from __future__ import annotations

import json
import re
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from tests.prove.lean import Item, LeanClient

MARKER: Final = re.compile(r"<!-- dfg-orchestrator action=(\S+) -->\Z")
DEFINITE: Final = ("action.executed", "action.failed", "action.shadowed")


@dataclass(frozen=True)
class Landed:
    """One comment as it arrived, and whether an attempt at its action was under way by the audit at that moment."""

    number: int
    body: str
    intended: bool


@dataclass(frozen=True)
class Relabelled:
    """One step of a label change as it arrived, what it left, and whether an attempt at it was under way."""

    number: int
    labels: frozenset[str]
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
    relabelled: Sequence[Relabelled] = ()
    labels: Mapping[int, frozenset[str]] = field(default_factory=dict)
    """Issue → its labels now, of those issues that only the service changes."""


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
    leases: Sequence[Item] = ()
    """On the labels of issues."""
    schedules: Sequence[Item] = ()


def read_tables(client: LeanClient, names: Mapping[str, str]) -> Tables:
    """All of it; `names` is variable → table name."""
    content = list(client.scan(names["CONTENT_TABLE"]))
    records = list(client.scan(names["DEDUPE_TABLE"]))
    return Tables(
        chains=_read_chains(client, names),
        actions={item["id"]: item for item in client.scan(names["ACTIONS_TABLE"])},
        runs={i["runId"]: i for i in records if i["key"].startswith("run#")},
        breaker=next(client.scan(names["BREAKER_TABLE"]), None),
        prompts={zlib.decompress(i["body"]): i["run"] for i in content if i["name"] == "prompt"},
        answered=frozenset(item["run"] for item in content if item["name"] == "answer"),
        leases=[i for i in records if i["key"].startswith("labels#")],
        schedules=[i for i in records if i["key"].startswith("schedule#")],
    )


def read_unfinished(client: LeanClient, names: Mapping[str, str]) -> list[str]:
    """Runs that have not ended."""
    return [i["runId"] for i in client.scan(names["DEDUPE_TABLE"]) if i.get("stage", "finished") != "finished"]


def read_under_way(client: LeanClient, names: Mapping[str, str]) -> dict[str, Item]:
    """Actions with an attempt on record that may still land: action → its intent."""
    return under_way(_read_chains(client, names))


def _read_chains(client: LeanClient, names: Mapping[str, str]) -> dict[str, list[Item]]:
    chains: dict[str, list[Item]] = defaultdict(list)
    for item in client.scan(names["AUDIT_TABLE"]):
        chains[item["chain"]].append({**item, "data": json.loads(item["data"])})
    for events in chains.values():
        events.sort(key=lambda event: int(event["seq"]))
    return chains


def action_of(body: str) -> str:
    """The action that a comment's marker names; empty when it has none."""
    match = MARKER.search(body)
    return match[1] if match else ""


def under_way(chains: Mapping[str, list[Item]]) -> dict[str, Item]:
    """Actions with an attempt whose intent is on record and whose definite outcome is not: action → the intent."""
    ended = {(event["data"]["actionId"], event["data"]["attempt"]) for event in events_of(chains, *DEFINITE)}
    intents = (event["data"] for event in events_of(chains, "action.intended"))
    return {intent["actionId"]: intent for intent in intents if (intent["actionId"], intent["attempt"]) not in ended}


def changing(intents: Mapping[str, Item], number: int) -> bool:
    """Whether an attempt to change this issue's labels is among them."""
    return any(
        intent["actionType"] == "change_labels" and intent["target"]["number"] == number for intent in intents.values()
    )


def events_of(chains: Mapping[str, list[Item]], *kinds: str) -> Iterator[Item]:
    """Those of these kinds, chain by chain."""
    for events in chains.values():
        yield from (event for event in events if event["type"] in kinds)
