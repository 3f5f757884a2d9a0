"""One request about one waiting action: its own audit chain, and the conditional writes on the action."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from core.actions import states
from core.actions.perform import pass_gate
from core.actions.states import DECIDED, Stored
from core.app import App
from core.approvals.look import Look
from core.audit import events, log
from core.audit.events import Entry
from core.audit.log import Head
from core.canonical import iso
from core.dispatcher.gates import Intended
from core.errors import Conflict, NotFound, StoreUnavailable
from core.store import Lost, Write
from core.types import ActionState

DIED: Final = "the attempt died before its outcome was recorded"
ENDS: Final[Mapping[str, ActionState]] = {"found": "executed", "superseded": "superseded"}
"""The state of an unknown outcome after a look."""
PAGE: Final = 50
"""Actions that are read at once."""


@dataclass(frozen=True)
class Decision:
    """One request about one action, as far as it has come."""

    stored: Stored
    principal: str
    now: int
    """When it was made, in milliseconds: what may be decided is judged by this moment."""
    head: Head
    started_at: str = ""
    """When the chain's first event was written: its last one is listed beside it."""

    @property
    def state(self) -> ActionState:
        return self.stored.state_at(self.now)


def begin(app: App, stored: Stored, principal: str) -> Decision:
    return Decision(stored, principal, app.now(), Head.new(app.new_id()))


def load(app: App, action_id: str) -> Stored:
    """Raises NotFound."""
    item = app.store.get(app.settings.actions_table, {"id": action_id})
    if item is None:
        raise NotFound("no action has this id")
    return states.read(item)


def queued(app: App, queue: str, where: Mapping[str, str] | None = None) -> Iterator[Stored]:
    """The actions of one partition of the index `queue`, page by page."""
    pages = app.store.pages(app.settings.actions_table, equals=("queue", queue), index="queue", limit=PAGE, where=where)
    return (states.read(item) for page in pages for item in page.items)


def refuse_decided(app: App, decision: Decision) -> None:
    """Raises Conflict for what can no longer be decided; an action past its time becomes `expired` here."""
    state = decision.state
    if state in DECIDED:
        raise Conflict(f"the action is {state} already", state=state)
    if state == "executing":
        raise Conflict("another attempt is under way", state=state)
    if decision.now >= decision.stored.expires_at:
        expire(app, note_death(app, decision), "its time is over")
        raise Conflict("the action has expired: dispatch again for a new one", state="expired")


def expire(app: App, decision: Decision, why: str) -> None:
    """End an action that nobody may approve any more. Raises Conflict as `move` does."""
    stored = decision.stored
    move(app, decision, "expired", events.action_expired(stored.action, decision.principal, why, stored.state))


def note_death(app: App, decision: Decision) -> Decision:
    """An attempt past its time may have sent: what follows leaves a true state. Raises Conflict as `move` does."""
    stored = decision.stored
    if stored.state != "executing":
        return decision
    entry = events.action_seen("outcome_unknown", stored.action, stored.attempt, decision.principal, DIED)
    return move(app, decision, "outcome_unknown", entry, error=DIED)


def note_seen(app: App, decision: Decision, seen: Look) -> ActionState | None:
    """What a look has shown of an unknown outcome, on record: the state it ends in, or None where it stays.

    Raises Conflict when somebody else has moved the action since.
    """
    stored, state = decision.stored, ENDS.get(seen.result)
    if state is None:
        return None
    more = {name: value for name, value in (("newer", seen.newer), ("url", seen.url)) if value}
    entry = events.action_seen(state, stored.action, stored.attempt, decision.principal, seen.detail, **more)
    move(app, decision, state, entry, error="" if state == "executed" else seen.detail, url=seen.url)
    return state


def move(app: App, decision: Decision, to: ActionState, entry: Entry, *, error: str = "", url: str = "") -> Decision:
    """One transition with its event. A decided action closes the chain. Raises Conflict when somebody was faster."""
    now = app.now()
    after, writes = _append(app, decision, [entry], now, closes=to in DECIDED)
    found, decided = decision.stored.version, {"decidedBy": decision.principal, "url": url}
    moved = states.move(app.settings.actions_table, found, to, now, error=error, decided=decided)
    if app.store.transact([*writes, moved]) is not None:
        raise _overtaken(app, decision)
    return replace(after, stored=replace(decision.stored, state=to, last_error=error))


def intend(app: App, decision: Decision, attempt: Intended, *entries: Entry) -> tuple[Decision, Intended]:
    """The intent of an attempt with its events. Raises Conflict when somebody was faster, or the gate is closed."""

    def write(passing: Write, now: int) -> Decision | Lost:
        after, writes = _append(app, decision, entries, now, closes=False)
        begun = states.begin(app.settings.actions_table, decision.stored.version, attempt.id, now)
        return app.store.transact([*writes, begun, passing]) or after

    passed = pass_gate(app, attempt, write)
    if isinstance(passed, str):
        raise Conflict(passed, state=decision.stored.state)
    if isinstance(passed, Lost):
        raise _overtaken(app, decision)
    return passed


def _overtaken(app: App, decision: Decision) -> Conflict:
    state = load(app, decision.stored.action.id).state_at(app.now())
    return Conflict(f"somebody else was faster: the action is {state}", state=state)


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
