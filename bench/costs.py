"""`python -m bench.costs`: writes the figures of docs/cost.md, from the price table and what was measured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from core.config import MICRO, TASK_LIMITS
from core.context import team
from core.dispatcher.pricing import PRICES, PRICES_DATE, Tier, cost
from core.prompts.estimate import estimate
from core.tasks.qa_plan import template
from core.types import Usage
from local.child import ROOT

PAGE: Final = ROOT / "docs" / "cost.md"
BEGIN: Final = "<!-- written by `python -m bench.costs`: begin -->"
END: Final = "<!-- written by `python -m bench.costs`: end -->"
THOUSAND: Final = 1_000

TYPICAL: Final = Usage(5_500, 1_200)
"""Tokens of the sample pull request's plan: eight files, 190 changed lines, one linked issue."""
LARGEST: Final = Usage(TASK_LIMITS["qa_plan"].input_tokens, TASK_LIMITS["qa_plan"].output_tokens)

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
    worker_seconds: float = 14.0
    """The model writes some hundred tokens a second; the rest is below a second."""

    def gigabyte_seconds(self, handler_seconds: float) -> float:
        return self.handler_gigabytes * handler_seconds + self.worker_gigabytes * self.worker_seconds


MACHINE: Final = Machine()


def model_dollars(model: str, usage: Usage) -> float:
    """The model's share of a thousand dispatches."""
    return cost(model, usage) * THOUSAND / MICRO


def aws_dollars(handler_seconds: float) -> dict[str, float]:
    """AWS's share of a thousand dispatches, by service."""
    return {
        "DynamoDB": THOUSAND
        * ((WRITE_UNITS + INDEX_COPIES) * AWS.million_write_units + READ_UNITS * AWS.million_read_units)
        / 1e6,
        "Lambda, time": THOUSAND * MACHINE.gigabyte_seconds(handler_seconds) * AWS.gigabyte_second,
        "Lambda, invocations": THOUSAND * 2 * AWS.million_invocations / 1e6,
        "API Gateway": THOUSAND * AWS.million_api_requests / 1e6,
    }


def cached_tokens() -> int:
    """Tokens of a QA plan's prompt that are the same in every request: instructions and context packs."""
    return estimate("".join([template.TEMPLATE, *(pack.text for pack in team.load().packs["qa_plan"])]))


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
    handed_over, waited = aws_dollars(1.0), aws_dollars(MACHINE.worker_seconds + 0.5)
    return "\n\n".join(
        [
            f"Prices of the models as of {PRICES_DATE}, of AWS as of {AWS.date} (us-east-1, arm64).",
            "### The model, per thousand QA plans",
            _table(
                ("model", "a typical plan", "the largest there can be"),
                [
                    (f"`{model}`", _dollars(model_dollars(model, TYPICAL)), _dollars(model_dollars(model, LARGEST)))
                    for model in PRICES
                ],
            ),
            f"Typical: {TYPICAL.input_tokens:,} tokens in, {TYPICAL.output_tokens:,} out. Largest: the task's limits, "
            f"{LARGEST.input_tokens:,} in (as estimated) and {LARGEST.output_tokens:,} out.",
            "### AWS, per thousand dispatches",
            _table(
                ("service", "the caller waits", "`Prefer: respond-async`"),
                [
                    *((name, _dollars(waited[name]), _dollars(handed_over[name])) for name in waited),
                    ("together", _dollars(sum(waited.values())), _dollars(sum(handed_over.values()))),
                ],
            ),
            f"{WRITE_UNITS + INDEX_COPIES} write units and {READ_UNITS} read units at "
            f"${AWS.million_write_units} and ${AWS.million_read_units} a million; "
            f"{MACHINE.gigabyte_seconds(MACHINE.worker_seconds + 0.5):.1f} or "
            f"{MACHINE.gigabyte_seconds(1.0):.1f} gigabyte-seconds at ${AWS.gigabyte_second:.10f}; two invocations at "
            f"${AWS.million_invocations:.2f} a million; one request at ${AWS.million_api_requests:.2f} a million.",
            "### Prompt caching",
            f"About {cached_tokens():,} tokens of each QA plan's prompt are the same every time.",
            _table(
                ("model", "saved by a hit", "lost by a miss", "pays from the call", "pays from, at random times"),
                [_caching(model, tiers[0]) for model, tiers in PRICES.items()],
            ),
        ]
    )


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
