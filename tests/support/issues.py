"""Issues on the stand-in for GitHub, and what the model is told to write about them."""

from __future__ import annotations

import json
from typing import Any, Final

from core.context import team
from local.model import Order
from tests.support.service import Service

CONFIRMED: Final = {"PRE_006_CI_GATING": "confirmed", "CRIT_001_DEBUG_ENDPOINTS": "confirmed"}
PHASE1: Final = {"PHASE": "phase1"}
PHASE2: Final = {"PHASE": "phase2", **CONFIRMED}
PHASE3: Final = {"PHASE": "phase3", **CONFIRMED}
PHASE4: Final = {"PHASE": "phase4", **CONFIRMED}
FILE: Final = "workers/dfg-api/src/domain/dismissal.ts"
STATUSES: Final = team.load().taxonomy.exclusive["status"]
TEXT: Final = "Open a listing whose price was never set: it shows -1. It should show that there is no price."
"""Long enough for the stand-in model to ask nothing: it calls such an issue ready, with P2 for the next sprint."""
VAGUE: Final = "It fails."
"""Too short for it: it asks one question."""


def put(service: Service, number: int, *labels: str, body: str = TEXT, **fields: Any) -> None:
    """An open issue with these labels."""
    names = [{"name": name} for name in labels]
    service.repository.put_issue(
        number, **{"title": "A price that was never set", "body": body, **fields}, labels=names
    )


def labels(service: Service, number: int) -> set[str]:
    return {label["name"] for label in service.repository.labels(number)}


def statuses(service: Service, number: int) -> set[str]:
    return labels(service, number) & STATUSES


def triage_answer(**changes: Any) -> str:
    """A triage that makes the issue ready, with some of its fields changed."""
    answer: dict[str, Any] = {
        "priority": "P1",
        "priority_rationale": "It blocks what the sprint is for.",
        "sprint": "current",
        "components": ["dfg-api"],
        "questions": [],
        "ready_for_dev": True,
        "reason": "The issue says what is wrong and how to see it.",
        "evidence": "Steps and expected result are in the text.",
    }
    return json.dumps({**answer, **changes})


def brief_answer(**changes: Any) -> str:
    """A brief that names a file of the sample, with some of its fields changed."""
    answer: dict[str, Any] = {
        "objective": "A listing without a price says so.",
        "context": "The price column is empty for such listings, and the page shows -1.",
        "acceptance_criteria": ["A listing without a price shows the words: no price"],
        "files": [FILE],
        "out_of_scope": ["The ranking of listings"],
        "test_notes": ["Write a test with an empty price first"],
        "reason": "The issue says what is shown and what should be.",
        "evidence": "Its text names the value that is shown.",
    }
    return json.dumps({**answer, **changes})


def sprint_answer(*items: tuple[int, str]) -> str:
    """A sprint plan that puts these issues into these sprints."""
    why = "It fits what the sprint is for."
    return json.dumps(
        {
            "goal": "Listings without a price are told apart.",
            "items": [{"issue": issue, "sprint": sprint, "rationale": why} for issue, sprint in items],
            "risks": [],
            "reason": "The issues belong together.",
            "evidence": "All of them name the price.",
        }
    )


READY: Final = Order(text=triage_answer())
ASKS: Final = Order(text=triage_answer(ready_for_dev=False, questions=["Which listings are meant?"]))
REFUSED: Final = Order(text=triage_answer(components=["dfg-unknown"]))
