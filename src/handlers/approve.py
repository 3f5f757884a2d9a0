"""POST /approve/{id}: execute a waiting action, once."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from core.app import App
from core.approvals.approve import approve
from handlers.bodies import Body, read_body
from handlers.http import Endpoint, Reply, Request, path_id


class ApproveBody(Body):
    """POST /approve/{id}."""

    note: Annotated[str, Field(max_length=1000)] = ""


STATUS = {"executed": 200, "failed": 502, "outcome_unknown": 202, "shadowed": 200}


def respond(app: App, request: Request) -> Reply:
    """The outcome of the attempt."""
    body = read_body(ApproveBody, request.body)
    digest = request.headers.get("if-match")
    wanted = digest.strip().removeprefix("W/").strip('"') if digest is not None else None
    result = approve(app, path_id(request, "id", "action"), request.principal.name, wanted, body.note)
    return Reply(result, STATUS[str(result["status"])])


handler = Endpoint(respond, right="approve", command=True)
