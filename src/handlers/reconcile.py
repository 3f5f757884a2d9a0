"""The scheduled look at what waits. Runs in any phase: it never sends anything to GitHub."""

from collections.abc import Mapping
from typing import Any

from core import bootstrap
from core.app import App
from core.approvals.reconcile import look_at_waiting, observe
from handlers.http import logger


def run(app: App, context: Any) -> dict[str, int]:
    """How many actions were looked at, what became of them, and what became of posted plans."""
    deadline = app.now() + int(context.get_remaining_time_in_millis()) - 15_000
    counts = {**look_at_waiting(app, deadline), **observe(app, deadline)}
    logger.info("looked at what waits", extra=counts)
    return counts


def handler(event: Mapping[str, Any], context: Any) -> dict[str, int]:
    return run(bootstrap.app(), context)
