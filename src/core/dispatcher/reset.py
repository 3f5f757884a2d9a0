"""The Captain's emergency reset of the circuit breaker."""

from __future__ import annotations

from core.app import App
from core.audit import log
from core.audit.chain import Head
from core.types import Json


def reset(app: App, principal: str) -> Json:
    """Close the breaker and clear its outcome counts, never its charges. Creates a missing row."""
    now = app.now()
    head = Head.new(app.new_id())
    entry = ("breaker.reset", {"kind": "reset", "principal": principal})
    app.store.transact([*log.append(app.settings.audit_table, head, now, [entry]).writes])
    before = app.ledger.reset(now)
    was = before["state"] if before else "missing"
    return {"status": "reset", "message": f"the circuit breaker was {was} and is closed now; charges stay"}
