"""One request about one waiting action: its own audit chain, and the conditional writes on the action."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from core.actions import states
from core.actions.states import DECIDED, Stored
from core.app import App
from core.approvals.look import Look
from core.audit import events, log
from core.audit.chain import Head
from core.audit.events import Entry
from core.canonical import iso
from core.dispatcher.gates import GATE, Gate
from core.errors import Conflict, NotFound, StoreUnavailable
from core.store import Item, Write
from core.types import ActionState

DIED: Final = "the attempt died before its outcome was recorded"
TRIES: Final = 5


@dataclass(frozen=True)
class Decision:
    """One request about one action, as far as it has come."""

    action_id: str
    principal: str
    now: int
    """When it was made, in milliseconds: what may be decided is judged by this moment."""
    head: Head
    started_at: str = ""
    """When the chain's first event was written: its last one is listed beside it."""
    passed: Item | None = None
    """The gate's record as it stood before an attempt passed."""


@dataclass(frozen=True)
class Passing:
    """An attempt on its way through its gate."""

    gate: Gate
    attempt: str


def begin(app: App, action_id: str, principal: str) -> Decision:
    return Decision(action_id, principal, app.now(), Head.new(app.new_id()))


def load(app: App, action_id: str) -> Stored:
    """Raises NotFound."""
    item = app.store.get(app.settings.actions_table, {"id": action_id})
    if item is None:
        raise NotFound("no action has this id")
    return states.read(item)


def refuse_decided(app: App, decision: Decision, stored: Stored) -> None:
    """Raises Conflict for what can no longer be decided; an action past its time becomes `expired` here."""
    state = stored.state_at(decision.now)
    if state in DECIDED:
        raise Conflict(f"the action is {state} already", state=state)
    if state == "executing":
        raise Conflict("another attempt is under way", state=state)
    if decision.now >= stored.expires_at:
        if stored.state == "executing":
            decision, stored = note_death(app, decision, stored)
        expire(app, decision, stored, "its time is over")
        raise Conflict("the action has expired: dispatch again for a new one", state="expired")


def expire(app: App, decision: Decision, stored: Stored, why: str) -> None:
    """End an action that nobody may approve any more. Raises Conflict as `move` does."""
    entry = events.action_expired(stored.action, decision.principal, why, stored.state)
    move(app, decision, stored, "expired", [entry])


def note_death(app: App, decision: Decision, stored: Stored) -> tuple[Decision, Stored]:
    """An attempt has passed its time: it may have sent. What follows goes on from there. Raises Conflict as `move`."""
    entry = events.action_seen("outcome_unknown", stored.action, stored.attempt, decision.principal, DIED)
    after = move(app, decision, stored, "outcome_unknown", [entry], error=DIED)
    return after, load(app, decision.action_id)


def note_seen(app: App, decision: Decision, stored: Stored, seen: Look) -> ActionState | None:
    """What a look has shown of an unknown outcome, on record: the state it ends in, or None where it stays.

    Raises Conflict when somebody else has moved the action since.
    """
    if seen.result not in ("found", "superseded"):
        return None
    state: ActionState = "executed" if seen.result == "found" else "superseded"
    more = {name: value for name, value in (("newer", seen.newer), ("url", seen.url)) if value}
    entry = events.action_seen(state, stored.action, stored.attempt, decision.principal, seen.detail, **more)
    move(app, decision, stored, state, [entry], error="" if state == "executed" else seen.detail, url=seen.url)
    return state


def move(
    app: App,
    decision: Decision,
    stored: Stored,
    to: ActionState,
    entries: Sequence[Entry],
    *,
    error: str = "",
    url: str = "",
    passing: Passing | None = None,
) -> Decision:
    """One transition with its events, through a gate where there is one. A decided action closes the chain.

    Raises Conflict when somebody else has moved the action since, or the gate is closed.
    """
    settings = app.settings
    record: Item | None = None  # without a look first: mostly there is none
    for _ in range(TRIES):
        now = app.now()
        if passing and (closed := passing.gate.closed(record, now)):
            raise Conflict(closed, state=stored.state)
        after, writes = _append(app, decision, entries, now, closes=to in DECIDED)
        writes.append(
            states.move(
                settings.actions_table,
                decision.action_id,
                frm=stored.state,
                to=to,
                attempt=stored.attempt,
                now=now,
                next_attempt=passing.attempt if passing else None,
                error=error,
                by=decision.principal,
                url=url,
            )
        )
        if passing:
            writes.append(passing.gate.pass_through(record, passing.attempt, now))
        lost = app.store.transact(writes)
        if lost is None:
            return replace(after, passed=record)
        if passing is None or lost.names != {GATE}:
            state = load(app, decision.action_id).state_at(app.now())
            raise Conflict(f"somebody else was faster: the action is {state}", state=state)
        record = app.store.get(settings.dedupe_table, passing.gate.key)
    raise StoreUnavailable("too many changes of one target at once; try again")


def end(app: App, decision: Decision, writes: Sequence[Write], entry: Entry) -> None:
    """The outcome of an attempt, which closes the chain. Raises StoreUnavailable where it could not be recorded."""
    _, appended = _append(app, decision, [entry], app.now(), closes=True)
    if app.store.transact_yielding([*appended, *writes]) is not None:
        raise StoreUnavailable("the outcome could not be recorded: the action reads as outcome_unknown until looked at")


def _append(
    app: App, decision: Decision, entries: Sequence[Entry], now: int, *, closes: bool
) -> tuple[Decision, list[Write]]:
    if closes and decision.started_at:
        entries = [(kind, {**data, "startedAt": decision.started_at}) for kind, data in entries]
    appended = log.append(app.settings.audit_table, decision.head, now, entries, closes=closes)
    return replace(decision, head=appended.head, started_at=decision.started_at or iso(now)), [*appended.writes]
