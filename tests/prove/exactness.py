"""One caller at a time: the ledger refuses exactly what does not fit, by a model that is counted anew each time."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

from core.dispatcher.breaker import Refusal
from core.dispatcher.ledger import Charge, Ledger, Reserved

COUNTED_MS: Final = 3_602_000
"""60 minutes, and the 2 s by which two clocks of the service may disagree."""
TASKS: Final = 25
CEILING: Final = 5_000_000


@dataclass
class Held:
    """What the window should hold of one run."""

    amount: int
    stamp: int
    charge: Charge | None
    """None once settled."""


class Model:
    """The window, kept as a plain list of what was charged and when."""

    def __init__(self) -> None:
        self.held: dict[str, Held] = {}

    def fits(self, amount: int, now: int) -> bool:
        counted = [held for held in self.held.values() if now < held.stamp + COUNTED_MS]
        return sum(held.amount for held in counted) + amount <= CEILING and len(counted) < TASKS


def compare(ledger: Ledger, start: int, steps: int, seed: int) -> tuple[int, int]:
    """Random reservations, settlements and cancellations. How many reservations were granted and refused.

    Raises AssertionError where the ledger and the model differ, also in the second at which room comes.
    """
    dice = random.Random(seed)  # noqa: S311 - a seeded test
    model = Model()
    now = start
    granted = refused = 0
    for number in range(steps):
        now += dice.randrange(60_000)
        open_runs = [run for run, held in model.held.items() if held.charge is not None]
        if open_runs and dice.random() < 0.4:
            _end(ledger, model, dice, dice.choice(open_runs), now)
            continue
        amount, run, until = dice.randint(1, 500_000), f"run{number}", now + dice.randrange(300_000)
        result = ledger.reserve(run, amount, 1, until, now)
        assert isinstance(result, Reserved) == model.fits(amount, now), (number, result)
        if isinstance(result, Refusal):
            refused += 1
            now = _wait_as_told(ledger, model, result, run, amount, now)
            result = ledger.reserve(run, amount, 1, until, now)
            assert isinstance(result, Reserved), "there was no room when the refusal had said there would be"
        granted += 1
        model.held[run] = Held(amount, until, result.charge)
    return granted, refused


def _wait_as_told(ledger: Ledger, model: Model, refusal: Refusal, run: str, amount: int, now: int) -> int:
    """A second before the time that was told it still does not fit; then it does."""
    then = now + refusal.retry_after * 1000
    early = then - 1000
    if early > now:
        assert not model.fits(amount, early)
        assert isinstance(ledger.reserve(run, amount, 1, early, early), Refusal)
    assert model.fits(amount, then)
    return then


def _end(ledger: Ledger, model: Model, dice: random.Random, run: str, now: int) -> None:
    held = model.held[run]
    assert held.charge is not None
    if dice.random() < 0.15:
        ledger.cancel(held.charge, 1)
        del model.held[run]
        return
    amount = dice.randint(0, held.amount)
    at = min(now, held.stamp)
    if ledger.settle(held.charge, amount, at, failed=False) is None:
        del model.held[run]
        return
    model.held[run] = Held(amount, at, None)
