"""A few histories of requests, deaths and lost answers. `make prove` runs many."""

from __future__ import annotations

from local.engine import Engine
from tests.prove.histories import explore


def test_the_laws_hold_after_every_step(engine: Engine, tables: dict[str, str]) -> None:
    tally = explore(engine.url, tables, histories=6, steps=12, reproducible=True)
    assert tally["comments"] > 0
    assert tally["label changes"] > 0
    assert tally["killed"] + tally["interrupted"] > 0
