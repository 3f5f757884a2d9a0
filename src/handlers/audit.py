"""GET /audit: the runs, newest first."""

from __future__ import annotations

import re

from core.app import App
from core.audit.read import list_runs
from core.errors import BadRequest
from handlers.http import Endpoint, Reply, Request, no_unknown, page_limit, read_cursor, write_cursor

CURSOR = ("chain", "seq", "list", "listKey")

FILTERS = ("kind", "taskType", "status", "target", "principal")
MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?Z?)?")


def respond(app: App, request: Request) -> Reply:
    """One page of runs, those that the filters let through."""
    no_unknown(request.query, ("limit", "cursor", "since", "until", *FILTERS), "query parameter")
    runs, after = list_runs(
        app,
        limit=page_limit(request),
        start=read_cursor(request, CURSOR),
        since=_moment(request, "since", " "),
        until=_moment(request, "until", "~"),
        where={name: request.query[name] for name in FILTERS if name in request.query},
    )
    return Reply({"count": len(runs), "runs": runs, "cursor": write_cursor(after)})


def _moment(request: Request, name: str, otherwise: str) -> str:
    value = request.query.get(name)
    if value is None:
        return otherwise
    if not MOMENT.fullmatch(value):
        raise BadRequest(f"{name} must be a date or a time in UTC, such as 2026-11-22 or 2026-11-22T10:00:00Z")
    return value.removesuffix("Z")


handler = Endpoint(respond, right="read")
