"""Ending a run whose sender died with the intent on record. It never sends."""

from __future__ import annotations

from core.actions import states
from core.app import App
from core.approvals import look
from core.errors import StoreUnavailable
from core.runs.ending import acted, attempt_of
from core.runs.finish import finish
from core.runs.record import Run
from core.types import Effect, Json


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
