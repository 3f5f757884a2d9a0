"""POST /audit/{runId}/erase: forget a run's content; its events and their proof stay."""

from typing import Annotated

from pydantic import Field

from core.app import App
from core.audit.erasure import erase
from handlers.bodies import Body, read_body
from handlers.http import Endpoint, Reply
from handlers.request import Request


class EraseBody(Body):
    """POST /audit/{runId}/erase."""

    reason: Annotated[str, Field(min_length=1, max_length=1000)]


def respond(app: App, request: Request) -> Reply:
    """What was erased, on record."""
    body = read_body(EraseBody, request.body)
    return Reply(erase(app, request.id_of("run", "runId"), request.principal.name, body.reason))


handler = Endpoint(respond, right="erase", command=True)
