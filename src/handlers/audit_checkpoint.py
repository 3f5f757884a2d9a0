"""GET /audit/checkpoint: a signed checkpoint, the newest or the one with `?number=`."""

from core.app import App
from core.audit import checkpoint
from core.errors import BadRequest, NotFound
from handlers.http import Endpoint, Reply
from handlers.request import Request


def respond(app: App, request: Request) -> Reply:
    """The checkpoint's note and what it says."""
    request.refuse_unknown("number")
    number = request.query.get("number")
    if number is None:
        found = checkpoint.latest(app)
    elif number.isascii() and number.isdigit() and len(number) < 10:
        found = checkpoint.by_number(app, int(number))
    else:
        raise BadRequest("number must be a whole number")
    if found is None:
        raise NotFound("there is no such checkpoint" if number else "there is no checkpoint yet: see docs/audit.md")
    return Reply(checkpoint.public(app, found))


handler = Endpoint(respond, right="read")
