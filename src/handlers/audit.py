"""GET /audit: the runs, newest first."""

from __future__ import annotations

import re

from core.app import App
from core.audit.log import RUNS
from core.audit.read import KINDS, STATUSES, list_runs
from core.errors import BadRequest
from core.types import TASK_TYPES
from handlers.http import (
    MOMENT,
    PRINCIPAL,
    TARGET,
    UUID,
    Endpoint,
    Filters,
    KeyShape,
    Reply,
    Request,
    no_unknown,
    page_limit,
    read_cursor,
    read_filters,
    write_cursor,
)

CURSOR: KeyShape = {"chain": UUID, "seq": 0, "list": RUNS, "listKey": f"{MOMENT}#{UUID}#0"}
FILTERS: Filters = {"kind": KINDS, "taskType": TASK_TYPES, "status": STATUSES, "target": TARGET, "principal": PRINCIPAL}
SPAN = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?Z?)?")


def respond(app: App, request: Request) -> Reply:
    """One page of runs, those that the filters let through."""
    no_unknown(request.query, ("limit", "cursor", "since", "until", *FILTERS), "query parameter")
    since, until = _moment(request, "since", " "), _moment(request, "until", "~")
    if since > until:  # DynamoDB refuses such a span as an error of ours
        raise BadRequest("since is later than until")
    start = read_cursor(request, CURSOR)
    if start is not None and not since <= start["listKey"] <= until:  # DynamoDB refuses this one too
        raise BadRequest("cursor is of another span than since and until")
    runs, after = list_runs(
        app,
        limit=page_limit(request),
        start=start,
        since=since,
        until=until,
        where=read_filters(request, FILTERS),
    )
    return Reply({"count": len(runs), "runs": runs, "cursor": write_cursor(after)})


def _moment(request: Request, name: str, otherwise: str) -> str:
    value = request.query.get(name)
    if value is None:
        return otherwise
    if not SPAN.fullmatch(value):
        raise BadRequest(f"{name} must be a date or a time in UTC, such as 2026-11-22 or 2026-11-22T10:00:00Z")
    return value.removesuffix("Z")


handler = Endpoint(respond, right="read")
