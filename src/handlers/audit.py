"""GET /audit: the runs, newest first."""

import re

from core.app import App
from core.audit.log import RUNS
from core.audit.read import KINDS, STATUSES, list_runs
from core.errors import BadRequest
from core.types import TASK_TYPES
from handlers.http import Endpoint, Reply
from handlers.request import MOMENT, PRINCIPAL, TARGET, UUID, Listing, Request, write_cursor

LISTING = Listing(
    key={"chain": UUID, "seq": 0, "list": RUNS, "listKey": f"{MOMENT}#{UUID}#0"},
    filters={"kind": KINDS, "taskType": TASK_TYPES, "status": STATUSES, "target": TARGET, "principal": PRINCIPAL},
    others=("since", "until"),
)
SPAN = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?Z?)?")


def respond(app: App, request: Request) -> Reply:
    """One page of runs, those that the filters let through."""
    asked = LISTING.read(request)
    since, until = _moment(request, "since", " "), _moment(request, "until", "~")
    if since > until:  # DynamoDB refuses such a span as an error of ours
        raise BadRequest("since is later than until")
    if asked.start is not None and not since <= asked.start["listKey"] <= until:  # DynamoDB refuses this one too
        raise BadRequest("cursor is of another span than since and until")
    runs, after = list_runs(app, limit=asked.limit, start=asked.start, since=since, until=until, where=asked.where)
    return Reply({"count": len(runs), "runs": runs, "cursor": write_cursor(after)})


def _moment(request: Request, name: str, otherwise: str) -> str:
    value = request.query.get(name)
    if value is None:
        return otherwise
    if not SPAN.fullmatch(value):
        raise BadRequest(f"{name} must be a date or a time in UTC, such as 2026-11-22 or 2026-11-22T10:00:00Z")
    return value.removesuffix("Z")


handler = Endpoint(respond, right="read")
