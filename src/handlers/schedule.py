"""What EventBridge Scheduler calls: `{"taskType": …, "scheduledAt": …}`. One run over the team's queue."""

import re
from collections.abc import Mapping
from typing import Any, Final

from core import bootstrap
from core.app import App
from core.errors import ConfigurationError, OrchestratorError
from core.runs.queue import run_queue
from core.types import TASK_TYPES
from handlers.http import logger

MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def run(app: App, event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """What the run came to. Raises what Lambda is to deliver again: UpstreamUnavailable, StoreUnavailable."""
    task_type, slot = event.get("taskType"), event.get("scheduledAt")
    if task_type not in TASK_TYPES or not isinstance(slot, str) or not MOMENT.fullmatch(slot):
        logger.error("the event needs taskType and scheduledAt", extra={"taskType": str(task_type)[:60]})
        return {"status": "error"}
    deadline = app.now() + int(context.get_remaining_time_in_millis()) - 1000
    try:
        result = run_queue(app, task_type, slot, deadline)
    except OrchestratorError as error:
        logger.error("the schedule's run was refused", extra={"code": error.code, "detail": error.message})
        if error.status in (502, 503) and not isinstance(error, ConfigurationError):
            raise
        return {"status": "error", "error": {"code": error.code, "message": error.message}}
    logger.info("ran over the queue", extra={"runId": result["runId"], "status": result["status"]})
    return dict(result)


def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    return run(bootstrap.app(), event, context)
