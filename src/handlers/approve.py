"""POST /approve/{id}: execute a waiting action, once."""

from __future__ import annotations

from core.app import App
from core.approvals.approve import approve
from handlers.bodies import EmptyBody, read_body
from handlers.http import Endpoint, Reply, Request, path_id

STATUS = {"executed": 200, "failed": 502, "outcome_unknown": 202, "shadowed": 200}


def respond(app: App, request: Request) -> Reply:
    """The outcome of the attempt."""
    read_body(EmptyBody, request.body)
    digest = request.headers.get("if-match")
    wanted = digest.strip().removeprefix("W/").strip('"') if digest is not None else None
    result = approve(app, path_id(request, "id", "action"), request.principal.name, wanted)
    return Reply(result, STATUS[str(result["status"])])


handler = Endpoint(respond, right="approve", command=True)
