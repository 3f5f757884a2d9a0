"""Ending a run whose sender died with the intent on record. It never sends."""

from __future__ import annotations

from core.actions import states
from core.app import App
from core.approvals import look
from core.errors import StoreUnavailable
from core.runs import endings, record
from core.runs.endings import Intended
from core.runs.record import Run
from core.types import Effect, Json


def finish_interrupted(app: App, run: Run) -> Json:
    """`executed` when the marker is on GitHub, `outcome_unknown` otherwise: the dead attempt may still land."""
    item = app.store.get(app.settings.actions_table, {"id": run.action_id})
    if item is None or run.result is None:
        raise StoreUnavailable(f"run {run.id} has an intent and no action: its record is damaged")
    stored = states.read(item)
    app.ledger.settle(run.charge, run.charged, app.now(), failed=False)
    intended = Intended(run, stored.action, record.attempt_id(run.id, run.action_id), run.result)
    if stored.state == "executed":
        return endings.end(app, intended, Effect("executed", "the comment was found on GitHub"), moves=False)
    if stored.state != "executing" or stored.attempt != intended.attempt:  # decided since, or in the Captain's hands
        return endings.end(app, intended, Effect("outcome_unknown", stored.last_error), moves=False)
    seen = look.look(app, stored)
    if seen.result == "found":
        return endings.end(app, intended, Effect("executed", seen.detail))
    return endings.end(
        app, intended, Effect("outcome_unknown", f"the sender died after its intent was recorded; {seen.detail}")
    )
