"""One request about one waiting action: its own audit chain, and the conditional writes on the action."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from core.actions import states
from core.actions.states import Stored
from core.app import App
from core.audit import events, log
from core.audit.chain import Head
from core.audit.events import Entry
from core.canonical import iso
from core.dispatcher.gates import Gate
from core.errors import Conflict, NotFound
from core.store import Write
from core.types import ActionState, Effect, Json

DIED: Final = "the attempt died before its outcome was recorded"
DECIDED: Final[frozenset[ActionState]] = frozenset({"executed", "rejected", "expired", "shadowed"})


@dataclass
class Decision:
    """One request about one action: its chain, and the conditional writes on the action."""

    app: App
    kind: str
    action_id: str
    principal: str

    def __post_init__(self) -> None:
        self.now = self.app.now()
        self.head = Head.new(self.app.new_id())
        self.started_at = ""
        """When the chain's first event was written: its last one is listed beside it."""

    def load(self) -> Stored:
        item = self.app.store.get(self.app.settings.actions_table, {"id": self.action_id})
        if item is None:
            raise NotFound("no action has this id")
        return states.read(item)

    def refuse_decided(self, stored: Stored) -> None:
        """Raises Conflict for what can no longer be decided; an action past its time becomes `expired` here."""
        state = stored.state_at(self.now)
        if state in DECIDED:
            raise Conflict(f"the action is {state} already", state=state)
        if state == "executing":
            raise Conflict("another attempt is under way", state=state)
        if self.now >= stored.expires_at:
            if stored.state == "executing":
                self.note_death(stored)
                stored = self.load()
            self.expire(stored, "its time is over")
            raise Conflict("the action has expired: dispatch again for a new one", state="expired")

    def expire(self, stored: Stored, why: str) -> None:
        """End an action that nobody may approve any more. Raises Conflict as `move` does."""
        entry: Entry = (
            "action.expired",
            {
                "kind": "expire",
                "principal": self.principal,
                "actionId": self.action_id,
                "runId": stored.action.run_id,
                "was": stored.state,
                "reason": why,
            },
        )
        self.move(stored, "expired", [entry])

    def note_death(self, stored: Stored) -> None:
        """An attempt has passed its time: it may have sent. Raises Conflict as `move` does."""
        self.move(stored, "outcome_unknown", [self._look("action.outcome_unknown", stored, DIED)], error=DIED)

    def note_found(self, stored: Stored, detail: str) -> None:
        """The action's marker is on GitHub. Raises Conflict as `move` does."""
        self.move(stored, "executed", [self._look("action.executed", stored, detail)])

    def _look(self, kind: str, stored: Stored, detail: str) -> Entry:
        return kind, {
            "kind": "look",
            "principal": self.principal,
            "actionId": self.action_id,
            "runId": stored.action.run_id,
            "attempt": stored.attempt,
            "detail": detail,
        }

    def move(
        self,
        stored: Stored,
        to: ActionState,
        entries: list[Entry],
        *,
        next_attempt: str | None = None,
        error: str = "",
        gate: Gate | None = None,
    ) -> None:
        """One transition with its events, through `gate` where there is one. A decided action closes the chain.

        Raises Conflict when somebody else has moved the action since, or the gate is closed.
        """
        settings = self.app.settings
        now = self.app.now()
        closes = to in DECIDED
        if closes and self.started_at:
            entries = [(kind, {**data, "startedAt": self.started_at}) for kind, data in entries]
        appended = log.append(settings.audit_table, self.head, now, entries, closes=closes)
        change = states.move(
            settings.actions_table,
            self.action_id,
            frm=stored.state,
            to=to,
            attempt=stored.attempt,
            now=now,
            next_attempt=next_attempt,
            error=error,
            by=self.principal,
        )
        writes: list[Write] = [change, *appended.writes]
        lost = self.app.store.transact([*writes, *(_pass(gate, "", next_attempt, now))])
        if gate is not None and lost is not None and lost.positions == (len(writes),):
            record = self.app.store.get(settings.dedupe_table, gate.key)
            if closed := gate.closed(record, now):
                raise Conflict(closed, state=stored.state)
            lost = self.app.store.transact([*writes, *(_pass(gate, gate.seen(record), next_attempt, now))])
        if lost is not None:
            state = self.load().state_at(self.app.now())
            raise Conflict(f"somebody else was faster: the action is {state}", state=state)
        self.started_at = self.started_at or iso(now)
        self.head = appended.head

    def finish(self, stored: Stored, attempt: str, effect: Effect, about: Json) -> list[Write]:
        """The writes of an attempt's outcome, which close the chain. `about` tells what was approved."""
        settings = self.app.settings
        kind, data = events.action_ended(self.action_id, attempt, effect)
        entry = (kind, {**data, **about, "kind": self.kind, "status": effect.outcome, "startedAt": self.started_at})
        appended = log.append(settings.audit_table, self.head, self.app.now(), [entry], closes=True)
        moved = states.move(
            settings.actions_table,
            self.action_id,
            frm="executing",
            to=effect.outcome,
            attempt=attempt,
            now=self.app.now(),
            error="" if effect.outcome == "executed" else effect.detail,
            by=self.principal,
        )
        return [moved, *appended.writes]


def _pass(gate: Gate | None, seen: str, attempt: str | None, now: int) -> list[Write]:
    return [] if gate is None else [gate.pass_through(seen, attempt or "", now)]
