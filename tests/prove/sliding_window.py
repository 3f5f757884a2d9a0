"""Judges a record of charges against the ceilings. It knows nothing of how the service keeps them.

Every window of 60 minutes is looked at, wherever it starts: what can change at an instant is an event,
so the instants of the events are enough. Times are milliseconds of the true clock, money is micro-dollars.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

WINDOW_MS: Final = 60 * 60 * 1000
NEVER: Final = 1 << 62


@dataclass(frozen=True)
class Charged:
    """One acknowledged change of what a run is charged: `amount` in all, stamped `stamp`.

    It was asked for when the true clock showed `asked`, and acknowledged when it showed `known`.
    """

    run: str
    order: int
    amount: int
    stamp: int
    asked: int
    known: int


@dataclass(frozen=True)
class Billed:
    """What the other side took for one attempt, and when."""

    run: str
    at: int
    amount: int


@dataclass(frozen=True)
class Overrun:
    """A ceiling that did not hold."""

    what: str
    at: int
    amount: int
    ceiling: int


@dataclass(frozen=True)
class Judgement:
    """What was found, and how near the ceiling the busiest window came."""

    overruns: tuple[Overrun, ...]
    busiest_charged: int
    busiest_billed: int


def judge(charges: Iterable[Charged], bills: Iterable[Billed], *, ceiling: int, run_ceiling: int) -> Judgement:
    """Every window, and every run."""
    by_run: dict[str, list[Charged]] = defaultdict(list)
    for charge in charges:
        by_run[charge.run].append(charge)
    bills = list(bills)
    charged_at, charged = _busiest_charged(by_run)
    billed_at, billed = _busiest_billed(bills)
    overruns = []
    if charged > ceiling:
        overruns.append(Overrun("charged in a window", charged_at, charged, ceiling))
    if billed > ceiling:
        overruns.append(Overrun("billed in a window", billed_at, billed, ceiling))
    for run, changes in by_run.items():
        most = max(change.amount for change in changes)
        if most > run_ceiling:
            overruns.append(Overrun(f"charged to run {run}", 0, most, run_ceiling))
    for run, amount in _sums(bills).items():
        if amount > run_ceiling:
            overruns.append(Overrun(f"billed to run {run}", 0, amount, run_ceiling))
        covered = max((change.amount for change in by_run[run]), default=0)
        if amount > covered:
            overruns.append(Overrun(f"billed to run {run} beyond its charge", 0, amount, covered))
    return Judgement(tuple(overruns), charged, billed)


def _busiest_charged(by_run: dict[str, list[Charged]]) -> tuple[int, int]:
    """The instant at which most is charged to the window that ends there, and how much.

    A change counts from its acknowledgement. While the next one is under way, the smaller of both does.
    """
    steps: dict[int, int] = defaultdict(int)

    def count(amount: int, begin: int, end: int) -> None:
        if begin < end:
            steps[begin] += amount
            steps[end] -= amount

    for changes in by_run.values():
        changes.sort(key=lambda change: change.order)
        for now, after in pairwise(changes):
            count(now.amount, now.known, min(after.asked, now.stamp + WINDOW_MS))
            both = min(now.stamp, after.stamp) + WINDOW_MS
            count(min(now.amount, after.amount), max(now.known, after.asked), min(after.known, both))
        last = changes[-1]
        count(last.amount, last.known, last.stamp + WINDOW_MS)
    return _peak(steps)


def _busiest_billed(bills: Sequence[Billed]) -> tuple[int, int]:
    steps: dict[int, int] = defaultdict(int)
    for bill in bills:
        steps[bill.at] += bill.amount
        steps[bill.at + WINDOW_MS] -= bill.amount
    return _peak(steps)


def _peak(steps: dict[int, int]) -> tuple[int, int]:
    running = best = 0
    best_at = 0
    for at in sorted(steps):
        running += steps[at]
        if running > best:
            best, best_at = running, at
    return best_at, best


def _sums(bills: Sequence[Billed]) -> dict[str, int]:
    sums: dict[str, int] = defaultdict(int)
    for bill in bills:
        sums[bill.run] += bill.amount
    return sums
