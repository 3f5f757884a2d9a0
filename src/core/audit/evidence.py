"""What became of each task type's proposals, counted from the audit alone: what a promotion is decided on.

A proposal is an action that a run came to; a draft that policy refused whole is one too. Each is counted
under exactly one heading, so they add up:

    proposals = postedByItself + approvedUnchanged + approvedStale + rejected + expired + refusedByPolicy
                + shadowed + waiting

Decisions belong to the run that they decide on: of runs before the period nothing is counted.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from core.app import App
from core.audit import log
from core.audit.log import RUNS, Event
from core.canonical import dollars, iso
from core.runs import record
from core.types import TASK_TYPES, Json

DAY_MS: Final = 86_400_000
MOST_PAGES: Final = 20
"""Requests to the index `byTime` for one answer; each is at most 1 MB, about a thousand events."""

ACCEPTED: Final = ("postedByItself", "approvedUnchanged", "approvedStale")
PROPOSALS: Final = (*ACCEPTED, "rejected", "expired", "refusedByPolicy", "shadowed", "waiting")
COUNTED: Final = (*PROPOSALS, "failed", "unfinished")
"""`failed` are runs that came to no proposal, `unfinished` those without an end so far: their cost is not in yet."""

OWN: Final[Mapping[str, str]] = {"executed": "postedByItself", "shadowed": "shadowed"}
"""What a run's own end says of an action; all else waits, until a decision says more."""
DECIDED: Final[Mapping[str, str]] = {
    "action.rejected": "rejected",
    "action.expired": "expired",
    "action.superseded": "expired",
    "action.shadowed": "shadowed",
}
"""What a decision makes of one; see `_executed` for the rest."""
WITHOUT_ACTION: Final[Mapping[str, str]] = {"rejected": "refusedByPolicy", "failed": "failed"}
"""What a run comes to by its status alone."""

Headings = Mapping[str, str]
"""Action id → heading."""


@dataclass(frozen=True)
class Read:
    """The listed events since `since` (RFC 3339). `complete` is False where that is later than was asked for."""

    events: tuple[Event, ...]
    since: str
    until: str
    complete: bool


def read(app: App, days: int, deadline: int) -> Read:
    """The first and last events of the chains of the last `days`, until `deadline` (milliseconds) or MOST_PAGES.

    Newest first: what is left out is the oldest, so the shorter period that was read is still counted whole.
    """
    now = app.now()
    since, until = iso(now - days * DAY_MS), iso(now)
    events: list[Event] = []
    span = {"equals": ("list", RUNS), "index": "byTime", "between": ("listKey", since, f"{until}~")}
    pages = app.store.pages(app.settings.audit_table, newest_first=True, **span)
    for number, page in enumerate(pages, 1):
        events += [log.from_item(item) for item in page.items]
        if page.next is not None and (number == MOST_PAGES or app.now() >= deadline):
            reached = str(page.next["listKey"]).partition("#")[0]
            return Read(tuple(event for event in events if _started(event) > reached), reached, until, complete=False)
    return Read(tuple(events), since, until, complete=True)


def count(events: Sequence[Event]) -> list[dict[str, Any]]:
    """A line of figures for each task type that has a run, in the order of TASK_TYPES. Pure."""
    tasks = {
        event.chain: str(event.data["taskType"])
        for event in events
        if event.type == "run.started" and event.data["kind"] == "dispatch"
    }
    ends = {event.chain: event.data for event in events if event.type == "run.finished" and event.chain in tasks}
    seen = {str(event.data["actionId"]): event.data for event in events if event.type == "outcome.observed"}
    known = {action for end in ends.values() for action in end.get("actions", {})}
    decided = _decided([event for event in events if event.data.get("actionId") in known])
    return [
        _line(task, [ends.get(chain) for chain, of in tasks.items() if of == task], decided, seen)
        for task in TASK_TYPES
        if task in tasks.values()
    ]


def _line(task: str, ends: Sequence[Json | None], decided: Headings, seen: Mapping[str, Json]) -> dict[str, Any]:
    """The figures of a task type's runs, each told by its end."""
    ended = [end for end in ends if end is not None]
    actions = [(action, state) for end in ended for action, state in end.get("actions", {}).items()]
    counts = Counter(decided.get(action) or OWN.get(state, "waiting") for action, state in actions)
    counts += Counter(WITHOUT_ACTION[end["status"]] for end in ended if end["status"] in WITHOUT_ACTION)
    counts["unfinished"] = len(ends) - len(ended)
    cost = sum(end.get("charged", 0) for end in ended)
    accepted = sum(counts[name] for name in ACCEPTED)
    return {
        "taskType": task,
        "proposals": sum(counts[name] for name in PROPOSALS),
        **{name: counts[name] for name in COUNTED},
        "cost": dollars(cost),
        "costPerAccepted": _share(cost, accepted),
        **_worked_through([seen[action] for action, _ in actions if action in seen], cost),
    }


def _worked_through(outcomes: Sequence[Json], cost: int) -> dict[str, Any]:
    """What testers did with posted plans, as far as their comments show. Half of the boxes ticked is worked through."""
    boxes, ticked = (sum(one[name] for one in outcomes) for name in ("boxes", "ticked"))
    worked = sum(2 * one["ticked"] >= one["boxes"] > 0 for one in outcomes)
    return {
        "workedThrough": worked,
        "tickedShare": round(ticked / boxes, 2) if boxes else None,
        "liked": sum(one["liked"] for one in outcomes),
        "disliked": sum(one["disliked"] for one in outcomes),
        "costPerWorkedThrough": _share(cost, worked),
    }


def _share(cost: int, among: int) -> str | None:
    """What one of them came to, rounded up."""
    return dollars(-(-cost // among)) if among else None


def _decided(events: Sequence[Event]) -> Headings:
    """The heading of each action that was decided after its run, whoever found that out."""
    stale = {str(event.data.get("attempt")) for event in events if "stale" in event.data}
    headings: dict[str, str] = {}
    for event in events:
        if event.type == "action.executed":
            headings[event.data["actionId"]] = _executed(event.data, stale)
        elif event.type in DECIDED:
            headings[event.data["actionId"]] = DECIDED[event.type]
    return headings


def _executed(data: Json, stale: Collection[str]) -> str:
    """By the attempt that got through: the run has one of its own for each action, and each approval another."""
    if data["attempt"] == record.attempt_id(data["runId"], data["actionId"]):
        return "postedByItself"
    return "approvedStale" if data["attempt"] in stale else "approvedUnchanged"


def _started(event: Event) -> str:
    return str(event.at if event.seq == 0 else event.data["startedAt"])
