"""Events as items of the audit table: appended, listed and read, never changed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from core.audit.chain import Event, Head, extend, fault
from core.canonical import canonical, iso
from core.store import Insert, Item, Store
from core.types import Json

EVENT: Final = "event"
"""The name of the write of an event: it is lost when its number is taken."""
RUNS: Final = "runs"
"""The one partition of the index `byTime`: first and last events of every chain, in order of time."""


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
