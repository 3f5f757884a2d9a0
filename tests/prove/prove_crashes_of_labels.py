"""The same for what changes labels: several actions in one run, approvals, batches, schedules."""

from __future__ import annotations

import pytest

from local.engine import Engine
from local.template import Template
from tests.prove.crashing import kill_in_every_variant
from tests.prove.plots import Plot
from tests.prove.plots_of_labels import PLOTS_OF_LABELS
from tests.prove.report import Report


@pytest.mark.parametrize("plot", PLOTS_OF_LABELS, ids=[plot.name for plot in PLOTS_OF_LABELS])
def test_whoever_dies_where(engine: Engine, template: Template, plot: Plot, report: Report) -> None:
    points, found = kill_in_every_variant(engine, template, plot)
    report(f"crash: {points:>3} deaths, {plot.name}")
    assert not found, "\n".join(str(broken) for broken in found)
