"""A warm process that dispatches again and again: what a dispatch takes above the model's own time."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Final

from bench.lane import Lane
from bench.yard import DISPATCH, FIRST_PULL, NAIVE, PULLS, Yard

FIRST_ONES: Final = 3
"""Dispatches that are not counted: connections are opened and caches filled by them."""
ON_THE_SAME_TABLES: Final = 8
"""Then both begin again with empty tables: the engine copies a table whole for each transaction on it."""


@dataclass
class Warm:
    """Seconds above the model's own time, and of the process's CPU, one entry for each dispatch."""

    ours: list[float] = field(default_factory=list)
    naive: list[float] = field(default_factory=list)
    ours_cpu: list[float] = field(default_factory=list)
    naive_cpu: list[float] = field(default_factory=list)


def measure(yard: Yard, dispatches: int) -> Warm:
    """So many dispatches by each, in turn, all on pull requests of their own."""
    batches = -(-dispatches // ON_THE_SAME_TABLES)
    if batches * (FIRST_ONES + ON_THE_SAME_TABLES) > PULLS:
        raise ValueError(f"there are {PULLS} pull requests")
    found = Warm()
    numbers = iter(range(FIRST_PULL, FIRST_PULL + PULLS))
    for _ in range(batches):
        _one_batch(yard, found, [next(numbers) for _ in range(FIRST_ONES + ON_THE_SAME_TABLES)])
    return found


def _one_batch(yard: Yard, found: Warm, numbers: Sequence[int]) -> None:
    with ExitStack() as until:
        ours = until.enter_context(Lane(DISPATCH, yard.ours("worker")))
        naive = until.enter_context(Lane(NAIVE, yard.naive()))
        for at, number in enumerate(numbers):
            own, other = _above_the_model(yard, ours, number), _above_the_model(yard, naive, number)
            if at >= FIRST_ONES:
                found.ours.append(own[0])
                found.naive.append(other[0])
                found.ours_cpu.append(own[1])
                found.naive_cpu.append(other[1])


def _above_the_model(yard: Yard, lane: Lane, number: int) -> tuple[float, float]:
    event: dict[str, Any] = yard.dispatch(number)
    yard.model.seconds = 0.0
    step = lane.expect(event, 200)
    return step.wall - yard.model.seconds, step.cpu
