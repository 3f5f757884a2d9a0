"""A process killed at every moment of every request, and started again."""

from __future__ import annotations

import pytest

from local.engine import Engine
from local.template import Template
from tests.prove.crashing import VARIANTS, kill_everywhere
from tests.prove.plots import PLOTS, Plot
from tests.prove.report import Report
from tests.prove.rig import make_rig


@pytest.mark.parametrize("plot", PLOTS, ids=[plot.name for plot in PLOTS])
def test_whoever_dies_where(engine: Engine, template: Template, plot: Plot, report: Report) -> None:
    points, found = 0, []
    with make_rig(engine.url, template) as rig:
        for variant in VARIANTS[: plot.variants]:
            tried, broken = kill_everywhere(rig, plot, variant)
            points += tried
            found += broken
    report(f"crash: {points:>3} deaths, {plot.name}")
    assert not found, "\n".join(str(broken) for broken in found)
