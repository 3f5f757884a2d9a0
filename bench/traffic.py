"""What one operation of each service asks of DynamoDB, counted on the wire."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench.counter import Counter
from bench.lane import Lane
from bench.yard import DISPATCH, FIRST_PULL, NAIVE, Yard

Handlers = tuple[str, str, str]


@dataclass(frozen=True)
class Traffic:
    """Requests and units of one operation."""

    requests: int
    read_units: float
    write_units: float


def measure(yard: Yard) -> dict[tuple[str, str], Traffic]:
    """(`ours` or `naive`, operation) → what it took. The engine counts no units for batch reads."""
    found: dict[tuple[str, str], Traffic] = {}
    with Counter(yard.engine.url) as counter:

        def count(side: str, operation: str, lane: Lane, event: dict[str, Any]) -> None:
            counter.seen.clear()
            lane.expect(event, 200)
            seen = list(counter.seen)
            found[side, operation] = Traffic(
                len(seen), sum(s.read_units for s in seen), sum(s.write_units for s in seen)
            )

        def each(
            side: str, handlers: tuple[str, str, str], environment: dict[str, str], wait: Callable[[], str]
        ) -> None:
            dispatch, approve, health = handlers
            with Lane(dispatch, environment) as lane:
                count(side, "a comment, inline", lane, yard.dispatch(FIRST_PULL))
                count(side, "a duplicate", lane, yard.dispatch(FIRST_PULL))
            with Lane(approve, environment) as lane:
                count(side, "an approval", lane, yard.event("POST", f"/approve/{wait()}"))
            with Lane(health, environment) as lane:
                count(side, "health", lane, yard.event("GET", "/health"))

        ours, naive = yard.ours("worker", engine=counter.url), yard.naive(engine=counter.url)
        own = (DISPATCH, "handlers.approve.handler", "handlers.health.handler")
        each("ours", own, ours, lambda: yard.waiting(ours, FIRST_PULL + 1))
        each("naive", (NAIVE, NAIVE, NAIVE), naive, lambda: yard.naive_waiting(naive, FIRST_PULL + 1))
    return found
