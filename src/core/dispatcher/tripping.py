"""Carrying out what the breaker is to do, with its event on record first."""

from core.app import App
from core.audit import alone, events
from core.dispatcher import breaker
from core.store import Item
from core.types import Json


def audit_breaker(app: App, to: str, reason: str, run_id: str) -> None:
    """One event on a chain of its own: the breaker belongs to no single run."""
    alone.append(app, events.breaker_moved(to, reason, run_id))


def follow_outcome(app: App, item: Item | None, run_id: str, *, failed: bool) -> None:
    """Open or close the breaker where the run's outcome asks for it. `item` is the breaker after settling."""
    if item is None:
        return
    now = app.now()
    app.measure("WindowSpendMicroUsd", breaker.snapshot(item, now).charged)
    transition = breaker.after_outcome(item, run_id, failed, now, app.settings.limits)
    if transition is None:
        return
    audit_breaker(app, transition.to, transition.reason, run_id)
    if app.ledger.move(item, transition, now) and transition.to == "open":
        app.measure("BreakerOpened", 1)


def trip(app: App, reason: str, run_id: str) -> None:
    """Open the breaker because a bound has proven wrong."""
    audit_breaker(app, "open", reason, run_id)
    if app.ledger.trip(reason, app.now()) is not None:
        app.measure("BreakerOpened", 1)


def reset(app: App, principal: str) -> Json:
    """The Captain's: closes the breaker and clears its outcome counts, never its charges. Creates a missing row."""
    alone.append(app, events.breaker_reset(principal))
    before = app.ledger.reset(app.now())
    was = before["state"] if before else "missing"
    return {"status": "reset", "message": f"the circuit breaker was {was} and is closed now; charges stay"}
