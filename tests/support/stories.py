"""Everything that can happen to a dispatch, one story after the other, on one log."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.approvals.approve import approve, reject
from core.approvals.reconcile import look_at_waiting, observe
from core.dispatcher.tripping import reset
from core.errors import Conflict
from core.runs.arrow import work
from core.types import Effect
from tests.support.dispatching import FAR, go
from tests.support.fakes import ASKS, PLAN, World, message, pull_request, trouble

"""A plan that waits for the Captain."""
FORBIDDEN = {**PLAN, "general_checks": ["/merge"]}
"""A plan that policy refuses."""


class Killed(BaseException):
    """The process died here."""


class DiesBeforeSending:
    """A writer whose process dies before anything is sent."""

    name = "fake"

    def write(self, action: Any) -> Effect:
        raise Killed


def dispatched(world: World, number: int, *replies: Any) -> dict[str, Any]:
    """One dispatch for a pull request of its own."""
    world.github.pulls[number] = pull_request(number)
    world.model.replies = list(replies)
    world.clock.forward(20)
    return dict(go(world, number))


def tell_all(world: World) -> str:
    """Posted, refused, failed, retried; approved, rejected, lapsed; lost, late, found; died, resumed; reset.

    Also a plan that a newer one supersedes, and that lands after all; and a plan of which a tester has ticked boxes.

    The id of the first run.
    """
    first = str(dispatched(world, 42)["runId"])
    go(world, 42)
    dispatched(world, 50, message(FORBIDDEN))
    dispatched(world, 51, trouble(400))
    dispatched(world, 52, trouble(529), message())
    dispatched(world, 53, message(stop_reason="max_tokens"))

    approve(world.app, dispatched(world, 60, message(ASKS))["actionId"], "captain", None)
    reject(world.app, dispatched(world, 61, message(ASKS))["actionId"], "captain", "not needed")
    dispatched(world, 62, message(ASKS))

    world.writer.outcomes = ["lost"]
    dispatched(world, 70)
    look_at_waiting(world.app, FAR)
    world.writer.outcomes = ["late"]
    late = dispatched(world, 71)["actionId"]
    world.clock.forward(1000)
    approve(world.app, late, "captain", None)
    world.writer.outcomes = ["failed"]
    approve(world.app, dispatched(world, 72)["actionId"], "captain", None)

    world.writer.outcomes = ["late"]
    dispatched(world, 76)
    world.github.pulls[76] = pull_request(76, head_sha="b" * 40)
    world.clock.forward(60)
    go(world, 76)
    look_at_waiting(world.app, FAR)
    world.writer.landing[-1]()
    look_at_waiting(world.app, FAR)
    tick(world)
    observe(world.app, FAR)

    dying = dispatched(world, 73, message(ASKS))["actionId"]
    with pytest.raises(Killed):
        approve(replace(world.app, writer=DiesBeforeSending), dying, "captain", None)
    world.clock.forward(60)
    with pytest.raises(Conflict):
        approve(world.app, dying, "captain", None)

    world.github.pulls[74] = pull_request(74)
    with pytest.raises(Killed):
        go(replace(world, app=replace(world.app, writer=DiesBeforeSending)), 74)
    world.model.before = die
    with pytest.raises(Killed):
        dispatched(world, 75)
    world.model.before = lambda: None
    resume(world)

    reset(world.app, "captain")
    world.clock.forward(8 * 86_400)
    look_at_waiting(world.app, FAR)
    return first


def tick(world: World) -> None:
    """A tester ticks the first box of the first comment."""
    number, comment = world.github.posted[0]
    world.github.posted[0] = number, replace(comment, body=comment.body.replace("[ ]", "[x]", 1))


def die() -> None:
    raise Killed


def resume(world: World) -> None:
    """Deliver every run again that has not ended."""
    world.clock.forward(3600)
    pages = world.app.store.query(world.app.settings.audit_table, equals=("list", "runs"), index="byTime").items
    ended = {item["chain"] for item in pages if item["seq"] > 0}
    for item in pages:
        if item["type"] == "run.started" and item["chain"] not in ended:
            work(world.app, item["chain"], FAR)
