"""One attempt at an action, as a value: who makes it, and what its outcome becomes. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from core.actions import states
from core.actions.states import Version
from core.config import Settings
from core.dispatcher.gates import Gate
from core.store import Item, Update, Write
from core.types import Action, Effect


@dataclass(frozen=True)
class Intended:
    """An attempt: once its intent is on record it may be sent, once."""

    action: Action
    id: str
    gate: Gate
    seen: Item | None = None
    """The gate's record as it stood before the attempt passed."""


def moved(settings: Settings, done: Intended, effect: Effect, now: int, by: str = "") -> Update:
    """The write of the action's state after the attempt."""
    error = "" if effect.outcome == "executed" else effect.detail
    found = Version(done.action.id, "executing", done.id)
    decided = {"decidedBy": by, "url": effect.url}
    return states.move(settings.actions_table, found, effect.outcome, now, error=error, decided=decided)


def left(done: Intended, effect: Effect) -> list[Write]:
    """The writes of what its gate becomes."""
    return done.gate.leave(done.seen, done.id, effect)
