"""The scheduled looks at GitHub, which never send.

At what waits: unknown outcomes, dead attempts, lapsed approvals. Superseded actions are looked at too until their time
is over: that such a comment has landed after all is an event. And once a day at what became of posted plans, by boxes
that were ticked, and thumbs:

    posted ──look──▶ posted, with what was seen      an event for each change
       └──14 days, or the pull request is closed──▶ nobody asks any more

Evidence, not proof: whoever may write may tick.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from itertools import chain
from typing import Final

from core.actions import states
from core.actions.states import POSTED, SUPERSEDED, WAITING, Stored
from core.app import App
from core.approvals import decision as decisions
from core.approvals import look
from core.audit import alone, events
from core.canonical import iso
from core.errors import Conflict, NotFound, UpstreamUnavailable
from core.store import Insert
from core.text.markdown import marker
from core.types import Comment, Json, Target

PRINCIPAL: Final = "schedule"
OUTCOMES: Final = ("executed", "outcome_unknown", "expired", "superseded", "landed")
MOST_TARGETS: Final = 50
ASKED_MS: Final = 14 * 86_400_000
"""How long after its posting a plan is asked after."""
_KEPT_SECONDS: Final = 3 * 86_400
_BOX: Final = re.compile(r"^[ ]*[-*] \[([ xX])\] ", re.MULTILINE)


def look_at_waiting(app: App, deadline: int) -> dict[str, int]:
    """One look at every waiting action until `deadline` (milliseconds). How many ended in which way."""
    counts = dict.fromkeys(("looked", *OUTCOMES), 0)
    late = list(decisions.queued(app, SUPERSEDED))  # those that this look brings there were looked at already
    looks = chain(
        ((_look, stored) for stored in decisions.queued(app, WAITING)), ((_look_late, stored) for stored in late)
    )
    for look_at, stored in looks:
        if app.now() >= deadline:
            return counts
        outcome = look_at(app, stored)
        if outcome:
            counts[outcome] += 1
        counts["looked"] += 1
    return counts


def _look(app: App, stored: Stored) -> str:
    """What became of one action by this look; empty when nothing did."""
    decision = decisions.begin(app, stored, PRINCIPAL)
    try:
        if decision.state == "outcome_unknown":
            seen = look.look(app, stored)
            unchanged = "outcome_unknown" if stored.state == "executing" else ""
            return decisions.note_seen(app, decisions.note_death(app, decision), seen) or unchanged
        if stored.lapsed(decision.now):
            decisions.expire(app, decision, "its time is over")
            return "expired"
    except Conflict:  # somebody else has moved it since the page was read: theirs is the newer look
        return ""
    return ""


def _look_late(app: App, stored: Stored) -> str:
    """Whether a superseded action's comment is there after all. Its state stays: it is decided."""
    seen = look.look(app, stored)
    unwatch = states.unqueue(app.settings.actions_table, stored.action.id, SUPERSEDED, {"lastError": seen.detail})
    if seen.result == "found":
        entry = events.action_seen("landed", stored.action, stored.attempt, PRINCIPAL, seen.detail)
        return "landed" if alone.append(app, entry, unwatch) is None else ""
    if app.now() >= stored.expires_at:
        app.store.transact([unwatch])
    return ""


def observe(app: App, deadline: int) -> dict[str, int]:
    """One look a day at up to MOST_TARGETS pull requests, until `deadline` (milliseconds). How much was seen."""
    counts = {"targets": 0, "changed": 0}
    now = app.now()
    day = {"key": f"observed#{iso(now)[:10]}", "ttl": now // 1000 + _KEPT_SECONDS}
    if app.store.transact([Insert(app.settings.dedupe_table, day)]) is not None:
        return counts  # today's look has been taken
    for target, plans in _posted(app, now).items():
        if app.now() >= deadline:
            break
        counts["targets"] += 1
        counts["changed"] += _look_at_plans(app, target, plans)
    return counts


def seen(comment: Comment) -> Json:
    """What a comment shows of the work on it. Pure."""
    boxes = _BOX.findall(comment.body)
    return {
        "boxes": len(boxes),
        "ticked": sum(box != " " for box in boxes),
        "liked": comment.liked,
        "disliked": comment.disliked,
    }


def _posted(app: App, now: int) -> dict[Target, list[Stored]]:
    """Plans to ask after, by their target, newest first. The others leave the queue."""
    page = app.store.query(
        app.settings.actions_table, equals=("queue", POSTED), index="queue", limit=4 * MOST_TARGETS, newest_first=True
    )
    plans: dict[Target, list[Stored]] = defaultdict(list)
    for stored in map(states.read, page.items):
        action = stored.action
        is_plan = action.task_type == "qa_plan" and action.type == "add_comment"
        if not is_plan or now >= stored.created_at + ASKED_MS:
            app.store.transact([states.unqueue(app.settings.actions_table, action.id, POSTED)])
        elif action.target in plans or len(plans) < MOST_TARGETS:
            plans[action.target].append(stored)
    return plans


def _look_at_plans(app: App, target: Target, plans: Sequence[Stored]) -> int:
    """How many of a target's plans have changed since the last look."""
    try:
        is_open = app.github().target(target).open
        since = iso(min(stored.created_at for stored in plans))
        comments = app.github().comments(target.number, since) if is_open else ()
    except (UpstreamUnavailable, NotFound):
        return 0
    if not is_open:
        for stored in plans:
            app.store.transact([states.unqueue(app.settings.actions_table, stored.action.id, POSTED)])
        return 0
    return sum(_note(app, stored, comments) for stored in plans)


def _note(app: App, stored: Stored, comments: Sequence[Comment]) -> bool:
    """Record what the plan's comment shows, where that is not what was seen before. A writer that does not tell where
    it has posted leaves the address to be found here."""
    author = (app.settings.comment_author or "").lower()
    mark = marker(stored.action.id)
    ours = [one for one in comments if mark in one.body and author in ("", one.author.lower())]
    if not ours:
        return False
    outcome, url = seen(ours[0]), "" if stored.url else ours[0].url
    changed = outcome != (stored.observed or seen(Comment("", stored.action.payload.get("body", ""), "")))
    write = states.observed(app.settings.actions_table, stored.action.id, outcome, url)
    if changed:
        return alone.append(app, events.outcome_observed(stored.action, outcome), write) is None
    if url:
        app.store.transact([write])
    return False
