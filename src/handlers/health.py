"""GET /health: whether the service can work, and how the breaker stands. Public."""

from typing import Any

from core.app import App
from core.canonical import dollars, iso
from core.config import VERSION
from core.dispatcher import breaker
from core.dispatcher.breaker import Snapshot
from core.errors import StoreUnavailable
from core.store import Item
from handlers.http import Endpoint, Reply
from handlers.request import Request


def respond(app: App, request: Request) -> Reply:
    """200 with the breaker's state; 503 `degraded` when the store cannot be read or has no breaker row."""
    body: dict[str, Any] = {
        "status": "ok",
        "phase": app.settings.phase,
        "version": VERSION,
        "timestamp": iso(request.started),
        "credentials": "separate" if app.settings.own_reader or app.settings.relay_url else "shared",
    }
    if app.settings.comment_author is None:
        body["notice"] = "COMMENT_AUTHOR is not set: an unanswered comment can never be found again"
    try:
        item = app.ledger.read()
    except StoreUnavailable as error:
        return Reply({**body, "status": "degraded", "detail": error.message}, 503)
    if item is None:
        return Reply({**body, "status": "degraded", "detail": "no breaker row: POST /circuit/reset creates it"}, 503)
    seen = breaker.snapshot(item, request.started)
    body["circuitBreaker"] = {
        "isOpen": seen.state == "open",
        "state": seen.state,
        **_trouble(item, seen, app.settings.limits.cooldown_seconds),
        "totalTasks": seen.total_tasks,
        "failedTasks": seen.failed_tasks,
        "totalCostUsd": dollars(seen.charged),
        "maxCostUsd": dollars(app.settings.limits.window_ceiling),
    }
    return Reply(body)


def _trouble(item: Item, seen: Snapshot, cooldown_seconds: int) -> dict[str, str]:
    """Why the breaker is not closed, since when, and when it lets a probe through."""
    if seen.state == "closed" or not item["openedAt"]:
        return {}
    probe = item["openedAt"] + cooldown_seconds * 1000 if seen.state == "open" else item["probeUntil"]
    return {"reason": seen.reason, "openedAt": iso(item["openedAt"]), "nextProbeAt": iso(probe)}


handler = Endpoint(respond, right=None)
