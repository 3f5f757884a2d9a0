"""GET /phases: what each phase adds, and the evidence on which the next one is switched on."""

from typing import Final

from core.app import App
from core.audit import evidence
from core.runs import promotion
from handlers.http import Endpoint, Reply
from handlers.request import Request

DEFAULT_DAYS: Final = 30
MOST_DAYS: Final = 90
COUNTING_MS: Final = 3_000
"""What is left of the time for counting once reading has stopped."""


def respond(app: App, request: Request) -> Reply:
    """The table of phases, and the figures of each task type over `days`."""
    request.refuse_unknown("days")
    settings = app.settings
    read = evidence.read(app, request.number("days", DEFAULT_DAYS, MOST_DAYS), request.deadline - COUNTING_MS)
    return Reply(
        {
            "repository": settings.repository,
            "phase": settings.phase,
            "prerequisites": "confirmed" if settings.prerequisites_confirmed else "unconfirmed",
            "period": {"since": read.since, "until": read.until},
            "complete": read.complete,
            "phases": promotion.describe(settings),
            "evidence": evidence.count(read.events),
        }
    )


handler = Endpoint(respond, right="read")
