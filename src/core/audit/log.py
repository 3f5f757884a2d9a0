"""The hash chain of one run, and its events as items of the audit table: appended, listed and read, never changed.

Each event holds the hash of the one before it. A chain has one writer at a time. Altering, reordering or dropping an
event inside a chain shows to anyone who has the chain: every later hash stops fitting.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from core.canonical import canonical, digest, iso
from core.store import Insert, Item, Store
from core.types import Json

GENESIS: Final = "0" * 64
EVENT: Final = "event"
"""The name of the write of an event: it is lost when its number is taken."""
RUNS: Final = "runs"
"""The one partition of the index `byTime`: first and last events of every chain, in order of time."""


@dataclass(frozen=True)
class Head:
    """Where the next event of a chain goes."""

    chain: str
    seq: int
    hash: str

    @classmethod
    def new(cls, chain: str) -> Head:
        return cls(chain, 0, GENESIS)


@dataclass(frozen=True)
class Event:
    """One fact, in the past tense. `at` is RFC 3339 in UTC; `data` is JSON without floats."""

    chain: str
    seq: int
    type: str
    at: str
    data: Json
    prev: str
    hash: str

    def as_json(self) -> dict[str, Any]:
        return {**vars(self)}

    def computed_hash(self) -> str:
        """SHA-256 over the canonical JSON of everything in the event but its hash."""
        return digest({name: value for name, value in vars(self).items() if name != "hash"})


def extend(head: Head, at: str, entries: Sequence[tuple[str, Json]]) -> tuple[tuple[Event, ...], Head]:
    """The events that follow `head`, and the head after them."""
    events = []
    for kind, data in entries:
        event = Event(head.chain, head.seq, kind, at, data, prev=head.hash, hash="")
        events.append(replace(event, hash=event.computed_hash()))
        head = Head(head.chain, head.seq + 1, events[-1].hash)
    return tuple(events), head


def fault(events: Sequence[Event]) -> str | None:
    """What is wrong with a chain read from its start, or None when every hash and link fits."""
    prev = GENESIS
    for position, event in enumerate(events):
        if event.seq != position:
            return f"event {position} is missing or out of order: found number {event.seq}"
        if event.prev != prev:
            return f"event {position} does not follow the one before it"
        if event.hash != event.computed_hash():
            return f"event {position} was altered: its hash does not fit its content"
        prev = event.hash
    return None


@dataclass(frozen=True)
class Appended:
    """Events ready to be written, and the head after them."""

    writes: tuple[Insert, ...]
    head: Head


def append(table: str, head: Head, now: int, entries: Sequence[tuple[str, Json]], *, closes: bool = False) -> Appended:
    """The writes that append `entries` (type, data) to a chain at `now` (milliseconds).

    The first event of a chain, and the last one where `closes`, are listed by the chain's start time.
    """
    at = iso(now)
    events, after = extend(head, at, entries)
    writes = []
    for event in events:
        item = {**to_item(event), "day": event.at[:10], "order": order_key(event)}
        if event.seq == 0:
            item |= {"list": RUNS, "listKey": f"{at}#{event.chain}#0"}
        elif closes and event is events[-1]:
            item |= {"list": RUNS, "listKey": f"{event.data['startedAt']}#{event.chain}#1"}
        writes.append(Insert(table, item, EVENT))
    return Appended(tuple(writes), after)


def order_key(event: Event) -> str:
    """Where the event stands in the index `byOrder`: by time, then chain, then number."""
    return f"{event.at}#{event.chain}#{event.seq:06d}"


def to_item(event: Event) -> Item:
    return {**vars(event), "data": canonical(event.data).decode()}


def from_item(item: Item) -> Event:
    stored = {field.name: item[field.name] for field in fields(Event)}
    return Event(**{**stored, "data": json.loads(item["data"])})


def read_chain(store: Store, table: str, chain: str) -> list[Event]:
    """Every event of a chain, in order. Empty when there is no such chain."""
    return [from_item(item) for item in store.query_all(table, ("chain", chain))]


def verdict(events: Sequence[Event]) -> dict[str, Any]:
    """Whether the chain is whole, in words."""
    broken = fault(events)
    return {"intact": broken is None, "events": len(events), **({"fault": broken} if broken else {})}
