"""The scheduled look at what waits: unknown outcomes, dead attempts, lapsed approvals. It never sends.

Superseded actions are looked at too until their time is over: that such a comment has landed after all is an event.
"""

from __future__ import annotations

from itertools import chain
from typing import Final

from core.actions import states
from core.actions.states import SUPERSEDED, WAITING, Stored
from core.app import App
from core.approvals import decision as decisions
from core.approvals import look
from core.audit import alone, events
from core.errors import Conflict

PRINCIPAL: Final = "schedule"
OUTCOMES: Final = ("executed", "outcome_unknown", "expired", "superseded", "landed")


def look_at_waiting(app: App, deadline: int) -> dict[str, int]:
    """One look at every waiting action until `deadline` (milliseconds). How many ended in which way."""
    counts = dict.fromkeys(("looked", *OUTCOMES), 0)
    late = list(decisions.queued(app, SUPERSEDED))  # those that this look brings there were looked at already
    looks = chain(
        ((_look, stored) for stored in decisions.queued(app, WAITING)), ((_look_late, stored) for stored in late)
    )
    for look_at, stored in looks:
        if app.now() >= deadline:
            return counts
        outcome = look_at(app, stored)
        if outcome:
            counts[outcome] += 1
        counts["looked"] += 1
    return counts


def _look(app: App, stored: Stored) -> str:
    """What became of one action by this look; empty when nothing did."""
    decision = decisions.begin(app, stored, PRINCIPAL)
    try:
        if decision.state == "outcome_unknown":
            seen = look.look(app, stored)
            unchanged = "outcome_unknown" if stored.state == "executing" else ""
            return decisions.note_seen(app, decisions.note_death(app, decision), seen) or unchanged
        if stored.lapsed(decision.now):
            decisions.expire(app, decision, "its time is over")
            return "expired"
    except Conflict:  # somebody else has moved it since the page was read: theirs is the newer look
        return ""
    return ""


def _look_late(app: App, stored: Stored) -> str:
    """Whether a superseded action's comment is there after all. Its state stays: it is decided."""
    seen = look.look(app, stored)
    unwatch = states.unqueue(app.settings.actions_table, stored.action.id, SUPERSEDED, {"lastError": seen.detail})
    if seen.result == "found":
        entry = events.action_seen("landed", stored.action, stored.attempt, PRINCIPAL, seen.detail)
        return "landed" if alone.append(app, entry, unwatch) is None else ""
    if app.now() >= stored.expires_at:
        app.store.transact([unwatch])
    return ""
