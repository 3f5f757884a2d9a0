"""POST /reject/{id}: decide that a waiting action shall not happen."""

from __future__ import annotations

from core.app import App
from core.approvals import reject
from handlers.bodies import RejectBody, read_body
from handlers.http import Endpoint, Reply, Request, path_id


def respond(app: App, request: Request) -> Reply:
    """The rejection, recorded."""
    body = read_body(RejectBody, request.body)
    return Reply(reject(app, path_id(request, "id", "action"), request.principal.name, body.reason), 200)


handler = Endpoint(respond, right="approve", command=True)
