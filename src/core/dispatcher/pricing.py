"""What a call costs, in integer micro-dollars. A model without a price is refused."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass
from typing import Final

from core.errors import ConfigurationError

_NANO_PER_MICRO: Final = 1_000


@dataclass(frozen=True)
class Usage:
    """Tokens as the model reported them."""

    input_tokens: int
    output_tokens: int
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    inference_geo: str | None = None
    """Where the inference ran."""


class UnknownModel(ConfigurationError):
    """Configure a model that the price table has."""


@dataclass(frozen=True)
class Tier:
    """Nano-dollars per token (a dollar per million tokens is 1,000) for prompts of up to `up_to` tokens."""

    up_to: int | None
    input: int
    output: int
    cache_read: int
    cache_write: int
    """Five-minute cache."""

    @property
    def dearest_input(self) -> int:
        return max(self.input, self.cache_read, self.cache_write)


PRICES_DATE: Final = "2026-11-01"
"""Day for which the table was read from Anthropic's price list."""

PRICES: Final[Mapping[str, tuple[Tier, ...]]] = {
    "claude-haiku-5-5": (Tier(100_000, 100, 500, 10, 125), Tier(None, 500, 2_500, 50, 625)),
    "claude-sonnet-5-5": (Tier(None, 2_000, 10_000, 100, 2_500),),
    "claude-opus-5-5": (Tier(None, 4_000, 20_000, 200, 5_000),),
}
"""The tier is chosen by the whole prompt, cached tokens included, and holds for the whole request."""

GEOGRAPHIES: Final[Mapping[str, int]] = {"global": 100, "us": 110}
"""Percent of the table, by where the inference runs. https://platform.claude.com/docs/en/build-with-claude/data-residency"""
UNNAMED: Final = (None, "", "not_available")
"""What usage says of where it ran when it does not say."""
WITHOUT_GEOGRAPHY: Final = frozenset(
    {
        "claude-haiku-4-5",
        "claude-opus-4-0",
        "claude-opus-4-1",
        "claude-opus-4-5",
        "claude-sonnet-4-0",
        "claude-sonnet-4-5",
    }
)
"""Models before 4.6: they answer 400 to a request that names a geography, and cost the table's price."""

_TABLE_TEXT: Final = repr([(model, [astuple(tier) for tier in tiers]) for model, tiers in sorted(PRICES.items())])
PRICES_VERSION: Final = f"{PRICES_DATE}/{hashlib.sha256(_TABLE_TEXT.encode()).hexdigest()[:12]}"


def has_price(usage: Usage) -> bool:
    """Whether where it ran, as reported, is in the table."""
    return usage.inference_geo in UNNAMED or usage.inference_geo in GEOGRAPHIES


def cost(model: str, usage: Usage, geo: str | None = None) -> int:
    """Micro-dollars of one call, rounded up once. Raises UnknownModel; ValueError for a negative count.

    The geography that usage names counts, else `geo`, which the request named; one without a price costs the dearest.
    """
    if min(usage.input_tokens, usage.output_tokens, usage.cache_read_tokens, usage.cache_write_tokens) < 0:
        raise ValueError("usage with a negative count of tokens")
    prompt = usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens
    *_, tier = _reachable(model, prompt)
    nano = (
        usage.input_tokens * tier.input
        + usage.output_tokens * tier.output
        + usage.cache_read_tokens * tier.cache_read
        + usage.cache_write_tokens * tier.cache_write
    )
    return _rounded_up(nano, geo if usage.inference_geo in UNNAMED else usage.inference_geo)


def worst_case(model: str, input_bound: int, max_tokens: int, geo: str | None = None) -> int:
    """Micro-dollars that a call with at most these tokens can cost, in whatever way its input is billed.

    The dearest rate is charged for all of it, so that no cache can pass the ceiling, asked for or not. `geo` is the
    geography that the request names; None where it names none. Raises UnknownModel; ValueError for a negative count.
    """
    if min(input_bound, max_tokens) < 0:
        raise ValueError("negative count of tokens")
    return _rounded_up(
        max(
            (input_bound if tier.up_to is None else min(input_bound, tier.up_to)) * tier.dearest_input
            + max_tokens * tier.output
            for tier in _reachable(model, input_bound)
        ),
        geo,
    )


def largest_input(model: str, max_tokens: int, amount: int, geo: str | None = None) -> int:
    """The largest bound on the input with which `worst_case` stays within `amount` (micro-dollars); 0 for none."""
    fits, passes = 0, max(amount, 0) * _NANO_PER_MICRO + 1
    while passes - fits > 1:
        middle = (fits + passes) // 2
        if worst_case(model, middle, max_tokens, geo) <= amount:
            fits = middle
        else:
            passes = middle
    return fits


def _reachable(model: str, prompt_tokens: int) -> Iterator[Tier]:
    """Tiers that prompts of up to so many tokens fall into; the last is that of exactly so many."""
    try:
        tiers = PRICES[model]
    except KeyError:
        raise UnknownModel(f"no price for model {model!r}") from None
    for tier in tiers:
        yield tier
        if tier.up_to is None or prompt_tokens <= tier.up_to:
            return


def _rounded_up(nano_dollars: int, geo: str | None) -> int:
    percent = 100 if geo is None else GEOGRAPHIES.get(geo, max(GEOGRAPHIES.values()))
    return -(-nano_dollars * percent // (100 * _NANO_PER_MICRO))
