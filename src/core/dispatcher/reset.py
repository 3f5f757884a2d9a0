"""The Captain's emergency reset of the circuit breaker."""

from __future__ import annotations

from core.app import App
from core.audit import alone, events
from core.types import Json


def reset(app: App, principal: str) -> Json:
    """Close the breaker and clear its outcome counts, never its charges. Creates a missing row."""
    alone.append(app, events.breaker_reset(principal))
    before = app.ledger.reset(app.now())
    was = before["state"] if before else "missing"
    return {"status": "reset", "message": f"the circuit breaker was {was} and is closed now; charges stay"}
