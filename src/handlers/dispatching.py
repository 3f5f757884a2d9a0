"""What all dispatch routes share: the right to force, the gateway's time, the Location of what goes on."""

from __future__ import annotations

from collections.abc import Callable

from core.app import App
from core.auth import require_right
from core.config import GATEWAY_WAIT_SECONDS
from core.types import Json
from handlers.http import Reply, Request

Work = Callable[[int, int], Json]
"""A dispatch, given until when to wait for its worker and when this invocation ends (milliseconds)."""


def dispatched(app: App, request: Request, work: Work, *, force: bool) -> Reply:
    """The run's end, or 202 when it is not reached in the gateway's time."""
    if force:
        require_right(request.principal, "approve")
    asynchronous = "respond-async" in request.headers.get("prefer", "").lower()
    wait = 0 if asynchronous else int(GATEWAY_WAIT_SECONDS * 1000)
    result = work(request.started + wait, request.deadline)
    location = {"location": f"/audit/{result['runId']}"} if result["status"] == "accepted" else None
    return Reply(result, headers=location)
