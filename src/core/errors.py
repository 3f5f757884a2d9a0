"""One error tree. Each subclass says what the caller can do about it.

Refusals that belong to the work (a spent budget, a policy verdict, a lost race) are values, not
exceptions; `handlers/http.py` is the only place where an error becomes an HTTP answer.
"""

from collections.abc import Mapping
from typing import Any


class OrchestratorError(Exception):
    """Root of all errors. `message` is for people and never holds a secret; `code` is for programs."""

    status = 500
    code = "internal"

    def __init_subclass__(cls, status: int | None = None, code: str | None = None) -> None:
        cls.status, cls.code = status or cls.status, code or cls.code

    def __init__(self, message: str, **detail: Any) -> None:
        super().__init__(message)
        self.message = message
        self.detail: Mapping[str, Any] = detail


class BadRequest(OrchestratorError, status=400, code="bad_request"):
    """Correct the request and send it again."""


class TooLarge(OrchestratorError, status=413, code="too_large"):
    """Send less."""


class Unauthorized(OrchestratorError, status=401, code="unauthorized"):
    """Send a valid bearer token. Never says what was wrong with the one that came."""


class Forbidden(OrchestratorError, status=403, code="forbidden"):
    """Use a token that has the right. Never says which right."""


class OutOfReach(Forbidden):
    """Ask for what this token was made for: a workflow's names one pull request. Refused as no token is: unrecorded."""


class SelfApproval(OrchestratorError, status=403, code="self_approval"):
    """Let somebody else approve: this principal dispatched the run itself."""


class PhaseForbids(OrchestratorError, status=403, code="phase"):
    """Deploy a later phase, or confirm its prerequisites."""


class NotFound(OrchestratorError, status=404, code="not_found"):
    """Check the id or number."""


class Conflict(OrchestratorError, status=409, code="conflict"):
    """The state has moved on: look again, then decide."""


class PreconditionFailed(OrchestratorError, status=412, code="digest_mismatch"):
    """`If-Match` names another digest than the recorded one: look at the action again."""


class UpstreamUnavailable(OrchestratorError, status=502, code="github_unavailable"):
    """GitHub could not be read: nothing was claimed or paid; try again later."""


class StoreUnavailable(OrchestratorError, status=503, code="store_unavailable"):
    """DynamoDB could not be read or written: refuse, and let the caller try again."""


class WorkerUnavailable(OrchestratorError, status=503, code="worker_unavailable"):
    """The worker could not be started: nothing was sent to the model; try again."""


class LeaseHeld(OrchestratorError, status=409, code="lease_held"):
    """Another invocation is at work on this run: deliver again later."""


class ConfigurationError(OrchestratorError, code="configuration"):
    """A setting is missing or contradicts another; the message names it."""
