"""POST /approve/{id}: execute a waiting action, once."""

from typing import Annotated

from pydantic import Field

from core.app import App
from core.approvals.approve import approve
from handlers.bodies import Body, read_body
from handlers.http import Endpoint, Reply
from handlers.request import Request


class ApproveBody(Body):
    """POST /approve/{id}."""

    note: Annotated[str, Field(max_length=1000)] = ""


STATUS = {"executed": 200, "failed": 502, "outcome_unknown": 202, "shadowed": 200}


def respond(app: App, request: Request) -> Reply:
    """The outcome of the attempt."""
    body = read_body(ApproveBody, request.body)
    digest = read_digest(request.headers.get("if-match"))
    result = approve(app, request.id_of("action"), request.principal.name, digest, body.note)
    return Reply(result, STATUS[str(result["status"])])


def read_digest(if_match: str | None) -> str | None:
    """The digest that was looked at. Any action fulfils `*` (RFC 9110, section 13.1.1), as without the header."""
    if if_match is None or if_match.strip() == "*":
        return None
    return if_match.strip().removeprefix("W/").strip('"')


handler = Endpoint(respond, right="approve", command=True)
