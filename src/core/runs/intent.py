"""An action's intent, on record before anything is sent, in one transaction with all that it rests on.

A run whose sender died with an intent on record is ended here: nothing is sent again.
"""

from typing import Any

from core.actions import states
from core.actions.perform import pass_gate
from core.actions.states import Version
from core.app import App
from core.approvals import look
from core.audit import events
from core.audit.log import EVENT
from core.dispatcher.dedupe import KEY
from core.dispatcher.gates import Intended
from core.errors import LeaseHeld, StoreUnavailable
from core.runs import record, results
from core.runs.ending import Judged, acted, attempt_of, attempt_over, drafted, reached
from core.runs.finish import finish, settle_beside
from core.runs.record import RUN, Run
from core.store import Lost, Write, oversized
from core.types import Action, Effect, Json


def intend(app: App, judged: Judged, action: Action) -> tuple[Run, Intended] | str:
    """Put the intent on record, with the answer and the verdict; other actions of the verdict wait.

    A text says why it may not be sent any more: its gate has closed, or another run has taken the content over.
    """
    settings, paid, verdict = app.settings, judged.paid, judged.verdict
    run, attempt = paid.run, attempt_of(settings, paid.run, action)
    entries = [
        *paid.entries,
        events.policy_judged(verdict),
        *(events.action_proposed(other) for other in verdict.actions if other is not action),
        events.action_intended(action, attempt.id, app.writer().name),
    ]
    result = results.success(run, verdict, paid.answer.usage, judged.facts)
    result = results.with_state(result, action.id, "outcome_unknown")
    rows = drafted(settings, judged, app.now(), attempt)
    if oversized(rows):
        return "what was drafted is too large to be kept"
    bills = iter([paid.bill(app.now())])  # settled with the first try, however often the gate is tried

    def write(passing: Write, now: int) -> Run | Lost:
        acting: dict[str, Any] = {"stage": "acting", "action_id": action.id, "result": result}
        after, advanced = record.advance(settings, run, now, entries, **acting)
        held = record.hold_key(settings, run, now + record.LEASE_MARGIN_MS)
        writes: list[Write] = [*advanced, held, passing, *rows]
        return settle_beside(app, next(bills, None), lambda: app.store.transact(writes)) or after

    passed = pass_gate(app, attempt, write)
    if not isinstance(passed, Lost):
        return passed
    if KEY in passed.names and not passed.names & {RUN, EVENT}:
        return "another run has taken this content over"
    raise LeaseHeld("another invocation has taken this run over")


def go_on(app: App, run: Run, done: Intended, effect: Effect, action: Action) -> tuple[Run, Intended] | None:
    """The outcome of one action with the intent of the run's next. None: its gate is closed, or somebody decided it."""
    settings, now = app.settings, app.now()
    attempt = attempt_of(settings, run, action)
    if attempt.closed(now):
        return None
    result = results.with_state(reached(run, done, effect), action.id, "outcome_unknown")
    entries = [
        events.action_ended(done.action.id, done.id, effect),
        events.action_intended(action, attempt.id, app.writer().name),
    ]
    after, advanced = record.advance(settings, run, now, entries, action_id=action.id, result=result)
    writes: list[Write] = [
        *advanced,
        attempt.passes(now),
        states.begin(settings.actions_table, Version(action.id, "pending", ""), attempt.id, now),
        *attempt_over(done, effect, now),
    ]
    return (after, attempt) if app.store.transact(writes) is None else None


def finish_interrupted(app: App, run: Run) -> Json:
    """`executed` when the marker is on GitHub, `outcome_unknown` otherwise: the dead attempt may still land."""
    item = app.store.get(app.settings.actions_table, {"id": run.action_id})
    if item is None or run.result is None:
        raise StoreUnavailable(f"run {run.id} has an intent and no action: its record is damaged")
    stored = states.read(item)
    app.ledger.settle(run.charge, run.charged, app.now(), failed=False)
    attempt = attempt_of(app.settings, run, stored.action)
    moves = stored.state == "executing" and stored.attempt == attempt.id
    if moves:
        seen = look.look(app, stored)
        died = f"the sender died after its intent was recorded; {seen.detail}"
        found = Effect("executed", seen.detail, url=seen.url)
        effect = found if seen.result == "found" else Effect("outcome_unknown", died)
    elif stored.state == "executed":
        effect = Effect("executed", "the comment was found on GitHub", url=stored.url)
    else:  # decided since, or in the Captain's hands
        effect = Effect("outcome_unknown", stored.last_error)
    return finish(app, acted(run, attempt, effect, app.now(), moves=moves))
