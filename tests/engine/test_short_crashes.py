"""Deaths at some of the moments of a run and of an approval. `make prove` tries them all."""

from __future__ import annotations

import pytest

from local.engine import Engine
from local.template import Template
from tests.prove.crashing import VARIANTS, kill_everywhere
from tests.prove.plots import PLOTS
from tests.prove.rig import make_rig


@pytest.mark.parametrize(("name", "every"), [("worker: posted", 5), ("approve: waiting", 5)])
def test_whoever_dies_where(engine: Engine, template: Template, name: str, every: int) -> None:
    [plot] = [plot for plot in PLOTS if plot.name == name]
    with make_rig(engine.url, template) as rig:
        deaths, found = kill_everywhere(rig, plot, VARIANTS[0], every)
    assert deaths >= 2
    assert not found, "\n".join(str(broken) for broken in found)
