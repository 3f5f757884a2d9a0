"""dfg audit: the runs, or one run whole."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final

import typer

from dfg import words
from dfg.exits import Exit
from dfg.looking import find_run
from dfg.screen import Column, Rows
from dfg.session import AsJson, Session, session_of
from dfg.words import Cell, Line

NAME: Final = "audit"

Run = Annotated[str | None, typer.Argument(metavar="[RUN]", help="A run's id, or its first 6 characters or more.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many runs at most.")]
Kind = Annotated[str | None, typer.Option("--kind", help="Only these: dispatch, approve, reject, reset …")]
Task = Annotated[str | None, typer.Option("--task", help="Only this task type, such as qa_plan.")]
Status = Annotated[str | None, typer.Option("--status", help="Only these: success, failed, rejected, running …")]
Target = Annotated[str | None, typer.Option("--target", help="Only this target, such as pull_request:42.")]
Principal = Annotated[str | None, typer.Option("--principal", help="Only what this one asked for or decided.")]
Since = Annotated[str | None, typer.Option("--since", help="Only what started at this time (UTC) or later.")]
Until = Annotated[str | None, typer.Option("--until", help="Only what started before this time (UTC).")]

MONEY: Final = ("amount", "charged", "cost", "kept", "reserved")
DETAILS: Final = ("detail", "message", "reason", "status", "classification")
LISTED: Final = (
    Column("RUN"),
    Column("WHEN", 2),
    Column("WHAT"),
    Column("TARGET"),
    Column("RESULT", wrap=True),
    Column("COST", 4),
    Column("BY", 3),
)


def run(
    context: typer.Context,
    run_id: Run = None,
    limit: Limit = 20,
    kind: Kind = None,
    task: Task = None,
    status: Status = None,
    target: Target = None,
    principal: Principal = None,
    since: Since = None,
    until: Until = None,
    as_json: AsJson = False,
) -> None:
    """List runs and decisions, newest first, or show every event of one."""
    session = session_of(context)
    given = {"kind": kind, "taskType": task, "status": status, "target": target, "principal": principal}
    filters = {name: value for name, value in {**given, "since": since, "until": until}.items() if value is not None}
    if run_id is None:
        _list(session, filters, limit, as_json)
    elif filters:
        session.end(Exit.USAGE, "filters are for the list: leave them or the run's id out")
    else:
        _one(session, find_run(session, run_id), as_json)


def _list(session: Session, filters: Mapping[str, str], limit: int, as_json: bool) -> None:
    body = session.listing("/audit", "runs", filters, limit, as_json)
    rows = []
    for entry in body["runs"]:
        target = entry.get("target") or {}
        rows.append(
            (
                words.name_of(entry["runId"]),
                words.moment(entry["startedAt"]),
                str(entry.get("taskType") if entry["kind"] == "dispatch" else entry.get("route", entry["event"])),
                f"{target['type'].replace('_', ' ')} #{target['number']}" if "number" in target else "",
                f"refused: {entry['code']}" if entry["status"] == "refused" else words.state(_result(entry)),
                words.money(entry["cost"]) if "cost" in entry else "",
                entry.get("principal", ""),
            )
        )
    session.show(body, as_json, *([Rows(LISTED, rows)] if rows else []))
    if not rows and not as_json:
        session.remark("Nothing has happened yet." if not filters else "Nothing in the audit is like that.")


def _result(entry: Mapping[str, Any]) -> str:
    return str(entry.get("state") or entry["status"])


def _one(session: Session, run_id: str, as_json: bool) -> None:
    body = session.get(f"/audit/{run_id}", as_json)
    chain, events = body["chain"], body["events"]
    start = datetime.fromisoformat(events[0]["at"])
    rows = []
    for event in events:
        data = event["data"]
        parts = [f"{name} ${words.dollars(data[name])}" for name in MONEY if isinstance(data.get(name), int)]
        parts += [str(data[name]) for name in DETAILS if data.get(name)][:1]
        after = (datetime.fromisoformat(event["at"]) - start).total_seconds()
        rows.append((str(event["seq"]), Cell(f"{after:.3f} s", event["at"]), event["type"], " · ".join(parts)))
    verdict = f"The chain is intact: {words.count(chain['events'], 'event')}."
    if not chain["intact"]:
        verdict = f"BROKEN: {chain['fault']}"
    title = _title(body["content"], events[0]["data"].get("target") or {})
    if title and not as_json:
        session.remark(title)
    session.show(
        body,
        as_json,
        Rows((Column("#", 2), Column("AFTER", 1), Column("EVENT"), Column("", wrap=True)), rows),
        Line(verdict, "green" if chain["intact"] else "bold red"),
    )
    raise typer.Exit(Exit.OK if chain["intact"] else Exit.BROKEN)


def _title(content: Mapping[str, Any], target: Mapping[str, Any]) -> str:
    """The target's title and its author, which are in a run's content alone; nothing where that is erased."""
    if "context" not in content:
        return ""
    extra = json.loads(content["context"]["text"])["facts"].get("extra", {})
    about = extra.get("issues", {}).get(str(target.get("number")), extra)
    return f"{about['title']}, by {about['author']}" if {"title", "author"} <= set(about) else ""
