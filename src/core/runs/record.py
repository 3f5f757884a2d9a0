"""The record of one run: what a second delivery needs to bring it to its end.

    accepted ──▶ acting ──▶ finished            each is part of one transaction with the run's events
        └────────────────────▲

The lease is held by an invocation, not by the run: two deliveries of one run never both call the
model. The record also carries the head of the run's audit chain, so its single writer needs no read.
Times are milliseconds, money is micro-dollars.
"""

import json
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from core.audit import log
from core.audit.events import Entry
from core.audit.log import Head
from core.canonical import camel, canonical, iso, named
from core.config import TASK_LIMITS, Settings
from core.dispatcher.dedupe import KEY
from core.dispatcher.ledger import Charge
from core.errors import StoreUnavailable
from core.store import Delete, Insert, Item, NotApplied, Store, Update, Write
from core.types import Json, Target, TaskType

RUN: Final = "run"
"""The name of the write of a run's record."""

Stage = Literal["accepted", "acting", "finished"]

LEASE_MARGIN_MS: Final = 60_000
"""How much longer than an attempt its lease lasts: reading, judging and posting take less."""
FIRST_LEASE_MS: Final = int(max(limits.timeout_seconds for limits in TASK_LIMITS.values()) * 1000) + LEASE_MARGIN_MS
"""A worker's lease before it knows its task."""
KEPT_MS: Final = 7 * 86_400_000
"""How long a run's record is kept for callers who ask again."""


@dataclass(frozen=True)
class Run:
    """One run as its record has it."""

    id: str
    task_type: TaskType
    target: Target
    target_state: str
    principal: str
    model: str
    max_tokens: int
    ceiling: int
    """What the run may cost in all, in micro-dollars."""
    dedupe_key: str
    force: bool
    action_id: str
    charge: Charge
    head: Head
    stage: Stage = "accepted"
    storm_seen: Item | None = None
    """The record of the target's comments of this kind, as it stood when the run was claimed."""
    started_at: int = 0
    charged: int = 0
    """What the run came to, once the model has answered."""
    holder: str = ""
    lease_until: int = 0
    deliveries: int = 0
    result: Json | None = None

    @property
    def task_result_id(self) -> str:
        return str(uuid.uuid5(uuid.UUID(self.id), "task/0"))

    @property
    def started_iso(self) -> str:
        return iso(self.started_at)


def action_id(run_id: str, index: int) -> str:
    """The id of a run's action: the same again when the run is resumed."""
    return str(uuid.uuid5(uuid.UUID(run_id), f"action/{index}"))


def attempt_id(run_id: str, action_id: str) -> str:
    """The id of the one attempt that a run makes at an action: those of the Captain have ids of their own."""
    return str(uuid.uuid5(uuid.UUID(run_id), f"attempt/{action_id}"))


def key(run_id: str) -> dict[str, str]:
    return {"key": f"run#{run_id}"}


ASKED: Final = ("task_type", "target_state", "principal", "force", "started_at")
TASK: Final = (*ASKED, "model", "max_tokens", "ceiling", "dedupe_key")
"""What a record has of a run once and for all."""
PROGRESS: Final = ("stage", "charged", "action_id", "holder", "lease_until", "deliveries")
"""What each write of the record sets anew. Charge, head of the chain and result are set with it."""


def insert(table: str, run: Run) -> Insert:
    """The write that creates the record."""
    task = {
        **named(run, *TASK),
        "target": [run.target.type, run.target.number],
        "stormSeen": run.storm_seen or "",
    }
    once = {"runId": run.id, "task": canonical(task).decode(), "ttl": (run.started_at + KEPT_MS) // 1000}
    return Insert(table, {**key(run.id), **once, **_progress(run)}, RUN)


def read(item: Item) -> Run:
    """The run of a stored record."""
    task, run_id = json.loads(item["task"]), item["runId"]
    return Run(
        id=run_id,
        target=Target(*task["target"]),
        storm_seen=_storm(task["stormSeen"]),
        charge=Charge(run_id, item["attempt"], item["amount"], item["until"]),
        head=Head(run_id, item["seq"], item["hash"]),
        result=json.loads(item["result"]) if item["result"] else None,
        **{name: task[camel(name)] for name in TASK},
        **{name: item[camel(name)] for name in PROGRESS},
    )


def advance(
    settings: Settings, run: Run, now: int, entries: Sequence[Entry], *, closes: bool = False, **changes: Any
) -> tuple[Run, list[Write]]:
    """The run after `entries` and `changes`, and the writes that make it so.

    The record is written only by who holds it. That nobody has appended since needs no clause: the
    INSERT of an event whose number is taken fails, and all of it with that.
    """
    appended = log.append(settings.audit_table, run.head, now, entries, closes=closes)
    after = replace(run, head=appended.head, **changes)
    update = Update(
        settings.dedupe_table,
        key(run.id),
        change=_progress(after),
        where={"holder": run.holder},  # the lease is still ours
        name=RUN,
    )
    return after, [update, *appended.writes]


# A key that names a run is in flight for it until the transaction that finishes the run: the next three writes
# always go with one that is refused once the run is finished, so whose key it is says enough.


def hold_key(settings: Settings, run: Run, lease_until: int) -> Update:
    """The write that keeps the idempotency key, and fails once a successor has taken it over."""
    return Update(
        settings.dedupe_table,
        {"key": run.dedupe_key},
        change={"leaseUntil": lease_until},
        where={"runId": run.id},
        name=KEY,
    )


def keep_key(settings: Settings, run: Run, result: Json, now: int) -> Update:
    """The write that lets the key answer duplicates with this run's result."""
    expires = now + settings.limits.dedupe_seconds * 1000
    return Update(
        settings.dedupe_table,
        {"key": run.dedupe_key},
        change={
            "state": "done",
            "result": canonical(result).decode(),
            "expiresAt": expires,
            "ttl": expires // 1000,
        },
        where={"runId": run.id},
        name=KEY,
        may_yield=True,
    )


def release_key(settings: Settings, run: Run) -> Delete:
    """The write that frees the key for the next caller."""
    return Delete(settings.dedupe_table, {"key": run.dedupe_key}, where={"runId": run.id}, name=KEY, may_yield=True)


def take_lease(store: Store, table: str, run_id: str, holder: str, now: int, until: int) -> Run | NotApplied:
    """The worker's first request: the lease and the record in one write.

    Refused carries the record as it stands: finished, held by another invocation, or absent.
    """
    answer = store.update(
        table,
        key(run_id),
        expression="SET #holder = :holder, #leaseUntil = :until, #deliveries = #deliveries + :one",
        condition="#stage <> :finished"  # there is something left to do
        " AND #leaseUntil < :now",  # and nobody is at it
        values={":holder": holder, ":until": until, ":one": 1, ":finished": "finished", ":now": now},
    )
    if not isinstance(answer, NotApplied):
        return read(answer)
    if answer.item and answer.item["holder"] == holder:  # the SDK repeated the write: the lease is ours
        return read(answer.item)
    return answer


def give_back_lease(store: Store, table: str, run_id: str, holder: str, *, begun: bool) -> None:
    """The invocation ends, and its lease with it: the next delivery need not wait until it runs out.

    `begun` false: nothing was done under it, and it does not count as a delivery. The holder stays, so that a dispatch
    which could not tell whether its worker started does not take the run for one that nobody had. Where the store
    refuses this too, the lease runs out by itself.
    """
    with suppress(StoreUnavailable):
        store.update(
            table,
            key(run_id),
            expression="SET #leaseUntil = :over, #deliveries = #deliveries - :undone",
            condition="#holder = :holder"  # nobody has taken it over or finished the run
            " AND #leaseUntil > :over",  # once only, however often this write is repeated
            values={":over": 0, ":undone": 0 if begun else 1, ":holder": holder},
        )


def load(store: Store, table: str, run_id: str) -> Run | None:
    """The run as its record stands."""
    item = store.get(table, key(run_id))
    return read(item) if item else None


def summary(run: Run) -> dict[str, Any]:
    """What a listing needs of a run."""
    return {
        "kind": "dispatch",
        "principal": run.principal,
        "taskType": run.task_type,
        "target": {"type": run.target.type, "number": run.target.number},
    }


def _storm(stored: Any) -> Item | None:
    """Records of runs that an earlier version claimed name the last comment's action alone."""
    if isinstance(stored, str):
        return {"actionId": stored, "targetState": "", "at": 0} if stored else None
    record: Item = stored
    return record


def _progress(run: Run) -> Mapping[str, Any]:
    return {
        **named(run, *PROGRESS),
        "attempt": run.charge.attempt,
        "amount": run.charge.amount,
        "until": run.charge.until,
        "seq": run.head.seq,
        "hash": run.head.hash,
        "result": canonical(run.result).decode() if run.result is not None else "",
    }
