"""The scheduled look at what waits: unknown outcomes, dead attempts, lapsed approvals. It never sends.

Superseded actions are looked at too until their time is over: that such a comment has landed after all is an event.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Final

from core.actions import states
from core.actions.states import SUPERSEDED, WAITING, Stored
from core.app import App
from core.approvals import decision as decisions
from core.approvals import look
from core.audit import events, log
from core.errors import Conflict

PRINCIPAL: Final = "schedule"
PAGE: Final = 50
OUTCOMES: Final = ("executed", "outcome_unknown", "expired", "superseded", "landed")


def look_at_waiting(app: App, deadline: int) -> dict[str, int]:
    """One look at every waiting action until `deadline` (milliseconds). How many ended in which way."""
    counts = dict.fromkeys(("looked", *OUTCOMES), 0)
    late = list(_queued(app, SUPERSEDED))  # those that this look brings there were looked at already
    looks = chain(((_look, stored) for stored in _queued(app, WAITING)), ((_look_late, stored) for stored in late))
    for look_at, stored in looks:
        if app.now() >= deadline:
            return counts
        outcome = look_at(app, stored)
        if outcome:
            counts[outcome] += 1
        counts["looked"] += 1
    return counts


def _queued(app: App, queue: str) -> Iterator[Stored]:
    start = None
    while True:
        page = app.store.query(
            app.settings.actions_table, equals=("queue", queue), index="queue", limit=PAGE, start=start
        )
        yield from (states.read(item) for item in page.items)
        if page.next is None:
            return
        start = page.next


def _look(app: App, stored: Stored) -> str:
    """What became of one action by this look; empty when nothing did."""
    decision = decisions.begin(app, stored.action.id, PRINCIPAL)
    state = stored.state_at(decision.now)
    try:
        if state == "outcome_unknown":
            seen = look.look(app, stored)
            died = stored.state == "executing"
            if died:
                decision, stored = decisions.note_death(app, decision, stored)
            return decisions.note_seen(app, decision, stored, seen) or ("outcome_unknown" if died else "")
        if stored.lapsed(decision.now):
            decisions.expire(app, decision, stored, "its time is over")
            return "expired"
    except Conflict:  # somebody else has moved it since the page was read: theirs is the newer look
        return ""
    return ""


def _look_late(app: App, stored: Stored) -> str:
    """Whether a superseded action's comment is there after all. Its state stays: it is decided."""
    over = app.now() >= stored.expires_at
    seen = look.look(app, stored)
    if seen.result != "found" and not over:
        return ""
    decision = decisions.begin(app, stored.action.id, PRINCIPAL)
    write = states.unwatch(app.settings.actions_table, stored.action.id, seen.detail)
    entry = events.action_seen("landed", stored.action, stored.attempt, PRINCIPAL, seen.detail)
    landed = seen.result == "found"
    appended = log.append(app.settings.audit_table, decision.head, decision.now, [entry]).writes if landed else ()
    return "landed" if app.store.transact([write, *appended]) is None and landed else ""
