"""POST /audit/{runId}/erase: forget a run's content; its events and their proof stay."""

from __future__ import annotations

from core.app import App
from core.erasure import erase
from handlers.bodies import EraseBody, read_body
from handlers.http import Endpoint, Reply, Request, path_id


def respond(app: App, request: Request) -> Reply:
    """What was erased, on record."""
    body = read_body(EraseBody, request.body)
    return Reply(erase(app, path_id(request, "runId", "run"), request.principal.name, body.reason))


handler = Endpoint(respond, right="erase", command=True)
