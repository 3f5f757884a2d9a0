"""The checkpointer: gathers new events of all chains under one signed Merkle root. Runs never wait for it.

Events are taken in the order of the index `byOrder` (time, chain, number), each once: a checkpoint goes
on where the one before ended and stops `CHECKPOINT_LAG_SECONDS` before now. Within that lag a write that
was under way has ended and the index has caught up; an event that shows later than that is not in any
checkpoint, and a verifier that has its run says so.

Checkpoints are a chain of their own in the audit table. Two checkpointers at once meet in its INSERT.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

from core.app import App
from core.audit import log, merkle, note
from core.audit.events import checkpoint_signed
from core.audit.log import Event, Head, extend
from core.audit.note import Checkpoint
from core.canonical import iso
from core.store import Insert, Item

CHAIN: Final = "checkpoints"
MOST_EVENTS: Final = 2_000
"""Events of one checkpoint: their hashes stand in its item, which ends at 400 KB."""


def checkpoint(app: App, deadline: int, *, most_events: int = MOST_EVENTS) -> dict[str, int]:
    """Checkpoints until nothing new is left or the `deadline` (milliseconds) has come. How many, over how much."""
    made = events = 0
    last = latest(app)
    if last is not None:
        app.publish(last.data["number"], last.data["note"])  # again: the one who made it may have died before
    while app.now() < deadline:
        taken = _take(app, last.data["through"] if last else "", most_events)
        if not taken:
            break
        last = _write(app, last, taken)
        if last is None:  # another checkpointer was faster: it goes on
            break
        app.publish(last.data["number"], last.data["note"])
        made += 1
        events += len(taken)
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
    orders = [log.order_key(event) for event in events]
    covering = _covering(app, min(orders), max(orders)) if orders else []
    return [_proof(event, order, covering) for event, order in zip(events, orders, strict=True)]


def _proof(event: Event, order: str, covering: Sequence[Event]) -> dict[str, Any]:
    for data in (checkpoint.data for checkpoint in covering):
        if order <= data["through"] and event.hash in data["leaves"]:
            index = data["leaves"].index(event.hash)
            path = merkle.inclusion_path(_leaves(data["leaves"]), index)
            return {
                "seq": event.seq,
                "checkpoint": data["number"],
                "index": index,
                "path": [node.hex() for node in path],
            }
    return {"seq": event.seq, "checkpoint": None, "why": "not in a checkpoint yet"}


def public(app: App, event: Event) -> dict[str, Any]:
    """A checkpoint as the API shows it, with the key that signs."""
    names = ("number", "events", "size", "root", "prev", "through", "note", "leaves")
    key = note.verifier_key(app.settings.audit_origin, app.signer().public_key)
    return {**{name: event.data[name] for name in names}, "key": key}


def _covering(app: App, first: str, last: str) -> list[Event]:
    """The checkpoints that reach from the event `first` to the event `last`."""
    found: list[Event] = []
    by_reach = {"equals": ("list", CHAIN), "index": "byTime", "between": ("listKey", first, "~"), "limit": 5}
    for page in app.store.pages(app.settings.audit_table, **by_reach):
        for item in page.items:
            found.append(log.from_item(item))
            if found[-1].data["through"] >= last:
                return found
    return found


def _take(app: App, after: str, most: int) -> list[Item]:
    """The next events after the order key `after`, at most `most`."""
    until = iso(app.now() - app.settings.limits.checkpoint_lag_seconds * 1000)
    if until <= after:  # the lag was raised meanwhile; DynamoDB refuses a span that ends before it begins
        return []
    taken: list[Item] = []
    day, span = after[:10] or _first_day(app), ("order", f"{after} ", until)
    while day and day <= until[:10] and len(taken) < most:
        by_order = {"equals": ("day", day), "index": "byOrder", "between": span, "limit": most - len(taken)}
        for page in app.store.pages(app.settings.audit_table, **by_order):
            taken += page.items
            if len(taken) >= most:
                break
        day = (date.fromisoformat(day) + timedelta(days=1)).isoformat()
    return taken[:most]


def _first_day(app: App) -> str:
    """The day of the oldest event, or empty when there is none."""
    page = app.store.query(app.settings.audit_table, equals=("list", log.RUNS), index="byTime", limit=1)
    return str(page.items[0]["at"])[:10] if page.items else ""


def _write(app: App, last: Event | None, taken: Sequence[Item]) -> Event | None:
    """Sign and append; None when another checkpointer has the number."""
    hashes = [item["hash"] for item in taken]
    head = Head(CHAIN, last.seq + 1, last.hash) if last else Head.new(CHAIN)
    made = Checkpoint(
        origin=app.settings.audit_origin,
        number=head.seq,
        events=len(hashes),
        size=(last.data["size"] if last else 0) + len(hashes),
        root=merkle.root(_leaves(hashes)),
        prev=note.digest(last.data["note"]) if last else note.FIRST_PREV,
        through=taken[-1]["order"],
    )
    [event], _ = extend(head, iso(app.now()), [checkpoint_signed(made, note.sign(made, app.signer()), hashes)])
    item = {**log.to_item(event), "list": CHAIN, "listKey": made.through}
    return event if app.store.transact([Insert(app.settings.audit_table, item)]) is None else None


def _leaves(hashes: Sequence[str]) -> list[bytes]:
    return [merkle.leaf_hash(bytes.fromhex(one)) for one in hashes]
