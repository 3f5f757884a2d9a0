"""Ask the model, with the money on record before each attempt.

[charge 1] ─▶ send ─▶ answer ────────────────────────────▶ Generated
               └─▶ trouble ─▶ wait ─▶ [extend] ─▶ send …  └▶ GaveUp
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from core.config import RETRY_DELAYS_SECONDS
from core.dispatcher.breaker import Refusal
from core.dispatcher.ledger import Charge
from core.dispatcher.reply import NORMAL_END, Answered, Reply, Unanswered


@dataclass(frozen=True)
class Generated:
    """An answer with reported usage. `kept` is what earlier attempts stay charged for, in micro-dollars."""

    reply: Answered
    charge: Charge
    kept: int

    @property
    def ended_normally(self) -> bool:
        return self.reply.answer.stop_reason == NORMAL_END


@dataclass(frozen=True)
class GaveUp:
    """No answer. `kept` is what all attempts stay charged for, in micro-dollars."""

    charge: Charge
    kept: int
    trouble: str
    detail: str


@dataclass(frozen=True)
class Terms:
    """What the attempts of a run may cost (micro-dollars) and take."""

    charge: Charge
    """Covers the first attempt."""
    worst_case: int
    """Of one attempt."""
    kept: int
    """What attempts of a dead holder may have cost."""
    retries: int
    attempt_seconds: float


class Budget(Protocol):
    """What the loop needs of the run: one more charge, on record, before one more attempt."""

    def extend(self, failed: Unanswered, charge: Charge, kept: int, amount: int) -> Charge | Refusal: ...


def ask(
    send: Callable[[], Reply],
    budget: Budget,
    terms: Terms,
    *,
    seconds_left: Callable[[], float],
    sleep: Callable[[float], None],
) -> Generated | GaveUp:
    """Attempts until an answer, a definite refusal, or the end of retries, money or time."""
    charge, kept = terms.charge, terms.kept
    for retry in range(terms.retries + 1):
        reply = send()
        if isinstance(reply, Answered):
            return Generated(reply, charge, kept)
        if reply.may_have_been_billed:
            kept += terms.worst_case
        if not reply.worth_retrying or retry == terms.retries:
            return GaveUp(charge, kept, reply.trouble, reply.detail)
        delay = max(RETRY_DELAYS_SECONDS[min(retry, len(RETRY_DELAYS_SECONDS) - 1)], reply.retry_after or 0.0)
        if delay + terms.attempt_seconds > seconds_left():
            return GaveUp(charge, kept, reply.trouble, f"{reply.detail}; no time is left for another attempt")
        sleep(delay)
        extended = budget.extend(reply, charge, kept, kept + terms.worst_case)
        if isinstance(extended, Refusal):
            return GaveUp(charge, kept, reply.trouble, f"{reply.detail}; {extended.message}")
        charge = extended
    raise AssertionError("unreachable")
