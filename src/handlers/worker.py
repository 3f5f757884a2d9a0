"""The worker: brings a run to its end. Invoked asynchronously with {"runId": "…"}; safe to deliver again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core import bootstrap
from core.app import App
from core.errors import NotFound
from core.pipeline import work
from handlers.http import logger


def run(app: App, event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """The run's result. Raises what Lambda is to deliver again: LeaseHeld, StoreUnavailable."""
    run_id = event.get("runId")
    if not isinstance(run_id, str) or not run_id:
        logger.error("the event names no run")
        return {"status": "error"}
    deadline = app.now() + int(context.get_remaining_time_in_millis()) - 1000
    try:
        result = work(app, run_id, deadline)
    except NotFound as error:
        logger.error(error.message)
        return {"status": "error"}
    logger.info("run ended", extra={"runId": run_id, "status": result["status"], "reason": result.get("reason", "")})
    return dict(result)


def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    return run(bootstrap.app(), event, context)
