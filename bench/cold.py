"""Fresh processes: what an import costs, and what the first answer costs. One round measures each thing once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from bench.lane import Lane, LaneFailed, Step, first, imported
from bench.yard import DISPATCH, FIRST_PULL, NAIVE, Yard
from local.child import ROOT
from local.template import read_template

ASYNC: Final = {"prefer": "respond-async"}
WORKER: Final = "handlers.worker.handler"


WITHOUT_SDK: Final = "dispatch, without the SDK"
WITH_SDK: Final = "dispatch, with the SDK"


@dataclass(frozen=True)
class First:
    """One kind of first answer, in the words of the report."""

    name: str
    goal: float


FIRSTS: Final = (
    First("GET /health", 0.15),
    First("POST /approve", 0.22),
    First(WITHOUT_SDK, 0.22),
    First(WITH_SDK, 0.8),
)
"""The last two are compared with the same dispatch of the baseline, which has one way to do it."""


@dataclass
class Cold:
    """Steps by name, one for each round. `imports` is by handler; the baseline is one of them."""

    imports: dict[str, list[Step]] = field(default_factory=lambda: defaultdict(list))
    ours: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """CPU seconds from nothing imported to the first answer."""
    naive: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    peaks: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """MiB held by the end of the first answer."""


def handlers() -> list[str]:
    """Every function of the template."""
    return [function.handler for function in read_template(ROOT / "template.yaml").functions.values()]


def warm_up(yard: Yard) -> None:
    """Every import once: the baseline's byte code is made, files are in the system's cache."""
    imported(NAIVE, yard.naive())
    for handler in handlers():
        imported(handler, yard.ours(kind(handler)))


def kind(handler: str) -> str:
    """Of the package that the function is deployed from."""
    return "worker" if handler == WORKER else "api"


def one_round(yard: Yard, found: Cold) -> None:
    """Each thing once, ours and the baseline's in turn."""
    ours, handed_over, naive = yard.ours(), yard.ours(worker=True), yard.naive()
    asked: list[tuple[str, str, Mapping[str, str], dict[str, Any], int]] = [
        ("GET /health", "handlers.health.handler", ours, yard.event("GET", "/health"), 200),
        ("", NAIVE, naive, yard.event("GET", "/health"), 200),
        ("POST /approve", "handlers.approve.handler", ours, _approval(yard, yard.waiting(ours, FIRST_PULL)), 200),
        ("", NAIVE, naive, _approval(yard, yard.naive_waiting(naive, FIRST_PULL)), 200),
        (
            WITHOUT_SDK,
            DISPATCH,
            handed_over,
            yard.dispatch(FIRST_PULL + 1, **ASYNC),
            202,
        ),
        ("", NAIVE, naive, yard.dispatch(FIRST_PULL + 1), 200),
        (WITH_SDK, DISPATCH, yard.ours("worker"), yard.dispatch(FIRST_PULL + 1), 200),
    ]
    name = ""
    for label, handler, environment, event, status in asked:
        name = label or name
        start, answer = first(handler, environment, event, status)
        total = start.cpu + answer.cpu
        if handler == NAIVE:
            found.naive[name].append(total)
        else:
            found.ours[name].append(total)
            found.peaks[name].append(answer.peak_mib)
        if name != WITH_SDK:
            found.imports[handler].append(start)
    found.naive[WITH_SDK].append(found.naive[WITHOUT_SDK][-1])
    measured = {handler for _, handler, *_ in asked}
    for handler in handlers():
        if handler not in measured:
            found.imports[handler].append(imported(handler, yard.ours(kind(handler))))


def run_worker(yard: Yard) -> tuple[Step, Step]:
    """Import and first run of a fresh worker, for a run that a dispatch has handed over. Raises LaneFailed."""
    environment = yard.ours("worker", worker=True)
    with Lane(DISPATCH, environment) as lane:
        accepted = lane.expect(yard.dispatch(FIRST_PULL, **ASYNC), 202)
    assert accepted.result is not None
    run_id = accepted.result["headers"]["location"].rpartition("/")[2]
    with Lane(WORKER, environment) as lane:
        run = lane.ask({"runId": run_id})
        if run.result is None or run.result["status"] != "success":
            raise LaneFailed(f"the worker ended with {run.result}")
        return lane.imported, run


def _approval(yard: Yard, action_id: str) -> dict[str, Any]:
    return yard.event("POST", f"/approve/{action_id}")
