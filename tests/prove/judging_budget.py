"""What a race must have shown, whatever its size."""

from __future__ import annotations

from tests.prove.budget_race import Race, Record, run
from tests.prove.sliding_window import Judgement, judge

CEILING = 5_000_000
RUN_CEILING = 500_000


def race_and_judge(race: Race) -> tuple[Record, Judgement]:
    """Raises AssertionError where a window or a run passed its ceiling, or where the race proves nothing."""
    record = run(race)
    judgement = judge(record.charges, record.bills, ceiling=CEILING, run_ceiling=RUN_CEILING)
    assert judgement.overruns == ()
    assert record.counts["granted"] >= race.reservations
    assert record.counts["refused: budget_exhausted"] > 0, "the ceiling was never reached"
    assert judgement.busiest_charged > CEILING * 0.9, "the window was never nearly full"
    return record, judgement
