"""One error tree. Each subclass says what the caller can do about it.

Refusals that belong to the work (a spent budget, a policy verdict, a lost race) are values, not
exceptions; `handlers/http.py` is the only place where an error becomes an HTTP answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class OrchestratorError(Exception):
    """Root of all errors. `message` is for people and never holds a secret; `code` is for programs."""

    status = 500
    code = "internal"

    def __init__(self, message: str, **detail: Any) -> None:
        super().__init__(message)
        self.message = message
        self.detail: Mapping[str, Any] = detail


class BadRequest(OrchestratorError):
    """Correct the request and send it again."""

    status, code = 400, "bad_request"


class TooLarge(OrchestratorError):
    """Send less."""

    status, code = 413, "too_large"


class Unauthorized(OrchestratorError):
    """Send a valid bearer token. Never says what was wrong with the one that came."""

    status, code = 401, "unauthorized"


class Forbidden(OrchestratorError):
    """Use a token that has the right. Never says which right."""

    status, code = 403, "forbidden"


class OutOfReach(Forbidden):
    """Ask for what this token was made for: a workflow's names one pull request. Refused as no token is: unrecorded."""


class SelfApproval(OrchestratorError):
    """Let somebody else approve: this principal dispatched the run itself."""

    status, code = 403, "self_approval"


class PhaseForbids(OrchestratorError):
    """Deploy a later phase, or confirm its prerequisites."""

    status, code = 403, "phase"


class NotFound(OrchestratorError):
    """Check the id or number."""

    status, code = 404, "not_found"


class Conflict(OrchestratorError):
    """The state has moved on: look again, then decide."""

    status, code = 409, "conflict"


class PreconditionFailed(OrchestratorError):
    """`If-Match` names another digest than the recorded one: look at the action again."""

    status, code = 412, "digest_mismatch"


class UpstreamUnavailable(OrchestratorError):
    """GitHub could not be read: nothing was claimed or paid; try again later."""

    status, code = 502, "github_unavailable"


class StoreUnavailable(OrchestratorError):
    """DynamoDB could not be read or written: refuse, and let the caller try again."""

    status, code = 503, "store_unavailable"


class WorkerUnavailable(OrchestratorError):
    """The worker could not be started: nothing was sent to the model; try again."""

    status, code = 503, "worker_unavailable"


class LeaseHeld(OrchestratorError):
    """Another invocation is at work on this run: deliver again later."""

    status, code = 409, "lease_held"


class ConfigurationError(OrchestratorError):
    """A setting is missing or contradicts another; the message names it."""

    code = "configuration"
