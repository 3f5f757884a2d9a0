"""Forgetting what must be forgettable: a run's prompt, answer and plan go, its events and their proof stay."""

from typing import Final

from core.actions import states
from core.app import App
from core.audit import log
from core.audit.events import content_erased
from core.errors import Conflict, NotFound
from core.runs import record
from core.store import Delete, Write
from core.types import Json

MAKES_ACTION: Final = frozenset({"action.proposed", "action.intended"})
GIVEN_UP_MS: Final = 86_400_000
"""A run without an end has died by then: no delivery to the worker comes this late."""


def erase(app: App, run_id: str, principal: str, reason: str) -> Json:
    """Delete a run's content. The erasure is an event, in the same transaction.

    Raises NotFound for an unknown run, Conflict while it is running or its action still waits.
    """
    settings = app.settings
    events = log.read_chain(app.store, settings.audit_table, run_id)
    if not events:
        raise NotFound("no run has this id")
    stored = app.store.query_all(settings.content_table, ("run", run_id))
    run = record.load(app.store, settings.dedupe_table, run_id)
    if run is not None and run.stage != "finished" and app.now() < run.started_at + GIVEN_UP_MS:
        raise Conflict("the run is still going on: erase it when it has ended, or a day after it died")
    writes: list[Write] = [Delete(settings.content_table, {"run": run_id, "name": item["name"]}) for item in stored]
    for action_id in sorted({str(event.data["actionId"]) for event in events if event.type in MAKES_ACTION}):
        if item := app.store.get(settings.actions_table, {"id": action_id}):
            action = states.read(item)
            if action.state in states.QUEUED:
                raise Conflict(f"its action {action_id} still waits: reject it first", state=action.state)
            writes.append(states.forget(settings.actions_table, action))
    if run is not None:
        writes.append(Delete(settings.dedupe_table, record.key(run_id)))
        kept = app.store.get(settings.dedupe_table, {"key": run.dedupe_key})
        if kept is not None and kept["runId"] == run_id:
            writes.append(Delete(settings.dedupe_table, {"key": run.dedupe_key}, where={"runId": run_id}))
    names = sorted(item["name"] for item in stored)
    entry = content_erased(run_id, principal, names, reason)
    appended = log.append(settings.audit_table, log.Head.new(app.new_id()), app.now(), [entry])
    if app.store.transact([*writes, *appended.writes]) is not None:
        raise Conflict("somebody else changed it meanwhile; try again")
    return {"status": "erased", "runId": run_id, "erased": names}
