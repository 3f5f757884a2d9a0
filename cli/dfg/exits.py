"""The exit codes, for CI to act on."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any, Final


class Exit(IntEnum):
    """What became of the command."""

    OK = 0
    """Done as asked. For a dispatch: posted, waiting for approval, shadowed, a duplicate, or already posted lately."""
    UNAVAILABLE = 1
    """No answer, or the service cannot work now: try again."""
    USAGE = 2
    """The command line or a setting is wrong."""
    LATER = 3
    """Refused for now: budget, task limit, open breaker, or the same dispatch is running."""
    REJECTED = 4
    """Policy refused what the model wrote."""
    FAILED = 5
    """The model failed, or posting was definitely refused."""
    UNKNOWN = 6
    """Sent, and no answer came: it may be posted or not. Never repeat it blindly."""
    CONFLICT = 7
    """Decided, expired, moved, or another digest: look again."""
    FORBIDDEN = 8
    """The token, its rights, or the phase do not allow it."""
    WRONG = 9
    """There is no such thing, or the request is wrong."""
    TIMED_OUT = 10
    """`--timeout` is over; the run goes on."""
    BROKEN = 11
    """The audit chain does not verify."""
    DECLINED = 12
    """The question was answered with no."""


BY_HTTP: Final[Mapping[int, Exit]] = {
    400: Exit.WRONG,
    401: Exit.FORBIDDEN,
    403: Exit.FORBIDDEN,
    404: Exit.WRONG,
    409: Exit.CONFLICT,
    412: Exit.CONFLICT,
    413: Exit.WRONG,
    422: Exit.REJECTED,
    429: Exit.LATER,
}

BY_OUTCOME: Final[Mapping[str, Exit]] = {
    "in_progress": Exit.LATER,
    "rejected": Exit.REJECTED,
    "failed": Exit.FAILED,
    "outcome_unknown": Exit.UNKNOWN,
    "circuit_open": Exit.LATER,
    "budget_exhausted": Exit.LATER,
    "task_limit": Exit.LATER,
    "worker_unavailable": Exit.UNAVAILABLE,
    "older_version": Exit.UNAVAILABLE,
    "phase": Exit.FORBIDDEN,
}


def of_run(body: Mapping[str, Any]) -> Exit | None:
    """The code of a run's or an approval's outcome, most telling word first; None for a plain success."""
    for word in (body.get("reason"), body.get("state"), body.get("status")):
        if word in BY_OUTCOME:
            return BY_OUTCOME[str(word)]
    return None


def of_answer(status: int, body: Mapping[str, Any]) -> Exit:
    """The code of an HTTP answer."""
    if body.get("status") != "error":
        outcome = of_run(body)
        if outcome is not None:
            return outcome
    if 200 <= status < 300:
        return Exit.OK
    return BY_HTTP.get(status, Exit.UNAVAILABLE)
