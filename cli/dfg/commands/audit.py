"""dfg audit: the runs, or one run whole."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final

import typer

from dfg import words
from dfg.exits import Exit
from dfg.session import AsJson, Session, session_of

NAME: Final = "audit"

Run = Annotated[str | None, typer.Argument(metavar="[RUN]", help="A run's id. Without it: the list of runs.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=100, help="How many runs at most.")]
MONEY: Final = ("amount", "charged", "cost", "kept", "reserved")
TOLD: Final = ("detail", "message", "reason", "status", "classification")


def run(context: typer.Context, run_id: Run = None, limit: Limit = 20, as_json: AsJson = False) -> None:
    """List runs and decisions, newest first, or show every event of one."""
    session = session_of(context)
    if run_id is None:
        _list(session, limit, as_json)
    else:
        _one(session, run_id, as_json)


def _list(session: Session, limit: int, as_json: bool) -> None:
    body = session.need(session.call(lambda: session.api.get("/audit", {"limit": str(limit)})), as_json)
    table = words.table("RUN", "WHEN", "WHAT", "TARGET", "RESULT", "COST", "BY")
    for entry in body["runs"]:
        target = entry.get("target") or {}
        table.add_row(
            entry["runId"],
            words.ago(entry["startedAt"]),
            words.said(entry.get("taskType") if entry["kind"] == "dispatch" else entry.get("route", entry["event"])),
            f"{target['type'].replace('_', ' ')} #{target['number']}" if "number" in target else "",
            words.said(f"refused: {entry['code']}") if entry["status"] == "refused" else words.state(_result(entry)),
            f"${entry['cost']}" if "cost" in entry else "",
            words.said(entry.get("principal", "")),
        )
    session.show(body, as_json, table if body["runs"] else "Nothing has happened yet.")


def _result(entry: Mapping[str, Any]) -> str:
    return str(entry.get("state") or entry["status"])


def _one(session: Session, run_id: str, as_json: bool) -> None:
    body = session.need(session.call(lambda: session.api.get(f"/audit/{run_id}")), as_json)
    chain, events = body["chain"], body["events"]
    start = datetime.fromisoformat(events[0]["at"])
    table = words.table("#", "AFTER", "EVENT", "")
    for event in events:
        data = event["data"]
        parts = [f"{name} {words.dollars(data[name])}" for name in MONEY if isinstance(data.get(name), int)]
        parts += [str(data[name]) for name in TOLD if data.get(name)][:1]
        after = (datetime.fromisoformat(event["at"]) - start).total_seconds()
        table.add_row(str(event["seq"]), f"{after:.3f} s", event["type"], words.said(" · ".join(parts)))
    verdict = f"The chain is intact: {chain['events']} events." if chain["intact"] else f"BROKEN: {chain['fault']}"
    session.show(body, as_json, table, words.said(verdict, "green" if chain["intact"] else "bold red"))
    raise typer.Exit(Exit.OK if chain["intact"] else Exit.BROKEN)
