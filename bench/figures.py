"""Medians with their spread, and the ratio of two things that were measured in turn."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Spread:
    """What so many rounds came to: the median, and the middle half of them."""

    median: float
    low: float
    high: float
    rounds: int

    def times(self, factor: float) -> Spread:
        """The same in another unit."""
        return Spread(self.median * factor, self.low * factor, self.high * factor, self.rounds)


def spread(values: Sequence[float]) -> Spread:
    """Median and quartiles. Raises ValueError when there is nothing to sum up."""
    if not values:
        raise ValueError("no rounds")
    ordered = sorted(values)
    return Spread(statistics.median(ordered), at(ordered, 0.25), at(ordered, 0.75), len(ordered))


def at(ordered: Sequence[float], share: float) -> float:
    """The value below which that share of the sorted values lies, interpolated."""
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def ratio(ours: Sequence[float], naive: Sequence[float]) -> Spread:
    """Ours over naive, round by round: what disturbs a round disturbs both of its sides."""
    return spread([own / other for own, other in zip(ours, naive, strict=True)])
