"""The checkpointer: gathers new events of all chains under one signed Merkle root. Runs never wait for it.

Events are taken in the order of the index `byOrder` (time, chain, number), each once: a checkpoint goes
on where the one before ended and stops `CHECKPOINT_LAG_SECONDS` before now. Within that lag a write that
was under way has ended and the index has caught up; an event that shows later than that is not in any
checkpoint, and a verifier that has its run says so.

Checkpoints are a chain of their own in the audit table. Two checkpointers at once meet in its INSERT.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from core.app import App
from core.audit import log, merkle, note
from core.audit.chain import Event, Head
from core.audit.events import checkpoint_signed
from core.audit.note import Checkpoint
from core.canonical import iso
from core.store import Insert

CHAIN: Final = "checkpoints"
MOST_EVENTS: Final = 2_000
"""Events of one checkpoint: their hashes stand in its item, which ends at 400 KB."""


@dataclass(frozen=True)
class Taken:
    """New events of one batch: their order keys and hashes."""

    orders: tuple[str, ...]
    hashes: tuple[str, ...]


def checkpoint(app: App, deadline: int, *, most_events: int = MOST_EVENTS) -> dict[str, int]:
    """Checkpoints until nothing new is left or the `deadline` (milliseconds) has come. How many, over how much."""
    made = events = 0
    last = latest(app)
    if last is not None:
        app.publish(last.data["number"], last.data["note"])  # again: the one who made it may have died before
    while app.now() < deadline:
        taken = _take(app, last.data["through"] if last else "", most_events)
        if not taken.hashes:
            break
        last = _write(app, last, taken)
        if last is None:  # another checkpointer was faster: it goes on
            break
        app.publish(last.data["number"], last.data["note"])
        made += 1
        events += len(taken.hashes)
    return {"checkpoints": made, "events": events}


def latest(app: App) -> Event | None:
    """The newest checkpoint, as an event of its chain."""
    page = app.store.query(app.settings.audit_table, equals=("chain", CHAIN), newest_first=True, limit=1)
    return log.from_item(page.items[0]) if page.items else None


def by_number(app: App, number: int) -> Event | None:
    """The checkpoint with this number."""
    item = app.store.get(app.settings.audit_table, {"chain": CHAIN, "seq": number})
    return log.from_item(item) if item else None


def proofs(app: App, events: Sequence[Event]) -> list[dict[str, Any]]:
    """For each event its inclusion proof, or why there is none yet."""
    if not events:
        return []
    orders = [log.order_key(event) for event in events]
    covering = _covering(app, min(orders), max(orders))
    found: list[dict[str, Any]] = []
    for event, order in zip(events, orders, strict=True):
        cover = next((c for c in covering if order <= c.data["through"] and event.hash in c.data["leaves"]), None)
        if cover is None:
            found.append({"seq": event.seq, "checkpoint": None, "why": "not in a checkpoint yet"})
            continue
        leaves = [merkle.leaf_hash(bytes.fromhex(h)) for h in cover.data["leaves"]]
        index = cover.data["leaves"].index(event.hash)
        path = [node.hex() for node in merkle.inclusion_path(leaves, index)]
        found.append({"seq": event.seq, "checkpoint": cover.data["number"], "index": index, "path": path})
    return found


def public(app: App, event: Event) -> dict[str, Any]:
    """A checkpoint as the API shows it, with the key that signs."""
    names = ("number", "events", "size", "root", "prev", "through", "note", "leaves")
    key = note.verifier_key(app.settings.audit_origin, app.signer().public_key)
    return {**{name: event.data[name] for name in names}, "key": key}


def _covering(app: App, first: str, last: str) -> list[Event]:
    """The checkpoints that reach from the event `first` to the event `last`."""
    found: list[Event] = []
    start = None
    while True:
        page = app.store.query(
            app.settings.audit_table,
            equals=("list", CHAIN),
            index="byTime",
            between=("listKey", first, "~"),
            start=start,
            limit=5,
        )
        for item in page.items:
            found.append(log.from_item(item))
            if found[-1].data["through"] >= last:
                return found
        if page.next is None:
            return found
        start = page.next


def _take(app: App, after: str, most: int) -> Taken:
    """The next events after the order key `after`, at most `most`."""
    until = iso(app.now() - app.settings.limits.checkpoint_lag_seconds * 1000)
    if until <= after:  # the lag was raised meanwhile; DynamoDB refuses a span that ends before it begins
        return Taken((), ())
    first_day = after[:10] or _first_day(app)
    orders: list[str] = []
    hashes: list[str] = []
    day = first_day
    while day and day <= until[:10] and len(hashes) < most:
        start = None
        while True:
            page = app.store.query(
                app.settings.audit_table,
                equals=("day", day),
                index="byOrder",
                between=("order", f"{after} ", until),
                limit=most - len(hashes),
                start=start,
            )
            orders += [item["order"] for item in page.items]
            hashes += [item["hash"] for item in page.items]
            start = page.next
            if start is None or len(hashes) >= most:
                break
        day = (date.fromisoformat(day) + timedelta(days=1)).isoformat()
    return Taken(tuple(orders), tuple(hashes))


def _first_day(app: App) -> str:
    """The day of the oldest event, or empty when there is none."""
    page = app.store.query(app.settings.audit_table, equals=("list", log.RUNS), index="byTime", limit=1)
    return str(page.items[0]["at"])[:10] if page.items else ""


def _write(app: App, last: Event | None, taken: Taken) -> Event | None:
    """Sign and append; None when another checkpointer has the number."""
    signer = app.signer()
    number = last.seq + 1 if last else 0
    made = Checkpoint(
        origin=app.settings.audit_origin,
        number=number,
        events=len(taken.hashes),
        size=(last.data["size"] if last else 0) + len(taken.hashes),
        root=merkle.root([merkle.leaf_hash(bytes.fromhex(h)) for h in taken.hashes]),
        prev=note.digest(last.data["note"]) if last else note.FIRST_PREV,
        through=taken.orders[-1],
    )
    head = Head(CHAIN, last.seq + 1, last.hash) if last else Head.new(CHAIN)
    event = log.next_event(head, app.now(), checkpoint_signed(made, note.sign(made, signer), taken.hashes))
    item = {**log.to_item(event), "list": CHAIN, "listKey": made.through}
    if app.store.transact([Insert(app.settings.audit_table, item)]) is not None:
        return None
    return event
