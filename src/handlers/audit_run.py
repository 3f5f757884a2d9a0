"""GET /audit/{runId}: every event of a run, the chain's verdict, and its content."""

from __future__ import annotations

from core.app import App
from core.audit.read import read_run
from core.errors import BadRequest
from handlers.http import Endpoint, Reply, Request, no_unknown, path_id


def respond(app: App, request: Request) -> Reply:
    """The run whole; with `?proof=1` also each event's inclusion in a signed checkpoint."""
    run_id, proof = asked(request)
    return Reply(read_run(app, run_id, proof=proof))


def asked(request: Request) -> tuple[str, bool]:
    """The run's id, and whether proofs are wanted. Raises BadRequest, NotFound."""
    no_unknown(request.query, ("proof",), "query parameter")
    proof = request.query.get("proof", "0")
    if proof not in ("0", "1"):
        raise BadRequest("proof must be 0 or 1")
    return path_id(request, "runId", "run"), proof == "1"


handler = Endpoint(respond, right="read")
