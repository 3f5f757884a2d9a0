"""The ceilings of window and run, under 64 threads in 4 processes."""

from __future__ import annotations

from local.engine import Engine
from tests.prove.budget_race import Race
from tests.prove.judging_budget import CEILING, race_and_judge
from tests.prove.report import Report


def test_no_window_passes_the_ceiling_whoever_races_whom(engine: Engine, breaker_table: str, report: Report) -> None:
    race = Race(
        url=engine.url,
        table=breaker_table,
        environment={"MAX_TASKS_PER_WINDOW": "100", "GUARDRAIL_OVERRIDE": "acknowledged"},
        processes=4,
        threads=16,
        reservations=2_000,
        seed=1,
    )
    record, judgement = race_and_judge(race)
    assert record.passed_ms > 3 * 3_600_000
    report(f"budget: {race.processes} processes x {race.threads} threads, {record.passed_ms / 3_600_000:.1f} hours")
    report("budget: " + ", ".join(f"{kind} {count}" for kind, count in sorted(record.counts.items())))
    report(
        f"budget: busiest window charged {judgement.busiest_charged / 1e6:.6f}, "
        f"billed {judgement.busiest_billed / 1e6:.6f}, of {CEILING / 1e6:.2f} dollars"
    )
