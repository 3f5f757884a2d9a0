"""dfg health: whether the service can work."""

from __future__ import annotations

from typing import Final

import typer

from dfg import words
from dfg.exits import Exit
from dfg.session import AsJson, session_of

NAME: Final = "health"


def run(context: typer.Context, as_json: AsJson = False) -> None:
    """Show phase, breaker and spend. Exit code 3 when the breaker is open, 1 when the service is degraded."""
    session = session_of(context)
    answer = session.call(lambda: session.api.get("/health"))
    breaker = answer.body.get("circuitBreaker")
    if breaker is None:
        session.show(answer.body, as_json, words.said(f"Degraded: {answer.body.get('detail', answer.message)}", "red"))
        raise typer.Exit(Exit.UNAVAILABLE)
    session.show(
        answer.body,
        as_json,
        words.pairs(
            [
                ("status", answer.body["status"]),
                ("phase", answer.body["phase"]),
                ("version", answer.body["version"]),
                ("breaker", breaker["state"]),
                ("tasks", f"{breaker['totalTasks']} in 60 minutes, {breaker['failedTasks']} failed"),
                ("spend", f"${breaker['totalCostUsd']} of ${breaker['maxCostUsd']}"),
                ("notice", answer.body.get("notice", "")),
            ]
        ),
    )
    raise typer.Exit(Exit.LATER if breaker["isOpen"] else Exit.OK)
