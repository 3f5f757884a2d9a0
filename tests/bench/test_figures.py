"""Medians, ratios and the plot, by hand."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from bench.figures import Spread, ratio, spread
from bench.plot import Bar, chart


def test_a_spread_is_the_median_and_the_middle_half() -> None:
    assert spread([5.0, 1.0, 3.0, 2.0, 4.0]) == Spread(3.0, 2.0, 4.0, 5)
    assert spread([1.0, 2.0]) == Spread(1.5, 1.25, 1.75, 2)
    with pytest.raises(ValueError, match="no rounds"):
        spread([])


def test_a_ratio_is_taken_round_by_round() -> None:
    assert ratio([1.0, 10.0, 3.0], [2.0, 20.0, 6.0]) == Spread(0.5, 0.5, 0.5, 3)


def test_the_plot_is_well_formed_and_names_each_figure() -> None:
    bars = [Bar("first <answer>", Spread(0.2, 0.1, 0.3, 5), 0.25), Bar("too slow", Spread(1.5, 1.2, 1.8, 5), 0.5)]
    drawn = ElementTree.fromstring(chart(bars, "ours & theirs"))  # noqa: S314 - our own text
    texts = [node.text for node in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert {"ours & theirs", "first <answer>", "too slow", "0.20 ×", "1.50 ×"} <= set(texts)
