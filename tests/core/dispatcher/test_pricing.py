"""Figures worked out by hand from the price list, in micro-dollars."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.config import TASK_LIMITS
from core.dispatcher.pricing import (
    GEOGRAPHIES,
    PRICES,
    PRICES_VERSION,
    UnknownModel,
    Usage,
    cost,
    has_price,
    worst_case,
)


@pytest.mark.parametrize(
    ("model", "usage", "micro_dollars"),
    [
        # 1,000 × $2 + 1,000 × $10 per million = $0.012
        ("claude-sonnet-5-5", Usage(1_000, 1_000), 12_000),
        # 1,234 × 2 + 567 × 10 = 2,468 + 5,670
        ("claude-sonnet-5-5", Usage(1_234, 567), 8_138),
        ("claude-opus-5-5", Usage(1_000, 1_000), 24_000),
        # 1,000 × 0.10 + 1,000 × 0.50 = 600
        ("claude-haiku-5-5", Usage(1_000, 1_000), 600),
        # one token: 0.1 micro-dollars, rounded up
        ("claude-haiku-5-5", Usage(1, 0), 1),
        # 3 × 0.1 + 1 × 0.5 = 0.8, rounded up once and not per kind of token
        ("claude-haiku-5-5", Usage(3, 1), 1),
        ("claude-haiku-5-5", Usage(0, 0), 0),
        # the last prompt of the lower tier: 100,000 × 0.10
        ("claude-haiku-5-5", Usage(100_000, 0), 10_000),
        # one more token costs five times as much for the whole request, output too: 100,001 × 0.5 + 10 × 2.5
        ("claude-haiku-5-5", Usage(100_001, 10), 50_026),
        # cached tokens count for the tier: 1 × 0.5 + 100,000 × 0.05 = 5,000.5
        ("claude-haiku-5-5", Usage(1, 0, cache_read_tokens=100_000), 5_001),
        # 50,000 × 0.5 + 60,000 × 0.625
        ("claude-haiku-5-5", Usage(50_000, 0, cache_write_tokens=60_000), 62_500),
        # 10 × 2 + 20 × 10 + 1,000 × 0.10 + 100 × 2.50
        ("claude-sonnet-5-5", Usage(10, 20, 1_000, 100), 570),
        # 1,000 × 0.20 + 100 × 5
        ("claude-opus-5-5", Usage(0, 0, 1_000, 100), 700),
    ],
)
def test_cost_by_hand(model: str, usage: Usage, micro_dollars: int) -> None:
    assert cost(model, usage) == micro_dollars


@pytest.mark.parametrize(
    ("model", "bound", "output", "micro_dollars"),
    [
        # the dearest input is a cache write: 10,000 × 2.5 + 8,000 × 10
        ("claude-sonnet-5-5", 10_000, 8_000, 105_000),
        # 100,000 × 0.125 + 1,000 × 0.5
        ("claude-haiku-5-5", 100_000, 1_000, 13_000),
        # 100,001 × 0.625 + 1,000 × 2.5 = 65,000.625
        ("claude-haiku-5-5", 100_001, 1_000, 65_001),
        ("claude-haiku-5-5", 0, 0, 0),
    ],
)
def test_worst_case_by_hand(model: str, bound: int, output: int, micro_dollars: int) -> None:
    assert worst_case(model, bound, output) == micro_dollars


tokens = st.integers(0, 250_000)


@settings(deadline=None)
@given(st.sampled_from(sorted(PRICES)), tokens, tokens, tokens, tokens, tokens)
def test_nothing_within_the_bound_costs_more_than_the_worst_case(
    model: str, plain: int, read: int, write: int, output: int, spare: int
) -> None:
    usage = Usage(plain, output, read, write)
    assert cost(model, usage) <= worst_case(model, plain + read + write + spare, output + spare)


@pytest.mark.parametrize(
    ("asked", "reported", "micro_dollars"),
    [
        # 1,234 × 2 + 567 × 10 = 8,138; × 1.1 = 8,951.8, rounded up once
        (None, None, 8_138),
        ("global", None, 8_138),
        ("us", None, 8_952),
        ("us", "us", 8_952),
        ("global", "us", 8_952),
        ("us", "global", 8_138),
        ("us", "", 8_952),
        ("us", "not_available", 8_952),
        ("global", "eu", 8_952),
    ],
)
def test_where_it_ran_sets_the_price_and_where_that_is_not_said_what_was_asked(
    asked: str | None, reported: str | None, micro_dollars: int
) -> None:
    usage = Usage(1_234, 567, inference_geo=reported)
    assert cost("claude-sonnet-5-5", usage, asked) == micro_dollars
    assert has_price(usage) == (reported != "eu")


@pytest.mark.parametrize(("geo", "micro_dollars"), [(None, 105_000), ("global", 105_000), ("us", 115_500)])
def test_the_worst_case_is_that_of_the_geography(geo: str | None, micro_dollars: int) -> None:
    assert worst_case("claude-sonnet-5-5", 10_000, 8_000, geo) == micro_dollars


@settings(deadline=None)
@given(st.sampled_from(sorted(PRICES)), st.sampled_from(sorted(GEOGRAPHIES)), tokens, tokens)
def test_what_ran_where_it_was_asked_to_stays_within_the_worst_case(
    model: str, geo: str, prompt: int, output: int
) -> None:
    for reported in (None, geo):
        assert cost(model, Usage(prompt, output, inference_geo=reported), geo) <= worst_case(model, prompt, output, geo)


def test_a_model_without_a_price_is_refused() -> None:
    with pytest.raises(UnknownModel, match="no price for model 'claude-haiku-5'"):
        cost("claude-haiku-5", Usage(1, 1))
    with pytest.raises(UnknownModel):
        worst_case("", 1, 1)


def test_negative_counts_are_refused_rather_than_refunded() -> None:
    for usage in (Usage(-1, 5), Usage(5, -1), Usage(5, 5, -1), Usage(5, 5, 0, -1)):
        with pytest.raises(ValueError, match="negative"):
            cost("claude-sonnet-5-5", usage)
    with pytest.raises(ValueError, match="negative"):
        worst_case("claude-sonnet-5-5", -1, 0)


def test_every_default_model_has_a_price() -> None:
    assert {limits.model for limits in TASK_LIMITS.values()} <= set(PRICES)


def test_the_version_names_a_day_and_the_table() -> None:
    day, digest = PRICES_VERSION.split("/")
    assert len(day) == 10
    assert len(digest) == 12
