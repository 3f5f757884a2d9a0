"""Drives the machine through many histories."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.prove.machine import Machine


def explore(url: str, tables: Mapping[str, str], *, histories: int, steps: int, reproducible: bool) -> Counter[str]:
    """How often what happened; each history begins with empty tables.

    Raises AssertionError, with the shortest history found, where a law broke.
    """
    tally: Counter[str] = Counter()

    def make() -> Machine:
        return Machine(url, tables, tally)

    factory: Any = make  # hypothesis takes a factory as well as a class
    run_state_machine_as_test(
        factory,
        settings=settings(
            max_examples=histories,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            derandomize=reproducible,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate, Phase.shrink),
        ),
    )
    return tally
