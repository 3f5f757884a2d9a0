"""The operations that are measured: how each is brought about, on a world of stand-ins over the real engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from core.approvals.approve import approve, reject
from core.approvals.reconcile import look_at_waiting
from core.dispatcher.tripping import reset
from core.errors import WorkerUnavailable
from core.runs.arrow import dispatch, work
from core.types import Json, Target, TaskRequest
from handlers.health import respond as health
from handlers.request import NOBODY, Request
from tests.support.fakes import PLAN, START, World, message, trouble

FAR: Final = START + 10**12
"""A deadline that is never reached."""
ASKS: Final = {**PLAN, "general_checks": ["Open https://elsewhere.example.org/x and look"]}
"""A plan that waits for the Captain."""


@dataclass(frozen=True)
class Operation:
    """`prepare` brings the world to where `run` begins, and names what it is about; only `run` is measured.

    `run` answers how it ended, in one word or two.
    """

    name: str
    run: Callable[[World, str], str]
    prepare: Callable[[World], str] = lambda world: ""
    worker: bool = False
    sequential: int | None = None
    """The goal: how many requests may have to wait for each other."""


def ask(world: World, number: int = 42) -> Json:
    """One dispatch; with a worker it ends with the hand-over."""
    request = TaskRequest("qa_plan", Target("pull_request", number), 100, False, "ci", "api")
    return dispatch(world.app, request, wait_until=0, deadline=FAR)


def carry_out(world: World) -> Json:
    """One dispatch to its end, by the worker where there is one. Polls of a waiting handler are not in it."""
    result = ask(world)
    return work(world.app, str(result["runId"]), FAR) if world.app.start_worker else result


def ending(result: Json) -> str:
    """How a result reads: its status, and its reason or its action's state."""
    return " ".join(str(result[name]) for name in ("status", "reason", "state") if result.get(name))


def _dispatched(world: World, _: str) -> str:
    return ending(ask(world))


def _carried_out(world: World, _: str) -> str:
    return ending(carry_out(world))


def _approved(world: World, action_id: str) -> str:
    return ending(approve(world.app, action_id, "captain", None))


def _rejected(world: World, action_id: str) -> str:
    return ending(reject(world.app, action_id, "captain", "not needed"))


def _reset(world: World, _: str) -> str:
    return ending(reset(world.app, "captain"))


def _looked(world: World, _: str) -> str:
    return " ".join(name for name, count in look_at_waiting(world.app, FAR).items() if count)


def _health(world: World, _: str) -> str:
    return ending(health(world.app, Request("r", NOBODY, {}, {}, {}, {}, world.clock.at, FAR)).body)


def _has_to_ask(world: World) -> str:
    world.model.replies.append(message(ASKS))
    return ""


def _waiting(world: World) -> str:
    _has_to_ask(world)
    return str(carry_out(world)["actionId"])


def _unanswered(world: World) -> str:
    world.writer.outcomes.append("lost")
    return str(carry_out(world)["actionId"])


def _done(world: World) -> str:
    return str(carry_out(world)["runId"])


def _overloaded_first(world: World) -> str:
    world.model.replies += [trouble(529), message()]
    return ""


def _hopeless(world: World) -> str:
    world.model.replies.append(trouble(400))
    return ""


def _hostile(world: World) -> str:
    world.model.replies.append(message({**PLAN, "general_checks": ["/merge"]}))
    return ""


class _Died(BaseException):
    """The worker's process ends here."""


def _died_at_the_model(world: World) -> str:
    def die() -> None:
        raise _Died

    run_id = str(ask(world)["runId"])
    world.model.before = die
    try:
        work(world.app, run_id, FAR)
    except _Died:
        world.model.before = lambda: None
    world.clock.forward(600)
    return run_id


def _resumed(world: World, run_id: str) -> str:
    return ending(work(world.app, run_id, FAR))


def _not_started(world: World, _: str) -> str:
    def refuse(event: Json) -> None:
        raise WorkerUnavailable("the worker could not be started")

    return ending(ask(replace(world, app=replace(world.app, start_worker=refuse))))


def _opened(world: World) -> str:
    world.app.ledger.trip("as told", world.clock.at)
    return ""


def _due_for_a_probe(world: World) -> str:
    _opened(world)
    world.clock.forward(world.app.settings.limits.cooldown_seconds)
    return ""


def _spent(world: World) -> str:
    limits = world.app.settings.limits
    for number in range(limits.window_ceiling // limits.run_ceiling):
        world.app.ledger.reserve(f"other {number}", limits.run_ceiling, 1, START, START)
    return ""


MEASURED: Final = (
    Operation("a comment, inline", _carried_out, sequential=4),
    Operation("a comment, through the worker", _carried_out, worker=True, sequential=5),
    Operation("a plan that waits, inline", _carried_out, _has_to_ask, sequential=3),
    Operation("a plan that waits, through the worker", _carried_out, _has_to_ask, worker=True, sequential=4),
    Operation("an approval", _approved, _waiting, sequential=3),
    Operation("a rejection", _rejected, _waiting, sequential=2),
    Operation("a duplicate", _dispatched, _done, sequential=3),
    Operation("an open breaker", _dispatched, _opened, sequential=2),
    Operation("a spent budget", _dispatched, _spent, sequential=2),
    Operation("health", _health, sequential=1),
)
"""What `make bench` counts, with the goals."""

OTHERS: Final = (
    Operation("a second attempt at the model", _carried_out, _overloaded_first, worker=True),
    Operation("a model that refuses", _carried_out, _hopeless),
    Operation("an answer that policy refuses", _carried_out, _hostile),
    Operation("a probe of an open breaker", _carried_out, _due_for_a_probe),
    Operation("a look at what waits", _looked, _unanswered),
    Operation("a reset", _reset, _opened),
    Operation("a run resumed after a death", _resumed, _died_at_the_model, worker=True),
    Operation("a worker that cannot be started", _not_started, worker=True),
)
"""Further operations that have to hold under trouble."""
