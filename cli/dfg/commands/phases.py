"""dfg phases: what each phase adds, and the evidence on which the next one is switched on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

import typer
from rich.console import RenderableType

from dfg import words
from dfg.session import AsJson, session_of

NAME: Final = "phases"

Days = Annotated[int, typer.Option("--days", min=1, max=90, help="How far back the figures go.")]

HEADINGS: Final = {
    "proposals": "PROPOSED",
    "postedByItself": "BY ITSELF",
    "approvedUnchanged": "APPROVED",
    "approvedStale": "STALE",
    "rejected": "REJECTED",
    "expired": "EXPIRED",
    "refusedByPolicy": "REFUSED",
    "shadowed": "SHADOWED",
    "waiting": "WAITING",
    "failed": "FAILED",
    "unfinished": "RUNNING",
}


def run(context: typer.Context, days: Days = 30, as_json: AsJson = False) -> None:
    """Show the deployed phase, what each phase adds, and what became of the proposals of the last days.

    PROPOSED is the sum of BY ITSELF to WAITING. FAILED runs came to no proposal. STALE were approved after their target
    had moved.
    """
    session = session_of(context)
    body = session.need(session.call(lambda: session.api.get("/phases", {"days": str(days)})), as_json)
    session.show(
        body, as_json, f"{body['phase']}, prerequisites {body['prerequisites']}\n", _phases(body), "", *_evidence(body)
    )


def _phases(body: Mapping[str, Any]) -> RenderableType:
    table = words.table("PHASE", "ADDS", "ACTS BY ITSELF", "ASKS")
    for one in body["phases"]:
        adds = one["adds"]
        name = one["phase"] + (" *" if one["needsPrerequisites"] else "")
        table.add_row(
            words.said(name, "bold" if one["deployed"] else ""),
            "\n".join(f"{task['taskType']} by {task['trigger']}" for task in adds["tasks"]) or "–",
            _pairs(adds["byItself"]),
            _pairs(adds["asks"]),
        )
    table.caption = "* needs both prerequisites confirmed"
    table.caption_justify = "left"
    return table


def _pairs(pairs: list[Mapping[str, str]]) -> str:
    return "\n".join(f"{pair['actionType']} of {pair['taskType']}" for pair in pairs) or "–"


def _evidence(body: Mapping[str, Any]) -> list[RenderableType]:
    since, until = body["period"]["since"][:16], body["period"]["until"][:16]
    told: list[RenderableType] = [f"From {since} to {until} UTC"]
    if not body["complete"]:
        told.append(
            words.said("There is more than one answer reads: the figures begin there. Try fewer --days.", "yellow")
        )
    if not body["evidence"]:
        return [*told, "No runs."]
    table = words.table("TASK", *HEADINGS.values(), "COST", "PER ACCEPTED")
    for line in body["evidence"]:
        each = line["costPerAccepted"]
        figures = [str(line[name]) for name in HEADINGS]
        table.add_row(line["taskType"], *figures, f"${line['cost']}", "–" if each is None else f"${each}")
    return [*told, table]
