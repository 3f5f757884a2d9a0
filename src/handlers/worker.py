"""The worker: brings a run or a delivery of GitHub to its end. Safe to deliver again.

Invoked asynchronously with {"runId": "…"} or {"delivery": "…"}.
"""

from collections.abc import Mapping
from typing import Any

from core import bootstrap
from core.app import App
from core.errors import NotFound
from core.policy import engine
from core.runs.arrow import work
from core.runs.deliveries import carry_out
from core.tasks import registry
from core.types import Json
from handlers.http import logger

bootstrap.load_sdk()  # both in Lambda's init phase: the first run finds them ready
engine.prepare(registry.draftings())


def run(app: App, event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """The run's result. Raises what Lambda is to deliver again: LeaseHeld, StoreUnavailable, UpstreamUnavailable."""
    deadline = app.now() + int(context.get_remaining_time_in_millis()) - 1000
    try:
        result = _result(app, event, deadline)
    except NotFound as error:
        logger.error(error.message)
        return {"status": "error"}
    noted = {name: result.get(name, "") for name in ("runId", "status", "reason")}
    logger.info("run ended", extra={**noted, "delivery": event.get("delivery", "")})
    return dict(result)


def _result(app: App, event: Mapping[str, Any], deadline: int) -> Json:
    match event:
        case {"runId": str(run_id)} if run_id:
            return work(app, run_id, deadline)
        case {"delivery": str(delivery)} if delivery:
            return carry_out(app, delivery, deadline)
    raise NotFound("the event names no run and no delivery")


def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    return run(bootstrap.app(), event, context)
