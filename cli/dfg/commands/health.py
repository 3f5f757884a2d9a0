"""dfg health: whether the service can work."""

from __future__ import annotations

from typing import Final

import typer

from dfg.exits import Exit
from dfg.screen import Pairs
from dfg.session import AsJson, session_of
from dfg.words import Line, count, moment

NAME: Final = "health"


def run(context: typer.Context, as_json: AsJson = False) -> None:
    """Show phase, breaker and spend. Exit code 3 when the breaker is open, 1 when the service is degraded."""
    session = session_of(context)
    answer = session.call(lambda: session.api.get("/health", public=True))
    breaker = answer.body.get("circuitBreaker")
    if answer.body.get("status") == "degraded" or answer.status >= 500:
        session.show(answer.body, as_json, Line(f"Degraded: {answer.body.get('detail', answer.message)}", "red"))
        raise typer.Exit(Exit.UNAVAILABLE)
    if breaker is None:
        session.end(Exit.WRONG, f"this is not the API's answer ({answer.message}): see DFG_URL")
    tasks = f"{count(breaker['totalTasks'], 'task')} in 60 minutes, {breaker['failedTasks']} failed"
    session.show(
        answer.body,
        as_json,
        Pairs(
            [
                ("status", answer.body["status"]),
                ("phase", answer.body["phase"]),
                ("version", answer.body["version"]),
                ("breaker", breaker["state"]),
                ("why", breaker.get("reason", "")),
                ("since", moment(breaker["openedAt"]) if "openedAt" in breaker else ""),
                ("next probe", moment(breaker["nextProbeAt"]) if "nextProbeAt" in breaker else ""),
                ("tasks", tasks),
                ("spend", f"${breaker['totalCostUsd']} of ${breaker['maxCostUsd']}"),
                ("notice", answer.body.get("notice", "")),
            ]
        ),
    )
    raise typer.Exit(Exit.LATER if breaker["isOpen"] else Exit.OK)
