"""GET /audit/{runId}: every event of a run, the chain's verdict, and its content."""

from __future__ import annotations

from core.app import App
from core.audit.read import read_run
from handlers.http import Endpoint, Reply, Request


def respond(app: App, request: Request) -> Reply:
    """The run whole."""
    return Reply(read_run(app, request.path.get("runId", "")))


handler = Endpoint(respond, right="read")
