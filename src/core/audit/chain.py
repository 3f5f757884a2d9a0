"""The hash chain of one run: each event holds the hash of the one before it. Pure.

A chain has one writer at a time. Altering, reordering or dropping an event inside a chain shows to
anyone who has the chain: every later hash stops fitting.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from core.canonical import digest
from core.types import Json

GENESIS: Final = "0" * 64


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
