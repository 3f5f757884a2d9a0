"""POST /circuit/reset: the emergency reset of the circuit breaker."""

from core.app import App
from core.dispatcher.tripping import reset
from handlers.bodies import EmptyBody, read_body
from handlers.http import Endpoint, Reply
from handlers.request import Request


def respond(app: App, request: Request) -> Reply:
    """The breaker closed, its charges kept."""
    read_body(EmptyBody, request.body)
    return Reply(reset(app, request.principal.name))


handler = Endpoint(respond, right="reset", command=True)
