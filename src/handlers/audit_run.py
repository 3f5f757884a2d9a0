"""GET /audit/{runId}: every event of a run, the chain's verdict, and its content."""

from core.app import App
from core.audit.read import read_run
from core.errors import BadRequest
from handlers.http import Endpoint, Reply
from handlers.request import Request


def respond(app: App, request: Request) -> Reply:
    """The run whole; with `?proof=1` also each event's inclusion in a signed checkpoint."""
    request.refuse_unknown("proof")
    proof = request.query.get("proof", "0")
    if proof not in ("0", "1"):
        raise BadRequest("proof must be 0 or 1")
    return Reply(read_run(app, request.id_of("run", "runId"), proof=proof == "1"))


handler = Endpoint(respond, right="read")
