"""dfg phases: what each phase adds, and the evidence on which the next one is switched on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Final

import typer

from dfg.screen import Column, Part, Rows
from dfg.session import AsJson, session_of
from dfg.words import Line

NAME: Final = "phases"

Days = Annotated[int, typer.Option("--days", min=1, max=90, help="How far back the figures go.")]

FIGURES: Final = {
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
ALWAYS: Final = ("proposals", "approvedUnchanged", "rejected", "waiting")
"""Shown on a terminal also where all of them are zero."""


def run(context: typer.Context, days: Days = 30, as_json: AsJson = False) -> None:
    """Show the deployed phase, what each phase adds, and what became of the proposals of the last days.

    PROPOSED is the sum of BY ITSELF to WAITING. FAILED runs came to no proposal. STALE were approved after their target
    had moved. In a pipe the lines begin with `phase` or `evidence`.
    """
    session = session_of(context)
    body = session.need(session.call(lambda: session.api.get("/phases", {"days": str(days)})), as_json)
    if as_json:
        session.print_json(body)
        return
    if not body["complete"]:
        session.note("There is more than one answer reads: the figures begin there. Try fewer --days.")
    shown = _for_people(body) if session.out.is_terminal else _for_programs(body)
    session.show(body, False, *shown)
    if not body["evidence"]:
        session.remark("No runs.")


def _additions(body: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], str, str]]:
    """Each phase, with what it adds in one word and what that is."""
    for phase in body["phases"]:
        adds = phase["adds"]
        yield from ((phase, "task", f"{task['taskType']} by {task['trigger']}") for task in adds["tasks"])
        for kind, name in (("acts by itself", "byItself"), ("asks", "asks")):
            yield from ((phase, kind, f"{pair['actionType']} of {pair['taskType']}") for pair in adds[name])
        if not any(adds.values()):
            yield phase, "", ""


def _for_programs(body: Mapping[str, Any]) -> Iterator[Part]:
    additions = [
        ("phase", phase["phase"], "deployed" if phase["deployed"] else "", kind, what)
        for phase, kind, what in _additions(body)
    ]
    yield Rows([Column(name) for name in ("", "PHASE", "DEPLOYED", "ADDS", "WHAT")], additions)
    evidence = [
        (
            "evidence",
            line["taskType"],
            *(str(line[name]) for name in FIGURES),
            line["cost"],
            line["costPerAccepted"] or "",
            str(line["workedThrough"]),
            str(line["tickedShare"] or ""),
            str(line["liked"]),
            str(line["disliked"]),
            line["costPerWorkedThrough"] or "",
        )
        for line in body["evidence"]
    ]
    yield Rows([], evidence)


def _for_people(body: Mapping[str, Any]) -> Iterator[Part]:
    yield f"{body['phase']}, prerequisites {body['prerequisites']}\n"
    rows: list[Sequence[str]] = []
    before = ""
    for phase, kind, what in _additions(body):
        name = phase["phase"] + (" *" if phase["needsPrerequisites"] else "") + (" ←" if phase["deployed"] else "")
        rows.append((name if name != before else "", kind, what))
        before = name
    yield Rows((Column("PHASE"), Column("ADDS"), Column("")), rows)
    yield Line("* needs both prerequisites confirmed · ← deployed\n", "dim")
    yield f"From {body['period']['since'][:16]} to {body['period']['until'][:16]} UTC"
    lines = body["evidence"]
    if lines:
        figures = [name for name in FIGURES if name in ALWAYS or any(line[name] for line in lines)]
        each = [line["costPerAccepted"] for line in lines]
        table: list[Sequence[str]] = [
            *((FIGURES[name].lower(), *(str(line[name]) for line in lines)) for name in figures),
            ("cost", *(f"${line['cost']}" for line in lines)),
            ("per accepted", *(f"${dollars}" if dollars else "–" for dollars in each)),
            ("worked through", *(str(line["workedThrough"]) for line in lines)),
            ("boxes ticked", *(f"{line['tickedShare']:.0%}" if line["tickedShare"] else "–" for line in lines)),
            ("liked, disliked", *(f"{line['liked']}, {line['disliked']}" for line in lines)),
        ]
        yield Rows([Column(""), *(Column(line["taskType"]) for line in lines)], table)
