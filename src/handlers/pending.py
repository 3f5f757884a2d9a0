"""GET /pending: what waits for the Captain, newest first; GET /pending/{id}: one action, whatever became of it."""

from core.actions.states import WAITING
from core.app import App
from core.approvals.approve import get_pending, list_pending
from core.types import TASK_TYPES
from handlers.http import Endpoint, Reply
from handlers.request import MOMENT, TARGET, UUID, Listing, Request, write_cursor

LISTING = Listing(
    key={"id": UUID, "queue": WAITING, "queueKey": f"{MOMENT}#{UUID}"},
    filters={"taskType": TASK_TYPES, "target": TARGET},
)


def respond(app: App, request: Request) -> Reply:
    """One page of waiting actions, or the one that the path names."""
    if "id" in request.path:
        request.refuse_unknown()
        return Reply(get_pending(app, request.id_of("action")))
    asked = LISTING.read(request)
    actions, after = list_pending(app, limit=asked.limit, start=asked.start, where=asked.where)
    return Reply({"count": len(actions), "actions": actions, "cursor": write_cursor(after)})


handler = Endpoint(respond, right="read")
