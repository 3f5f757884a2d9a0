"""POST /reject/{id}: decide that a waiting action shall not happen."""

from typing import Annotated

from pydantic import Field

from core.app import App
from core.approvals.approve import reject
from handlers.bodies import Body, read_body
from handlers.http import Endpoint, Reply
from handlers.request import Request


class RejectBody(Body):
    """POST /reject/{id}."""

    reason: Annotated[str, Field(max_length=1000)] = ""


def respond(app: App, request: Request) -> Reply:
    """The rejection, recorded."""
    body = read_body(RejectBody, request.body)
    return Reply(reject(app, request.id_of("action"), request.principal.name, body.reason), 200)


handler = Endpoint(respond, right="approve", command=True)
