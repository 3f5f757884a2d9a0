"""Any history that hypothesis can think of."""

from __future__ import annotations

from local.engine import Engine
from tests.prove.histories import explore
from tests.prove.report import Report


def test_the_laws_hold_after_every_step(engine: Engine, tables: dict[str, str], report: Report) -> None:
    tally = explore(engine.url, tables, histories=50, steps=30, reproducible=False)
    report("stateful: " + ", ".join(f"{what} {count}" for what, count in sorted(tally.items())))
