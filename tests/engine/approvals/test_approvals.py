"""Approvals on the real engine: dead attempts, lapsed time, and twenty at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from core.actions import states
from core.app import App
from core.approvals.approve import approve, list_pending, reject
from core.audit.read import list_runs, read_run
from core.errors import Conflict, NotFound
from core.types import Effect, Json
from tests.support.dispatching import go
from tests.support.fakes import ASKS, World, make_world, message, pull_request

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

DAY = 86_400


class Killed(BaseException):
    """The process died here."""


@pytest.fixture
def world(dynamodb_client: DynamoDBClient, tables: dict[str, str]) -> World:
    return make_world(dynamodb_client, tables)


def waiting(world: World) -> str:
    world.model.replies = [message(ASKS)]
    return str(go(world)["actionId"])


def dead(world: World, *, sent: bool = False) -> str:
    """An action whose attempt died a minute ago, before or after it sent."""
    action_id = waiting(world)

    class Dying:
        name = "fake"

        def write(self, action: Any) -> Effect:
            if sent:
                world.writer.write(action)
            raise Killed

    with pytest.raises(Killed):
        approve(replace(world.app, writer=Dying), action_id, "captain", None)
    world.clock.forward(60)
    return action_id


def stored(world: World, action_id: str) -> states.Stored:
    item = world.app.store.get(world.app.settings.actions_table, {"id": action_id})
    assert item is not None
    return states.read(item)


def chains(world: World, kind: str) -> list[list[str]]:
    """The event types of each chain of this kind, newest first; every chain must be whole."""
    found = []
    for run in list_runs(world.app, limit=50, start=None)[0]:
        whole = read_run(world.app, run["runId"])
        assert whole["chain"]["intact"], whole["chain"]
        if run["kind"] == kind:
            found.append([event["type"] for event in whole["events"]])
    return found


def test_an_attempt_under_way_holds_off_every_other_decision(world: World) -> None:
    action_id = waiting(world)
    refused: list[str] = []

    def meanwhile() -> None:
        world.writer.before = lambda: None
        with pytest.raises(Conflict) as conflict:
            approve(world.app, action_id, "captain", None)
        refused.append(conflict.value.detail["state"])
        with pytest.raises(Conflict) as conflict:
            reject(world.app, action_id, "captain", "")
        refused.append(conflict.value.detail["state"])

    world.writer.before = meanwhile
    assert approve(world.app, action_id, "captain", None)["status"] == "executed"
    assert refused == ["executing", "executing"]
    assert len(world.writer.sent) == 1


def test_a_dead_attempt_reads_as_unknown_after_its_minute(world: World) -> None:
    action_id = dead(world)
    [shown], _ = list_pending(world.app, limit=10, start=None)
    assert (shown["id"], shown["state"]) == (action_id, "outcome_unknown")
    with pytest.raises(Conflict, match="may still land"):
        approve(world.app, action_id, "captain", None)
    assert stored(world, action_id).state == "outcome_unknown"
    assert world.github.posted == []


def test_a_dead_attempt_that_sent_is_found(world: World) -> None:
    action_id = dead(world, sent=True)
    assert approve(world.app, action_id, "captain", None)["status"] == "executed"
    assert chains(world, "look") == [["action.outcome_unknown", "action.executed"]]
    assert len(world.github.posted) == 1


def test_a_dead_attempt_that_did_not_send_is_sent_after_the_settle_time(world: World) -> None:
    action_id = dead(world)
    world.clock.forward(900 - 60 - 1)
    with pytest.raises(Conflict, match="may still land"):
        approve(world.app, action_id, "captain", None)
    world.clock.forward(1)
    assert approve(world.app, action_id, "captain", None)["status"] == "executed"
    assert len(world.github.posted) == 1


def test_a_dead_attempt_whose_time_is_over_expires(world: World) -> None:
    action_id = dead(world)
    world.clock.forward(7 * DAY)
    with pytest.raises(Conflict, match="expired"):
        approve(world.app, action_id, "captain", None)
    assert stored(world, action_id).state == "expired"
    assert chains(world, "look") == [["action.outcome_unknown", "action.expired"]]


def test_a_dead_attempt_on_a_pull_request_that_was_closed_expires(world: World) -> None:
    action_id = dead(world)
    world.github.pulls[42] = pull_request(state="closed")
    world.clock.forward(900)
    with pytest.raises(Conflict, match="closed"):
        approve(world.app, action_id, "captain", None)
    assert stored(world, action_id).state == "expired"
    assert world.github.posted == []


def test_an_approval_lapses_to_the_millisecond(world: World) -> None:
    action_id = waiting(world)
    world.clock.at = stored(world, action_id).expires_at - 1
    assert approve(world.app, action_id, "captain", None)["status"] == "executed"


def test_an_approval_at_its_last_moment_is_late(world: World) -> None:
    action_id = waiting(world)
    world.clock.at = stored(world, action_id).expires_at
    with pytest.raises(Conflict, match="expired"):
        approve(world.app, action_id, "captain", None)
    assert world.writer.sent == []


def test_an_unknown_action_is_not_found(world: World) -> None:
    unknown = "5f0c1a52-7f43-5d0e-9a6b-0c6f7b1d2e3f"
    with pytest.raises(NotFound):
        approve(world.app, unknown, "captain", None)
    with pytest.raises(NotFound):
        reject(world.app, unknown, "captain", "")


def test_a_clock_that_went_back_sends_nothing_early(world: World) -> None:
    world.writer.outcomes = ["late"]
    action_id = str(go(world)["actionId"])
    world.clock.forward(-3600)
    with pytest.raises(Conflict, match="may still land"):
        approve(world.app, action_id, "captain", None)
    assert len(world.writer.sent) == 1


# --- at once ---------------------------------------------------------------------------------------

CALLERS = 20


def at_once(app: App, decisions: list[Any]) -> tuple[list[Json], list[Conflict]]:
    """All decisions at the same moment, each on a thread of its own: what they answered, what was refused."""
    start = threading.Barrier(len(decisions))

    def decide(decision: Any) -> Json | Conflict:
        start.wait()
        try:
            answer: Json = decision(app)
        except Conflict as conflict:
            return conflict
        return answer

    with ThreadPoolExecutor(len(decisions)) as pool:
        results = list(pool.map(decide, decisions))
    return (
        [result for result in results if not isinstance(result, Conflict)],
        [result for result in results if isinstance(result, Conflict)],
    )


def test_of_twenty_approvals_at_once_one_executes(world: World) -> None:
    action_id = waiting(world)
    answers, refused = at_once(
        world.app, [lambda app, n=n: approve(app, action_id, f"captain-{n}", None) for n in range(CALLERS)]
    )
    assert [answer["status"] for answer in answers] == ["executed"]
    assert len(refused) == CALLERS - 1
    assert {conflict.detail["state"] for conflict in refused} <= {"executing", "executed"}
    assert (len(world.writer.sent), len(world.github.posted)) == (1, 1)
    assert chains(world, "approve") == [["approval.granted", "action.intended", "action.executed"]]


def test_of_approvals_and_rejections_at_once_one_decides(world: World) -> None:
    action_id = waiting(world)
    answers, refused = at_once(
        world.app,
        [
            *[lambda app: approve(app, action_id, "captain", None)] * (CALLERS // 2),
            *[lambda app: reject(app, action_id, "captain", "no")] * (CALLERS // 2),
        ],
    )
    assert (len(answers), len(refused)) == (1, CALLERS - 1)
    posted = 1 if answers[0]["status"] == "executed" else 0
    assert (len(world.writer.sent), len(world.github.posted)) == (posted, posted)
    assert stored(world, action_id).state == answers[0]["status"]


def test_of_twenty_looks_at_a_comment_that_landed_none_sends(world: World) -> None:
    world.writer.outcomes = ["lost"]
    action_id = str(go(world)["actionId"])
    world.clock.forward(900)
    answers, refused = at_once(
        world.app, [lambda app: approve(app, action_id, "captain", None) for _ in range(CALLERS)]
    )
    assert {answer["status"] for answer in answers} == {"executed"}
    assert len(answers) + len(refused) == CALLERS
    assert (len(world.writer.sent), len(world.github.posted)) == (1, 1)
    assert chains(world, "look") == [["action.executed"]]
