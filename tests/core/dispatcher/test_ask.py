from __future__ import annotations

from dataclasses import replace

import pytest

from core.dispatcher.ask import GaveUp, Generated, Terms, ask
from core.dispatcher.breaker import Refusal
from core.dispatcher.ledger import Charge
from core.dispatcher.reply import Reply, Unanswered
from tests.support.fakes import message, trouble

WORST = 100


class Purse:
    """A budget that grants up to a ceiling, and remembers."""

    def __init__(self, ceiling: int = 10_000) -> None:
        self.ceiling = ceiling
        self.amounts: list[int] = []

    def extend(self, failed: Unanswered, charge: Charge, kept: int, amount: int) -> Charge | Refusal:
        self.amounts.append(amount)
        if amount > self.ceiling:
            return Refusal("budget_exhausted", 1, "no room")
        return replace(charge, attempt=charge.attempt + 1, amount=amount)


def run(
    replies: list[Reply], *, purse: Purse | None = None, left: float = 1e6, retries: int = 3
) -> tuple[object, list[float]]:
    slept: list[float] = []
    outcome = ask(
        lambda: replies.pop(0),
        purse or Purse(),
        Terms(Charge("run", 1, WORST, 0), WORST, 0, retries, attempt_seconds=60),
        seconds_left=lambda: left,
        sleep=slept.append,
    )
    return outcome, slept


def test_an_answer_at_once_takes_no_further_charge() -> None:
    purse = Purse()
    outcome, slept = run([message()], purse=purse)
    assert isinstance(outcome, Generated)
    assert (outcome.kept, purse.amounts, slept) == (0, [], [])


def test_retries_wait_1_2_4_seconds_and_then_give_up() -> None:
    outcome, slept = run([trouble(529)] * 4)
    assert isinstance(outcome, GaveUp)
    assert slept == [1.0, 2.0, 4.0]
    assert outcome.kept == 0


def test_an_overloaded_attempt_is_free_and_a_server_error_is_not() -> None:
    purse = Purse()
    outcome, _ = run([trouble(429), trouble(500), message()], purse=purse)
    assert isinstance(outcome, Generated)
    assert purse.amounts == [WORST, 2 * WORST]
    assert outcome.kept == WORST


def test_a_retry_that_no_longer_fits_the_ceiling_gives_up_with_what_was_spent() -> None:
    outcome, _ = run([trouble(500)] * 4, purse=Purse(ceiling=2 * WORST))
    assert isinstance(outcome, GaveUp)
    assert outcome.kept == 2 * WORST
    assert "no room" in outcome.detail


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_another_4xx_is_never_retried(status: int) -> None:
    outcome, slept = run([trouble(status), message()])
    assert isinstance(outcome, GaveUp)
    assert (slept, outcome.kept) == ([], 0)


def test_retry_after_is_honoured_when_it_asks_for_more() -> None:
    _, slept = run([trouble(429, "9"), trouble(429, "0.1"), message()])
    assert slept == [9.0, 2.0]


def test_a_retry_that_no_longer_fits_the_deadline_is_not_begun() -> None:
    outcome, slept = run([trouble(429, "30"), message()], left=80)
    assert isinstance(outcome, GaveUp)
    assert slept == []


def test_no_retries_means_one_attempt() -> None:
    outcome, _ = run([trouble(529), message()], retries=0)
    assert isinstance(outcome, GaveUp)
