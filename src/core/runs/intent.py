"""An action's intent, on record before anything is sent, in one transaction with all that it rests on."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Final

from core.actions import states
from core.app import App
from core.audit import events
from core.audit.log import EVENT
from core.dispatcher.dedupe import KEY
from core.errors import LeaseHeld, StoreUnavailable
from core.runs import record, results
from core.runs.ending import Intended, Judged, attempt_over, bill_of, drafted, gate, reached
from core.runs.finish import settle_beside
from core.runs.record import RUN, Run
from core.store import Item, Write, oversized
from core.types import Action, Effect

TRIES: Final = 5


def intend(app: App, run: Run, judged: Judged, action: Action) -> Intended | str:
    """Put the intent on record, with the answer and the verdict; other actions of the verdict wait.

    A text says why it may not be sent any more: its gate has closed, or another run has taken the content over.
    """
    settings, attempt = app.settings, record.attempt_id(run.id, action.id)
    paid, verdict = judged.paid, judged.verdict
    before = replace(run, action_id=action.id, charged=paid.charged, charge=paid.generated.charge)
    entries = [
        *paid.entries,
        events.policy_judged(verdict),
        *(events.action_proposed(other) for other in verdict.actions if other is not action),
        events.action_intended(action, attempt, app.writer().name),
    ]
    result = results.success(before, verdict, paid.generated.reply.answer.usage, judged.facts)
    result = results.with_state(result, action.id, "outcome_unknown")
    rows = drafted(settings, before, judged, app.now(), attempt)
    if oversized(rows):
        return "what was drafted is too large to be kept"
    passing, seen = gate(settings, run, action), _seen(run, action)
    bill = bill_of(paid, app.now())
    for attempted in range(TRIES):
        now = app.now()
        if closed := passing.closed(seen, now):
            return closed
        after, advanced = record.advance(settings, before, now, entries, stage="acting", result=result)
        writes: list[Write] = [
            *advanced,
            record.hold_key(settings, run, now + record.LEASE_MARGIN_MS),
            passing.pass_through(seen, attempt, now),
            *rows,
        ]
        lost = settle_beside(app, run.id, None if attempted else bill, partial(app.store.transact, writes))
        if lost is None:
            return Intended(after, action, attempt, result, seen)
        if lost.names & {RUN, EVENT}:
            raise LeaseHeld("another invocation has taken this run over")
        if KEY in lost.names:
            return "another run has taken this content over"
        seen = app.store.get(settings.dedupe_table, passing.key)
    raise StoreUnavailable("too many runs for one target at once; try again")


def go_on(app: App, intended: Intended, effect: Effect, action: Action) -> Intended | None:
    """The outcome of one action with the intent of the run's next. None: its gate is closed, or somebody decided it."""
    settings, run, done = app.settings, intended.run, intended.action
    attempt, now = record.attempt_id(run.id, action.id), app.now()
    passing, seen = gate(settings, run, action), _seen(run, action)
    if passing.closed(seen, now):
        return None
    result = results.with_state(reached(intended, effect), action.id, "outcome_unknown")
    entries = [
        events.action_ended(done.id, intended.attempt, effect),
        events.action_intended(action, attempt, app.writer().name),
    ]
    after, advanced = record.advance(settings, run, now, entries, action_id=action.id, result=result)
    table = settings.actions_table
    writes: list[Write] = [
        *advanced,
        passing.pass_through(seen, attempt, now),
        states.move(table, action.id, frm="pending", to="executing", attempt="", now=now, next_attempt=attempt),
        *attempt_over(settings, intended, effect, now),
    ]
    return None if app.store.transact(writes) is not None else Intended(after, action, attempt, result, seen)


def _seen(run: Run, action: Action) -> Item | None:
    return run.storm_seen if action.type == "add_comment" else None
