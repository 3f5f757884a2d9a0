"""GET /pending: what waits for the Captain, newest first."""

from __future__ import annotations

from core.actions.states import WAITING
from core.app import App
from core.approvals.approve import list_pending
from handlers.http import (
    MOMENT,
    UUID,
    Endpoint,
    KeyShape,
    Reply,
    Request,
    no_unknown,
    page_limit,
    read_cursor,
    write_cursor,
)

CURSOR: KeyShape = {"id": UUID, "queue": WAITING, "queueKey": f"{MOMENT}#{UUID}"}
FILTERS = ("taskType", "target")


def respond(app: App, request: Request) -> Reply:
    """One page of waiting actions."""
    no_unknown(request.query, ("limit", "cursor", *FILTERS), "query parameter")
    where = {name: request.query[name] for name in FILTERS if name in request.query}
    actions, after = list_pending(app, limit=page_limit(request), start=read_cursor(request, CURSOR), where=where)
    return Reply({"count": len(actions), "actions": actions, "cursor": write_cursor(after)})


handler = Endpoint(respond, right="read")
