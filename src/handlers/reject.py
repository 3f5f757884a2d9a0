"""POST /reject/{id}: decide that a waiting action shall not happen."""

from __future__ import annotations

from core.app import App
from core.approvals import reject
from handlers.bodies import RejectBody, read_body
from handlers.http import Endpoint, Reply, Request


def respond(app: App, request: Request) -> Reply:
    """The rejection, recorded."""
    body = read_body(RejectBody, request.body)
    return Reply(reject(app, request.path.get("id", ""), request.principal.name, body.reason))


handler = Endpoint(respond, right="approve", command=True)
