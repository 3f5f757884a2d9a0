"""The scheduled checkpointer. Runs in any phase: it never sends anything to GitHub."""

from collections.abc import Mapping
from typing import Any

from core import bootstrap
from core.app import App
from core.audit.checkpoint import checkpoint
from handlers.http import logger


def run(app: App, context: Any) -> dict[str, int]:
    """How many checkpoints were made, over how many events."""
    made = checkpoint(app, app.now() + int(context.get_remaining_time_in_millis()) - 10_000)
    app.measure("CheckpointerEnded", 1)  # its absence is what an alarm waits for
    logger.info("checkpointed", extra=made)
    return made


def handler(event: Mapping[str, Any], context: Any) -> dict[str, int]:
    return run(bootstrap.app(), context)
