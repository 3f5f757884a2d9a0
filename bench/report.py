"""What was measured, as the tables of docs/performance.md and as bars."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from bench.cold import FIRSTS, WORKER, Cold, First
from bench.figures import Spread, ratio, spread
from bench.lane import Step
from bench.load import Load
from bench.plot import Bar, chart
from bench.requests import Measured
from bench.size import MB, UNZIPPED_GOAL, ZIPPED_GOAL, Size
from bench.traffic import Traffic
from bench.warm import Warm
from bench.yard import NAIVE
from local.child import ROOT
from local.template import read_template

BEGIN: Final = "<!-- written by `make bench`: begin -->"
END: Final = "<!-- written by `make bench`: end -->"
API_MODULES: Final = 750
WORKER_MODULES: Final = 900
IMPORT_RATIO: Final = 0.22
PEAK_MIB: Final = 60
WARM_RATIO: Final = 0.75


@dataclass(frozen=True)
class Results:
    """Everything, as it was measured."""

    rounds: int
    cold: Cold
    workers: Sequence[tuple[Step, Step]]
    warm: Warm
    loads: Sequence[dict[tuple[str, str], Load]]
    traffic: dict[tuple[str, str], Traffic]
    requests: Sequence[Measured]
    sizes: Sequence[Size]


@dataclass(frozen=True)
class Goal:
    """One line of the goals' table."""

    name: str
    measured: str
    bound: str
    reached: bool


def api_handlers() -> list[str]:
    """The handlers behind routes."""
    return sorted({route.function.handler for route in read_template(ROOT / "template.yaml").routes})


def import_ratio(results: Results, handler: str) -> Spread:
    """CPU of the import over the baseline's: the baseline is imported three times in each round, ours once."""
    naive = results.cold.imports[NAIVE]
    of_round = [sum(step.cpu for step in naive[at : at + 3]) / 3 for at in range(0, len(naive), 3)]
    return ratio([step.cpu for step in results.cold.imports[handler]], of_round)


def first_ratio(results: Results, first: First) -> Spread:
    return ratio(results.cold.ours[first.name], results.cold.naive[first.name])


def goals(results: Results) -> list[Goal]:
    """The goals that this project has set itself, each with what was reached."""
    return list(_goals(results))


def _goals(results: Results) -> Iterator[Goal]:
    imports = results.cold.imports
    modules = max((imports[name][0].modules, name) for name in api_handlers())
    yield Goal(
        "modules imported by a function of the API",
        f"{modules[0]} ({_short(modules[1])})",
        f"≤ {API_MODULES}",
        modules[0] <= API_MODULES,
    )
    before = imports[WORKER][0].modules_before_sdk
    yield Goal(
        "modules imported by the worker before the SDK", str(before), f"≤ {WORKER_MODULES}", before <= WORKER_MODULES
    )
    worst = max(((import_ratio(results, name), name) for name in api_handlers()), key=lambda pair: pair[0].median)
    yield _ratio_goal(f"import of a function of the API, CPU ({_short(worst[1])})", worst[0], IMPORT_RATIO)
    for first in FIRSTS:
        yield _ratio_goal(f"first {first.name} of a cold process, CPU", first_ratio(results, first), first.goal)
    peak = max(max(peaks) for name, peaks in results.cold.peaks.items() if name != FIRSTS[-1].name)
    yield Goal("peak memory of a function of the API", f"{peak:.0f} MiB", f"≤ {PEAK_MIB} MiB", peak <= PEAK_MIB)
    yield _ratio_goal(
        "warm dispatch, above the model's own time", ratio(results.warm.ours, results.warm.naive), WARM_RATIO
    )
    for size in results.sizes:
        if size.kind == "api":
            yield Goal(
                "package of the functions of the API, zipped and unzipped",
                f"{size.zipped / MB:.1f} MB, {size.unzipped / MB:.1f} MB",
                f"≤ {ZIPPED_GOAL // MB} MB, ≤ {UNZIPPED_GOAL // MB} MB",
                size.reached,
            )
    for line in results.requests:
        goal = line.operation.sequential
        if goal is not None:
            yield Goal(
                f"requests to DynamoDB one after the other: {line.operation.name}",
                str(line.sequential),
                f"≤ {goal}",
                line.sequential <= goal,
            )


def _ratio_goal(name: str, reached: Spread, goal: float) -> Goal:
    return Goal(name, f"{_ratio(reached)} × naive", f"≤ {goal} ×", reached.median <= goal)


def plot(results: Results) -> str:
    """The bars."""
    imports = max((import_ratio(results, name) for name in api_handlers()), key=lambda found: found.median)
    bars = [Bar("import of an API function, CPU", imports, IMPORT_RATIO)]
    bars += [Bar(f"first {first.name}, CPU", first_ratio(results, first), first.goal) for first in FIRSTS]
    bars.append(Bar("warm dispatch above the model", ratio(results.warm.ours, results.warm.naive), WARM_RATIO))
    return chart(bars, "DFG Orchestrator as a share of the naive baseline")


def page(results: Results) -> str:
    """The generated part of docs/performance.md."""
    parts = [
        f"Measured on {datetime.now(UTC):%Y-%m-%d}: {results.rounds} rounds, Python {platform.python_version()}, "
        f"{os.cpu_count()} processors ({platform.machine()}). Medians, with the middle half of the rounds in brackets.",
        "![each figure as a share of the baseline's](performance.svg)",
        "### Goals",
        _table(
            ("figure", "goal", "reached", ""),
            [(g.name, g.bound, g.measured, "yes" if g.reached else "**no**") for g in goals(results)],
        ),
        "### Cold start",
        _table(
            ("function", "modules", "import CPU, ms", "import wall, ms", "× naive", "peak, MiB"),
            list(_imports(results)),
        ),
        _table(
            ("first answer of a fresh process", "CPU, ms", "naive, ms", "× naive", "peak, MiB"),
            [_first(results, first) for first in FIRSTS],
        ),
        _worker(results),
        "### Warm",
        _table(
            ("one dispatch", "ours", "naive", "× naive"),
            [
                _pair("above the model's own time, ms", results.warm.ours, results.warm.naive),
                _pair("CPU of the process, ms", results.warm.ours_cpu, results.warm.naive_cpu),
            ],
        ),
        "### Eight callers",
        _table(("request", "figure", "ours", "naive", "× naive"), list(_loads(results))),
        "### DynamoDB",
        _table(
            ("operation", "requests", "read units", "write units", "naive requests", "read units", "write units"),
            list(_traffic(results)),
        ),
        _table(
            ("operation", "ends as", "sequential", "goal", "in all", "read units", "write units"),
            [
                (
                    line.operation.name,
                    line.ending,
                    str(line.sequential),
                    str(line.operation.sequential),
                    str(line.total),
                    f"{line.read_units:.1f}",
                    f"{line.write_units:.1f}",
                )
                for line in results.requests
            ],
        ),
        "### Packages",
        _table(
            ("package", "functions", "zipped, MB", "unzipped, MB"),
            [(s.kind, str(len(s.functions)), f"{s.zipped / MB:.1f}", f"{s.unzipped / MB:.1f}") for s in results.sizes],
        ),
    ]
    return "\n\n".join(parts)


def _imports(results: Results) -> Iterator[tuple[str, ...]]:
    for handler, steps in sorted(results.cold.imports.items(), key=lambda pair: (pair[0] == NAIVE, pair[0])):
        share = "1" if handler == NAIVE else _ratio(import_ratio(results, handler))
        yield (
            "the naive baseline" if handler == NAIVE else _short(handler),
            str(steps[0].modules),
            _ms([step.cpu for step in steps]),
            _ms([step.wall for step in steps]),
            share,
            f"{max(step.peak_mib for step in steps):.0f}",
        )


def _first(results: Results, first: First) -> tuple[str, ...]:
    ours, naive = results.cold.ours[first.name], results.cold.naive[first.name]
    peak = max(results.cold.peaks[first.name])
    return first.name, _ms(ours), _ms(naive), _ratio(ratio(ours, naive)), f"{peak:.0f}"


def _worker(results: Results) -> str:
    imported = [start.cpu for start, _ in results.workers]
    ran = [run.cpu for _, run in results.workers]
    peak = max(run.peak_mib for _, run in results.workers)
    return (
        f"The worker, fresh: {_ms(imported)} ms of CPU to import, the SDK included, then {_ms(ran)} ms for its first "
        f"run; {peak:.0f} MiB."
    )


def _loads(results: Results) -> Iterator[tuple[str, ...]]:
    figures = (("requests per second", "per_second"), ("median, ms", "median"), ("95 of 100, ms", "p95"))
    for asked in ("GET /health", "dispatch"):
        for what, name in figures:
            ours = [getattr(found["ours", asked], name) for found in results.loads]
            naive = [getattr(found["naive", asked], name) for found in results.loads]
            yield asked, what, f"{spread(ours).median:.0f}", f"{spread(naive).median:.0f}", _ratio(ratio(ours, naive))


def _traffic(results: Results) -> Iterator[tuple[str, ...]]:
    for side, operation in results.traffic:
        if side == "ours":
            own, other = results.traffic["ours", operation], results.traffic["naive", operation]
            yield (operation, *_counted(own), *_counted(other))


def _counted(found: Traffic) -> tuple[str, str, str]:
    return str(found.requests), f"{found.read_units:.1f}", f"{found.write_units:.1f}"


def _pair(name: str, ours: Sequence[float], naive: Sequence[float]) -> tuple[str, str, str, str]:
    return name, _ms(ours), _ms(naive), _ratio(ratio(ours, naive))


def _ms(seconds: Sequence[float]) -> str:
    found = spread(seconds).times(1000)
    return f"{found.median:.0f} [{found.low:.0f}–{found.high:.0f}]"


def _ratio(found: Spread) -> str:
    return f"{found.median:.2f} [{found.low:.2f}–{found.high:.2f}]"


def _short(handler: str) -> str:
    return handler.split(".")[1]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
