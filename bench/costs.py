"""`python -m bench.costs`: writes the figures of docs/cost.md, from the price table and what was measured."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import median
from typing import Final

from core.config import GATEWAY_WAIT_SECONDS, MICRO, TASK_LIMITS
from core.context import team
from core.dispatcher.pricing import PRICES, PRICES_DATE, Tier, Usage, cost
from core.prompts.tokens import estimate
from core.tasks import registry
from core.types import TaskType
from evals import answers, requests
from evals.case import load
from local.child import ROOT

PAGE: Final = ROOT / "docs" / "cost.md"
BEGIN: Final = "<!-- written by `python -m bench.costs`: begin -->"
END: Final = "<!-- written by `python -m bench.costs`: end -->"
THOUSAND: Final = 1_000

LARGEST: Final = Usage(TASK_LIMITS["qa_plan"].input_tokens, TASK_LIMITS["qa_plan"].output_tokens)
MONTH: Final[Mapping[TaskType, int]] = {"qa_plan": 260, "triage": 100, "agent_brief": 20, "sprint_plan": 4}
"""Tasks of a team of ten: four pull requests a week each, every second one planned anew after a push."""

WRITE_UNITS: Final = 72
"""Of one posted plan through the worker, at most, as the embedded engine counts them (`make bench`)."""
INDEX_COPIES: Final = 16
"""Units for the copies of its events in the two indexes, which the engine does not count in a transaction."""
READ_UNITS: Final = 10
"""With the batch read and three polls, which are not counted either."""


@dataclass(frozen=True)
class AwsPrices:
    """Dollars, us-east-1, on demand, without the free tier. Source: the services' price pages."""

    date: str = "2026-11"
    million_write_units: float = 0.625
    million_read_units: float = 0.125
    gigabyte_second: float = 0.0000133334
    """Lambda on arm64."""
    million_invocations: float = 0.20
    million_api_requests: float = 1.00


AWS: Final = AwsPrices()


@dataclass(frozen=True)
class Machine:
    """How long the functions of one dispatch run, in seconds, and the gigabytes they hold."""

    handler_gigabytes: float = 1.0
    worker_gigabytes: float = 1769 / 1024
    handler_init_seconds: float = 0.9
    worker_init_seconds: float = 2.2
    """Importing, as `make bench` measures it, at the share of a processor that memory buys; billed since 2025-08."""
    tokens_a_second: float = 100.0
    """What the model writes, about; the rest of a run is below a second."""

    def gigabyte_seconds(self, handler_seconds: float, worker_seconds: float) -> float:
        return self.handler_gigabytes * handler_seconds + self.worker_gigabytes * worker_seconds


MACHINE: Final = Machine()


@dataclass(frozen=True)
class Size:
    """One recorded case of `evals/`: what was changed, and the tokens of its request and answer, estimated."""

    lines: int
    files: int
    usage: Usage


@cache
def sizes(task_type: TaskType) -> tuple[Size, ...]:
    """The cases that have a recorded answer, the smallest change first. An answer's thinking is not in it."""
    found = []
    for case in load(task_type):
        with requests.service(case, {}) as app:
            given = answers.recorded(answers.RECORDED, case, requests.prompt(app, case))
        if isinstance(given, answers.Given):
            found.append(Size(case.changed_lines, len(case.changed_paths), given.usage))
    return tuple(sorted(found, key=lambda size: (size.lines, size.usage.input_tokens)))


def typical(task_type: TaskType) -> Usage:
    """The median of each count over the recorded cases."""
    usages = [size.usage for size in sizes(task_type)]
    return Usage(
        round(median(usage.input_tokens for usage in usages)), round(median(usage.output_tokens for usage in usages))
    )


def model_dollars(model: str, usage: Usage) -> float:
    """The model's share of a thousand dispatches."""
    return cost(model, usage) * THOUSAND / MICRO


def aws_dollars(*, waits: bool, cold: bool) -> dict[str, float]:
    """AWS's share of a thousand typical plans, by service. `cold`: each finds both functions cold."""
    worker = typical("qa_plan").output_tokens / MACHINE.tokens_a_second + 1.0
    running = MACHINE.gigabyte_seconds(min(worker, GATEWAY_WAIT_SECONDS) + 0.5 if waits else 1.0, worker)
    starting = MACHINE.gigabyte_seconds(MACHINE.handler_init_seconds, MACHINE.worker_init_seconds) if cold else 0.0
    return {
        "DynamoDB": THOUSAND
        * ((WRITE_UNITS + INDEX_COPIES) * AWS.million_write_units + READ_UNITS * AWS.million_read_units)
        / 1e6,
        "Lambda, running": THOUSAND * running * AWS.gigabyte_second,
        "Lambda, INIT": THOUSAND * starting * AWS.gigabyte_second,
        "Lambda, invocations": THOUSAND * 2 * AWS.million_invocations / 1e6,
        "API Gateway": THOUSAND * AWS.million_api_requests / 1e6,
    }


def cached_tokens() -> int:
    """Tokens of a QA plan's prompt that are the same in every request: instructions and context packs."""
    return estimate("".join([registry.task("qa_plan").template, *(pack.text for pack in team.load().packs["qa_plan"])]))


def calls_until_it_pays(tier: Tier) -> int:
    """So many calls, each within five minutes of the one before: one write and reads beat as many full inputs."""
    return math.floor((tier.cache_write - tier.cache_read) / (tier.input - tier.cache_read)) + 1


def random_rate_that_pays(tier: Tier) -> float:
    """Calls per five minutes, at random times, from which caching pays.

    A call finds the cache warm with the chance 1 - exp(-rate), since each call keeps it for five minutes more.
    """
    needed = (tier.cache_write - tier.input) / (tier.cache_write - tier.cache_read)
    return -math.log(1 - needed)


def tables() -> str:
    """The generated part of the page."""
    return "\n\n".join(
        [
            f"Prices of the models as of {PRICES_DATE}, of AWS as of {AWS.date} (us-east-1, arm64).",
            "### The model, per QA plan, by size of change",
            _table(
                ("changed lines", "files", "tokens in", "tokens out", *(f"`{model}`" for model in PRICES)),
                [*(_by_size(size) for size in sizes("qa_plan")), _by_size(Size(0, 0, LARGEST), "the limits")],
            ),
            "### A month of a team of ten",
            _table(
                ("task", "a month", "tokens in", "tokens out", *(f"`{model}`" for model in PRICES)),
                [*(_by_task(task_type) for task_type in MONTH), _month()],
            ),
            "### AWS, per thousand QA plans",
            _table(
                ("service", "the caller waits", "`Prefer: respond-async`", "the same, every start cold"),
                _aws_rows(),
            ),
            f"{WRITE_UNITS + INDEX_COPIES} write units and {READ_UNITS} read units at "
            f"${AWS.million_write_units} and ${AWS.million_read_units} a million; gigabyte-seconds at "
            f"${AWS.gigabyte_second:.10f}; INIT of {MACHINE.handler_init_seconds} s at "
            f"{MACHINE.handler_gigabytes:.0f} GB and {MACHINE.worker_init_seconds} s at {MACHINE.worker_gigabytes:.2f} "
            f"GB; two invocations at ${AWS.million_invocations:.2f} a million; one request at "
            f"${AWS.million_api_requests:.2f} a million.",
            "### Prompt caching",
            f"About {cached_tokens():,} tokens of each QA plan's prompt are the same every time.",
            _table(
                ("model", "saved by a hit", "lost by a miss", "pays from the call", "pays from, at random times"),
                [_caching(model, tiers[0]) for model, tiers in PRICES.items()],
            ),
        ]
    )


def _by_size(size: Size, name: str = "") -> tuple[str, ...]:
    prices = (_dollars(cost(model, size.usage) / MICRO) for model in PRICES)
    change = (name, "") if name else (f"{size.lines:,}", str(size.files))
    return (*change, f"{size.usage.input_tokens:,}", f"{size.usage.output_tokens:,}", *prices)


def _by_task(task_type: TaskType) -> tuple[str, ...]:
    usage, times = typical(task_type), MONTH[task_type]
    prices = (_dollars(times * cost(model, usage) / MICRO) for model in PRICES)
    return (f"`{task_type}`", str(times), f"{usage.input_tokens:,}", f"{usage.output_tokens:,}", *prices)


def _month() -> tuple[str, ...]:
    totals = (sum(n * cost(model, typical(task)) for task, n in MONTH.items()) / MICRO for model in PRICES)
    return ("together", str(sum(MONTH.values())), "", "", *map(_dollars, totals))


def _aws_rows() -> list[tuple[str, ...]]:
    columns = [aws_dollars(waits=waits, cold=cold) for waits, cold in ((True, False), (False, False), (False, True))]
    rows = [(name, *(_dollars(column[name]) for column in columns)) for name in columns[0]]
    return [*rows, ("together", *(_dollars(sum(column.values())) for column in columns))]


def _caching(model: str, tier: Tier) -> tuple[str, ...]:
    tokens = cached_tokens()
    return (
        f"`{model}`",
        f"${tokens * (tier.input - tier.cache_read) / 1e9:.6f}",
        f"${tokens * (tier.cache_write - tier.input) / 1e9:.6f}",
        f"{calls_until_it_pays(tier)} within five minutes",
        f"{random_rate_that_pays(tier):.2f} calls per five minutes",
    )


def _dollars(amount: float) -> str:
    return f"${amount:.2f}" if amount >= 1 else f"${amount:.4f}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def written(page: Path) -> str:
    """The generated part as it stands in the page."""
    return page.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0].strip()


def main() -> int:
    """Write the page's figures anew."""
    head, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, tail = rest.partition(END)
    PAGE.write_text(f"{head}{BEGIN}\n{tables()}\n{END}{tail}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
