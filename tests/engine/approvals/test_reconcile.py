"""The scheduled look, on the real engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from core.actions import states
from core.approvals.approve import approve, list_pending, reject
from core.approvals.reconcile import look_at_waiting
from core.audit.read import list_runs
from core.errors import Conflict, PreconditionFailed, UpstreamUnavailable
from tests.support.dispatching import FAR, go
from tests.support.fakes import ASKS, World, make_world, message, pull_request

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


@pytest.fixture
def world(dynamodb_client: DynamoDBClient, tables: dict[str, str]) -> World:
    return make_world(dynamodb_client, tables)


def state(world: World, action_id: str) -> str:
    item = world.app.store.get(world.app.settings.actions_table, {"id": action_id})
    assert item is not None
    return states.read(item).state_at(world.clock.at)


def unanswered(world: World, outcome: str) -> str:
    world.writer.outcomes = [outcome]
    return str(go(world)["actionId"])


def waiting(world: World) -> str:
    world.model.replies = [message(ASKS)]
    return str(go(world)["actionId"])


def test_a_comment_that_landed_is_found_and_nothing_is_sent(world: World) -> None:
    action_id = unanswered(world, "lost")
    assert look_at_waiting(world.app, FAR)["executed"] == 1
    assert state(world, action_id) == "executed"
    assert len(world.writer.sent) == 1
    assert list_pending(world.app, limit=10, start=None)[0] == []


def test_a_comment_that_is_not_there_proves_nothing_and_may_land_later(world: World) -> None:
    action_id = unanswered(world, "late")
    world.clock.forward(86_400)
    assert {name: count for name, count in look_at_waiting(world.app, FAR).items() if count} == {"looked": 1}
    assert state(world, action_id) == "outcome_unknown"
    world.writer.landing[0]()
    assert look_at_waiting(world.app, FAR)["executed"] == 1
    assert (len(world.writer.sent), len(world.github.posted)) == (1, 1)


def test_anothers_comment_with_our_marker_does_not_count(world: World) -> None:
    from core.types import Comment

    action_id = unanswered(world, "late")
    world.writer.landing[0]()
    [(number, comment)] = world.github.posted
    world.github.posted = [(number, Comment("stranger", comment.body, comment.created_at))]
    look_at_waiting(world.app, FAR)
    assert state(world, action_id) == "outcome_unknown"


def test_without_an_author_no_marker_counts(dynamodb_client: DynamoDBClient, tables: dict[str, str]) -> None:
    world = make_world(dynamodb_client, tables, COMMENT_AUTHOR="")
    action_id = unanswered(world, "lost")
    look_at_waiting(world.app, FAR)
    assert state(world, action_id) == "outcome_unknown"
    with pytest.raises(Conflict, match="COMMENT_AUTHOR"):
        approve(world.app, action_id, "captain", None)


def test_unreadable_github_leaves_everything_as_it_is(world: World) -> None:
    action_id = unanswered(world, "lost")
    world.github.reading = UpstreamUnavailable("GitHub answered 500")
    assert look_at_waiting(world.app, FAR)["executed"] == 0
    assert state(world, action_id) == "outcome_unknown"


def test_an_approval_nobody_gave_lapses(world: World) -> None:
    action_id = waiting(world)
    world.clock.forward(7 * 86_400 - 1)
    assert look_at_waiting(world.app, FAR)["expired"] == 0
    world.clock.forward(1)
    assert list_pending(world.app, limit=10, start=None)[0] == []
    assert look_at_waiting(world.app, FAR)["expired"] == 1
    assert state(world, action_id) == "expired"


def test_a_look_ends_with_its_time(world: World) -> None:
    unanswered(world, "lost")
    assert look_at_waiting(world.app, world.clock.at)["looked"] == 0


def test_each_finding_is_on_record(world: World) -> None:
    action_id = unanswered(world, "lost")
    look_at_waiting(world.app, FAR)
    runs, _ = list_runs(world.app, limit=10, start=None)
    [found] = [run for run in runs if run["kind"] == "look"]
    assert (found["event"], found["actionId"], found["principal"]) == ("action.executed", action_id, "schedule")


# --- the binding of an approval ------------------------------------------------------------------


def moved(world: World) -> None:
    world.github.pulls[42] = pull_request(head_sha="b" * 40)


def test_a_pull_request_that_moved_between_look_and_click_posts_nothing(world: World) -> None:
    action_id = waiting(world)
    [shown], _ = list_pending(world.app, limit=10, start=None)
    moved(world)
    for if_match in (None, shown["digest"]):
        with pytest.raises(Conflict, match="has moved") as refused:
            approve(world.app, action_id, "captain", if_match)
    assert world.writer.sent == []
    fresh = refused.value.detail["digest"]
    assert fresh != shown["digest"]
    assert approve(world.app, action_id, "captain", fresh)["status"] == "executed"
    assert "aaaaaaaaaaaa" in world.github.posted[0][1].body


def test_another_digest_than_the_recorded_one_posts_nothing(world: World) -> None:
    action_id = waiting(world)
    with pytest.raises(PreconditionFailed) as refused:
        approve(world.app, action_id, "captain", "f" * 64)
    assert refused.value.detail["state"] == "pending"
    assert world.writer.sent == []


def test_a_closed_pull_request_ends_the_action(world: World) -> None:
    action_id = waiting(world)
    world.github.pulls[42] = pull_request(state="closed")
    with pytest.raises(Conflict, match="closed"):
        approve(world.app, action_id, "captain", None)
    assert state(world, action_id) == "expired"
    assert world.writer.sent == []


def test_a_plan_whose_target_moved_while_it_was_drafted_waits_for_the_captain(world: World) -> None:
    world.model.before = lambda: moved(world)
    result = go(world)
    assert (result["state"], result["classification"]) == ("pending", "requires_approval")
    assert "has moved" in result["policyReason"]
    assert world.writer.sent == []


def test_unreadable_github_at_the_last_moment_leaves_it_to_the_captain(world: World) -> None:
    def vanish() -> None:
        world.github.reading = UpstreamUnavailable("GitHub answered 500")

    world.model.before = vanish
    result: Any = go(world)
    assert result["state"] == "pending"
    with pytest.raises(UpstreamUnavailable):
        approve(world.app, result["actionId"], "captain", None)
    assert world.writer.sent == []


def test_an_unknown_outcome_stays_in_the_queue_whatever_its_age(world: World) -> None:
    action_id = unanswered(world, "late")
    world.clock.forward(30 * 86_400)
    [shown], _ = list_pending(world.app, limit=10, start=None)
    assert (shown["id"], shown["state"]) == (action_id, "outcome_unknown")


def test_a_dead_attempt_can_be_rejected(world: World) -> None:
    class Died(BaseException):
        pass

    def die() -> None:
        raise Died

    action_id = waiting(world)
    world.writer.before = die
    with pytest.raises(Died):
        approve(world.app, action_id, "captain", None)
    world.clock.forward(60)
    assert reject(world.app, action_id, "captain", "enough")["status"] == "rejected"
    assert state(world, action_id) == "rejected"
