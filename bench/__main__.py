"""`python -m bench`: everything that docs/performance.md says, measured anew, beside the naive baseline.

BENCH_ROUNDS (7) sets how many fresh processes of each kind are measured. Writes docs/performance.md and .svg.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from bench import cold, load, report, size, traffic, warm
from bench.packages import HERE, build
from bench.report import Results
from bench.requests import measure_all
from bench.yard import Yard
from local.child import ROOT

ROUNDS: Final = 7
PAGE: Final = ROOT / "docs" / "performance.md"
PLOT: Final = ROOT / "docs" / "performance.svg"
DISPATCHES_PER_ROUND: Final = 6
LOAD_ROUNDS: Final = 3
LOAD_REQUESTS: Final = 60


def rounds() -> int:
    """BENCH_ROUNDS. Raises SystemExit when it is not a number from 2 to 50."""
    raw = os.environ.get("BENCH_ROUNDS") or str(ROUNDS)
    if not raw.isdigit() or not 2 <= int(raw) <= 50:
        raise SystemExit(f"BENCH_ROUNDS must be a whole number from 2 to 50, not {raw!r}")
    return int(raw)


def say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def measure(count: int) -> Results:
    """All of it, on stand-ins that live as long as this takes."""
    with tempfile.TemporaryDirectory() as scratch, Yard(Path(scratch)) as yard:
        say("the packages")
        for kind in ("api", "worker"):
            build(kind, Path(scratch), HERE)
        say("warming up: byte code for every import")
        cold.warm_up(yard)
        found = cold.Cold()
        for number in range(count):
            started = time.monotonic()
            cold.one_round(yard, found)
            say(f"cold start, round {number + 1} of {count}: {time.monotonic() - started:.0f} s")
        say("the worker")
        workers = [cold.run_worker(yard) for _ in range(max(2, count // 2))]
        say("warm dispatches")
        warmed = warm.measure(yard, min(64, DISPATCHES_PER_ROUND * count))
        say("eight callers at once")
        loads = [load.one_round(yard, LOAD_REQUESTS) for _ in range(LOAD_ROUNDS)]
        say("requests to DynamoDB")
        counted = traffic.measure(yard)
        requests = measure_all(yard.engine.url)
    say("sizes of the packages")
    return Results(count, found, workers, warmed, loads, counted, requests, size.measure())


def write(page: Path, plot: Path, results: Results) -> None:
    """The generated part of the page, and the plot beside it."""
    text = page.read_text(encoding="utf-8")
    head, _, rest = text.partition(report.BEGIN)
    _, _, tail = rest.partition(report.END)
    page.write_text(f"{head}{report.BEGIN}\n{report.page(results)}\n{report.END}{tail}", encoding="utf-8")
    plot.write_text(report.plot(results), encoding="utf-8")


def main() -> int:
    """Print the goals and write the page. 1 when a goal is missed."""
    results = measure(rounds())
    write(PAGE, PLOT, results)
    goals = report.goals(results)
    for goal in goals:
        print(f"{'ok  ' if goal.reached else 'MISS'} {goal.name}: {goal.measured} (goal {goal.bound})")
    print(f"written: {PAGE.relative_to(ROOT)}, {PLOT.relative_to(ROOT)}")
    return 0 if all(goal.reached for goal in goals) else 1


if __name__ == "__main__":
    raise SystemExit(main())
