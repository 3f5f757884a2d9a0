"""What was spent, from the audit alone: by day, task type and principal. Money is micro-dollars."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dfg.exporting import Get, list_runs


@dataclass(frozen=True)
class Charge:
    """What stands against a run. `settled` once it is what the run came to; until then it is its worst case."""

    amount: int
    settled: bool


@dataclass
class Line:
    """The runs of one day (UTC, by their start), task type and principal."""

    day: str
    task_type: str
    principal: str
    runs: int = 0
    settled: int = 0
    """What ended runs came to."""
    reserved: int = 0
    """The worst case of runs without an end: still going on, or died. The breaker keeps it charged."""


def charge_of(events: Iterable[Mapping[str, Any]]) -> Charge:
    """A run's charge after the last of its events.

    A run that died keeps what it had reserved, as it does at the breaker. A run that was refused its
    reservation, or that ended before it had one, is charged nothing.
    """
    charge = Charge(0, settled=True)
    for event in events:
        data = event["data"]
        match event["type"]:
            case "charge.requested":
                charge = Charge(data["amount"], settled=False)
            case "charge.refused":
                charge = Charge(0, settled=True)
            case "charge.settled":
                charge = Charge(data["charged"], settled=True)
            case "run.finished":
                charge = Charge(data.get("charged", 0), settled=True)
    return charge


def report(get: Get, *, since: str | None = None, until: str | None = None) -> list[Line]:
    """One line per day, task type and principal, newest first. Reads the list, and each run that has no end yet."""
    lines: dict[tuple[str, str, str], Line] = {}
    for run in list_runs(get, since=since, until=until, kind="dispatch"):
        place = (run["startedAt"][:10], run["taskType"], run["principal"])
        line = lines.setdefault(place, Line(*place))
        charge = _charge(get, run)
        line.runs += 1
        if charge.settled:
            line.settled += charge.amount
        else:
            line.reserved += charge.amount
    return sorted(lines.values(), key=lambda line: (line.day, line.task_type, line.principal), reverse=True)


def _charge(get: Get, run: Mapping[str, Any]) -> Charge:
    if "cost" in run:
        return Charge(int(run["cost"].replace(".", "")), settled=True)
    whole = get(f"/audit/{run['runId']}", {}) if run["status"] == "running" else None
    return charge_of(whole["events"]) if whole else Charge(0, settled=True)
