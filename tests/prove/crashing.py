"""Kills a plot at every moment of it, starts again, and looks at what is left."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from core.actions.states import QUEUED
from core.app import App, Thunk
from core.errors import OrchestratorError
from local.engine import Engine
from local.template import Template
from tests.prove.evidence import Tables, read_unfinished
from tests.prove.fuse import in_turn, last_first
from tests.prove.laws import broken_laws
from tests.prove.mortal import live
from tests.prove.plots import LEASES_SECONDS, SETTLE_SECONDS, Plot, approve, deliver, look
from tests.prove.rig import Rig, make_rig

Together = Callable[[Sequence[Thunk]], list[Any]]

DELIVER_FIRST, COMMAND_FIRST = "delivered again first", "looked at and asked again first"


@dataclass(frozen=True)
class Variant:
    """One way through a plot: in which order requests that go together are made, and what comes first afterwards."""

    together: Together
    first: str


VARIANTS: Final = (Variant(in_turn, DELIVER_FIRST), Variant(last_first, COMMAND_FIRST))
"""Both ways, for what makes requests together and leaves runs behind; for other plots the first will do."""


@dataclass(frozen=True)
class Broken:
    """A death after which something did not hold."""

    plot: str
    moment: str
    variant: Variant
    what: tuple[str, ...]

    def __str__(self) -> str:
        order = self.variant.together.__name__
        return f"{self.plot} | killed {self.moment} | {order}, {self.variant.first}: " + "; ".join(self.what)


def kill_in_every_variant(engine: Engine, template: Template, plot: Plot) -> tuple[int, list[Broken]]:
    """`kill_everywhere` in each of the plot's variants."""
    points, found = 0, []
    with make_rig(engine.url, template) as rig:
        for variant in VARIANTS[: plot.variants]:
            tried, broken = kill_everywhere(rig, plot, variant)
            points += tried
            found += broken
    return points, found


def kill_everywhere(rig: Rig, plot: Plot, variant: Variant, every: int = 1) -> tuple[int, list[Broken]]:
    """How many moments it died at, and what did not hold after which of them. `every`: each so manieth moment."""
    moments = _moments(rig, plot, variant)
    first = moments.index(plot.since) if plot.since else 0
    deaths = range(first, len(moments), every)
    found = [
        Broken(plot.name, moments[at], variant, wrong)
        for at in deaths
        if (wrong := tuple(_die_and_restart(rig, plot, variant, at)))
    ]
    return len(deaths), found


def _moments(rig: Rig, plot: Plot, variant: Variant) -> tuple[str, ...]:
    """Every moment of the plot when nobody dies; what it leaves is checked too."""
    subject = _begin(rig, plot)
    life = live(lambda fuse: _attempt(plot, rig, fuse, variant, subject), None)
    wrong = list(_aftermath(rig, plot, variant, subject))
    assert not wrong, f"{plot.name} | nobody died: {wrong}"
    return life.passed


def _die_and_restart(rig: Rig, plot: Plot, variant: Variant, at: int) -> Iterator[str]:
    subject = _begin(rig, plot)
    life = live(lambda fuse: _attempt(plot, rig, fuse, variant, subject), at)
    if not life.killed:
        yield f"it passed only {len(life.passed)} moments this time"
    yield from _aftermath(rig, plot, variant, subject)


def _begin(rig: Rig, plot: Plot) -> str:
    rig.reset(plot.settings)
    return plot.before(rig)


def _attempt(plot: Plot, rig: Rig, fuse: Any, variant: Variant, subject: str) -> Any:
    app = rig.app(fuse, worker=plot.worker, client=rig.unused, together=variant.together)
    try:
        return plot.act(app, subject)
    except OrchestratorError as error:
        return error.code


def _aftermath(rig: Rig, plot: Plot, variant: Variant, subject: str) -> Iterator[str]:
    """The laws as things stand; then everything is delivered, asked and decided again, and the laws at rest."""
    tables, outside = rig.look()
    yield from broken_laws(tables, outside)
    paid = {run: _calls(rig, tables, run) for run in tables.answered}
    app = rig.app(worker=plot.worker)
    rig.relay.faults.clear()

    rig.clock.forward(LEASES_SECONDS)
    if variant.first == DELIVER_FIRST:
        _deliver_all(rig, app)
    else:
        look(app)
    _again(lambda: (plot.again or plot.act)(app, subject))
    _again(lambda: plot.later(app, subject))
    _deliver_all(rig, app)
    look(app)
    rig.clock.forward(SETTLE_SECONDS)
    look(app)
    _approve_all(rig, app)
    _again(lambda: plot.later(app, subject))
    _deliver_all(rig, app)

    tables, outside = rig.look()
    yield from broken_laws(tables, outside, at_rest=True)
    runs = {json.loads(item["action"])["run_id"] for item in tables.actions.values()}
    spare = plot.spare if len(runs) > 1 else 0
    if not plot.comments <= len(outside.landed) <= plot.comments + spare:
        yield f"{len(outside.landed)} comments instead of {plot.comments}"
    for number, wanted in plot.labels.items():
        if outside.labels[number] != wanted:
            yield f"issue {number} has the labels {sorted(outside.labels[number])}"
    for run, calls in paid.items():
        if _calls(rig, tables, run) > calls:
            yield f"run {run} asked the model again for an answer in store"


def _deliver_all(rig: Rig, app: App) -> None:
    """Every run that has not ended comes to the worker again."""
    for run in read_unfinished(rig.client, rig.tables):
        deliver(app, run)


def _approve_all(rig: Rig, app: App) -> None:
    def one(action: str) -> Thunk:
        return lambda: approve(app, action)

    for action, item in rig.look()[0].actions.items():
        if item["state"] in QUEUED:
            _again(one(action))


def _again(act: Callable[[], Any]) -> None:
    """A request that may be refused this time: what it leaves is what is looked at."""
    try:
        act()
    except OrchestratorError:
        return


def _calls(rig: Rig, tables: Tables, run: str) -> int:
    return sum(tables.prompts.get(body) == run for body in rig.model.calls.entries())
