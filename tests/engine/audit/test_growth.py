"""What the audit costs does not grow with the log; what a verification costs grows with it, no faster. By counts."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from bench.audit_growth import NEW, measure
from tests.support.forge import Forged, posted

if TYPE_CHECKING:
    from local.engine import Engine


def test_a_run_and_a_checkpoint_ask_the_same_of_a_log_of_any_length(engine: Engine, tables: dict[str, str]) -> None:
    from local.engine import dynamodb

    short, long = measure(dynamodb(engine.url, {}), tables, (200, 600))
    assert short.requests_per_run == long.requests_per_run
    assert (short.checkpoint_requests, short.checkpoint_items) == (long.checkpoint_requests, long.checkpoint_items)
    assert short.checkpoint_items == NEW + 1  # the new events, and the last checkpoint


def calls(runs: int) -> int:
    """Function calls, Python's own included, that it takes to verify a log of so many runs."""
    forged = Forged()
    for first in range(0, runs, 50):
        chains = [posted(f"run-{number}", number) for number in range(first, first + 50)]
        forged.add(*chains).covers([event for events in chains for event in events])
    count = 0

    def note(frame: Any, kind: str, argument: Any) -> None:
        nonlocal count
        count += kind in ("call", "c_call")

    sys.setprofile(note)
    try:
        report = forged.verify()
    finally:
        sys.setprofile(None)
    assert report.faults == []
    return count


def test_verification_grows_linearly() -> None:
    assert calls(400) < 2.1 * calls(200)
