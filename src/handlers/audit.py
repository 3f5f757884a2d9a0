"""GET /audit: the runs, newest first."""

from __future__ import annotations

from core.app import App
from core.audit.read import list_runs
from handlers.http import Endpoint, Reply, Request, no_unknown, page_limit, read_cursor, write_cursor

CURSOR = ("chain", "seq", "list", "listKey")


def respond(app: App, request: Request) -> Reply:
    """One page of runs."""
    no_unknown(request.query, ("limit", "cursor"), "query parameter")
    runs, after = list_runs(app, limit=page_limit(request), start=read_cursor(request, CURSOR))
    return Reply({"count": len(runs), "runs": runs, "cursor": write_cursor(after)})


handler = Endpoint(respond, right="read")
