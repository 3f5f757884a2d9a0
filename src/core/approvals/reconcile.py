"""The scheduled look at what waits: unknown outcomes, dead attempts, lapsed approvals. It never sends."""

from __future__ import annotations

from typing import Final

from core.actions import states
from core.actions.states import WAITING, Stored
from core.app import App
from core.approvals import look
from core.approvals.decision import Decision
from core.errors import Conflict

PRINCIPAL: Final = "schedule"
PAGE: Final = 50


def look_at_waiting(app: App, deadline: int) -> dict[str, int]:
    """One look at every waiting action until `deadline` (milliseconds). How many ended in which way."""
    counts = {"looked": 0, "executed": 0, "outcome_unknown": 0, "expired": 0}
    start = None
    while True:
        page = app.store.query(
            app.settings.actions_table, equals=("queue", WAITING), index="queue", limit=PAGE, start=start
        )
        for item in page.items:
            if app.now() >= deadline:
                return counts
            outcome = _look(app, states.read(item))
            if outcome:
                counts[outcome] += 1
            counts["looked"] += 1
        if page.next is None:
            return counts
        start = page.next


def _look(app: App, stored: Stored) -> str:
    """What became of one action by this look; empty when nothing did."""
    decision = Decision(app, "look", stored.action.id, PRINCIPAL)
    state = stored.state_at(decision.now)
    try:
        if state == "outcome_unknown":
            return _look_for_marker(app, decision, stored)
        if state in ("pending", "failed") and decision.now >= stored.expires_at:
            decision.expire(stored, "its time is over")
            return "expired"
    except Conflict:  # somebody else has moved it since the page was read: theirs is the newer look
        return ""
    return ""


def _look_for_marker(app: App, decision: Decision, stored: Stored) -> str:
    seen = look.look(app, stored)
    if stored.state == "executing":
        decision.note_death(stored)
        stored = decision.load()
        if seen.result != "found":
            return "outcome_unknown"
    if seen.result == "found":
        decision.note_found(stored, seen.detail)
        return "executed"
    return ""
