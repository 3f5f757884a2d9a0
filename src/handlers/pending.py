"""GET /pending: what waits for the Captain, newest first; GET /pending/{id}: one action, whatever became of it."""

from __future__ import annotations

from core.actions.states import WAITING
from core.app import App
from core.approvals.approve import get_pending, list_pending
from core.types import TASK_TYPES
from handlers.http import (
    MOMENT,
    TARGET,
    UUID,
    Endpoint,
    Filters,
    KeyShape,
    Reply,
    Request,
    no_unknown,
    page_limit,
    path_id,
    read_cursor,
    read_filters,
    write_cursor,
)

CURSOR: KeyShape = {"id": UUID, "queue": WAITING, "queueKey": f"{MOMENT}#{UUID}"}
FILTERS: Filters = {"taskType": TASK_TYPES, "target": TARGET}


def respond(app: App, request: Request) -> Reply:
    """One page of waiting actions, or the one that the path names."""
    if "id" in request.path:
        no_unknown(request.query, (), "query parameter")
        return Reply(get_pending(app, path_id(request, "id", "action")))
    no_unknown(request.query, ("limit", "cursor", *FILTERS), "query parameter")
    where = read_filters(request, FILTERS)
    actions, after = list_pending(app, limit=page_limit(request), start=read_cursor(request, CURSOR), where=where)
    return Reply({"count": len(actions), "actions": actions, "cursor": write_cursor(after)})


handler = Endpoint(respond, right="read")
