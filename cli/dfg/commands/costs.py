"""dfg costs: what was spent, from the audit alone."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Final

import typer

from dfg import words
from dfg.auditing import reader
from dfg.costs import report
from dfg.screen import Column, Rows
from dfg.session import AsJson, session_of

NAME: Final = "costs"

Since = Annotated[str | None, typer.Option("--since", help="Only runs that started at this time (UTC) or later.")]
Until = Annotated[str | None, typer.Option("--until", help="Only runs that started before this time (UTC).")]
COLUMNS: Final = (
    Column("DAY"),
    Column("TASK"),
    Column("BY", 1),
    Column("RUNS", 2),
    Column("COST"),
    Column("RESERVED"),
)


def run(context: typer.Context, since: Since = None, until: Until = None, as_json: AsJson = False) -> None:
    """Cost per day, task type and principal.

    RESERVED is the worst case of runs that have no end: still going on, or died. The breaker keeps it charged.
    """
    session = session_of(context)
    lines = report(reader(session), since=since, until=until)
    rows = [
        (
            line.day,
            line.task_type,
            line.principal,
            str(line.runs),
            words.money(words.dollars(line.settled)),
            words.money(words.dollars(line.reserved)),
        )
        for line in lines
    ]
    settled, reserved = sum(line.settled for line in lines), sum(line.reserved for line in lines)
    runs = words.count(sum(line.runs for line in lines), "run")
    body = {"settled": settled, "reserved": reserved, "lines": [asdict(line) for line in lines]}
    session.show(body, as_json, *([Rows(COLUMNS, rows)] if rows else []))
    if not as_json:
        session.remark(f"{runs}: ${words.dollars(settled)}, and ${words.dollars(reserved)} reserved")
