"""Unknown outcomes, and what others do to comments meanwhile: edits around a marker, newer plans, late landings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from core.actions import states
from core.approvals.approve import approve, list_pending, reject
from core.approvals.reconcile import look_at_waiting
from core.audit.read import list_runs, read_run
from core.errors import Conflict
from tests.support.dispatching import FAR, go
from tests.support.fakes import World, make_world, pull_request
from tests.support.injection import at_call

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

SETTLED = 901
WEEK = 7 * 86_400


@pytest.fixture
def world(dynamodb_client: DynamoDBClient, tables: dict[str, str]) -> World:
    return make_world(dynamodb_client, tables)


def unanswered(world: World, outcome: str = "late") -> str:
    world.writer.outcomes = [outcome]
    result = go(world)
    assert result["state"] == "outcome_unknown"
    return str(result["actionId"])


def pushed(world: World, head: str = "b") -> str:
    """A plan of the next head, which is posted."""
    world.github.pulls[42] = pull_request(head_sha=head * 40)
    world.clock.forward(60)
    result = go(world)
    assert result["state"] == "executed"
    return str(result["actionId"])


def row(world: World, action_id: str) -> Any:
    item = world.app.store.get(world.app.settings.actions_table, {"id": action_id})
    assert item is not None
    return states.read(item)


def state(world: World, action_id: str) -> str:
    return str(row(world, action_id).state_at(world.clock.at))


def looks(world: World) -> dict[str, int]:
    return {name: count for name, count in look_at_waiting(world.app, FAR).items() if count}


def edited(world: World, change: str) -> None:
    """Somebody edits the last comment: `{}` stands for what was there."""
    number, comment = world.github.posted[-1]
    world.github.posted[-1] = (number, replace(comment, body=change.format(comment.body)))


@pytest.mark.parametrize("change", ["{}\n\nEdit: thanks!", "Edit: see below.\n\n{}", "{}\r\n\r\n- [x] done\r\n"])
def test_a_marker_counts_wherever_it_stands(world: World, change: str) -> None:
    action_id = unanswered(world, "lost")
    edited(world, change)
    world.clock.forward(SETTLED)
    assert approve(world.app, action_id, "captain", None)["status"] == "executed"
    assert len(world.github.posted) == 1


def test_the_schedule_ends_an_unknown_action_once_a_newer_one_is_posted(world: World) -> None:
    older = unanswered(world)
    newer = pushed(world)
    assert looks(world) == {"looked": 1, "superseded": 1}
    assert state(world, older) == "superseded"
    assert list_pending(world.app, limit=5, start=None)[0] == []
    [found] = [run for run in list_runs(world.app, limit=9, start=None)[0] if run["event"] == "action.superseded"]
    [event] = read_run(world.app, found["runId"])["events"]
    assert (event["data"]["actionId"], event["data"]["newer"]) == (older, newer)


def test_an_older_plan_is_never_sent_over_a_newer_one(world: World) -> None:
    older = unanswered(world)
    pushed(world)
    world.clock.forward(SETTLED)
    with pytest.raises(Conflict, match="newer comment") as refused:
        approve(world.app, older, "captain", None)
    assert refused.value.detail["state"] == "superseded"
    assert len(world.writer.sent) == 2
    for decide in (lambda: approve(world.app, older, "captain", None), lambda: reject(world.app, older, "captain", "")):
        with pytest.raises(Conflict) as refused:
            decide()
        assert refused.value.detail["state"] == "superseded"


def test_a_newer_plan_that_was_deleted_since_still_supersedes(world: World) -> None:
    older = unanswered(world)
    pushed(world)
    world.github.posted.clear()
    assert looks(world) == {"looked": 1, "superseded": 1}
    assert state(world, older) == "superseded"


def test_a_newer_plan_whose_answer_was_lost_too_supersedes_once_it_is_seen(world: World) -> None:
    older = unanswered(world)
    world.github.pulls[42] = pull_request(head_sha="b" * 40)
    world.clock.forward(60)
    newer = unanswered(world)
    assert looks(world) == {"looked": 2}
    world.writer.landing[1]()
    looks(world)
    assert (state(world, older), state(world, newer)) == ("superseded", "executed")


def test_an_older_plan_does_not_supersede_a_newer_one(world: World) -> None:
    pushed(world, "c")
    world.clock.forward(60)
    world.github.pulls[42] = pull_request()
    newer = unanswered(world)
    assert looks(world) == {"looked": 1}
    assert state(world, newer) == "outcome_unknown"


def test_what_is_on_github_already_is_executed_and_not_superseded(world: World) -> None:
    older = unanswered(world, "lost")
    pushed(world)
    assert looks(world) == {"looked": 1, "executed": 1}
    assert state(world, older) == "executed"


def test_a_superseded_comment_that_lands_after_all_is_told_once(world: World) -> None:
    older = unanswered(world)
    pushed(world)
    looks(world)
    assert looks(world) == {"looked": 1}
    world.writer.landing[0]()
    assert looks(world) == {"looked": 1, "landed": 1}
    assert looks(world) == {}
    assert (state(world, older), len(world.github.posted)) == ("superseded", 2)
    told = [run for run in list_runs(world.app, limit=20, start=None)[0] if run["event"] == "action.landed"]
    assert [run["actionId"] for run in told] == [older]


def test_of_two_looks_that_see_it_land_one_tells(world: World) -> None:
    unanswered(world)
    pushed(world)
    looks(world)
    world.writer.landing[0]()
    others: list[dict[str, int]] = []
    app = replace(world.app, github=at_call(1, world.app.github, lambda: others.append(looks(world))))
    assert look_at_waiting(app, FAR)["landed"] == 0
    assert others == [{"looked": 1, "landed": 1}]


def test_a_superseded_comment_is_looked_for_until_its_time_is_over(world: World) -> None:
    unanswered(world)
    pushed(world)
    looks(world)
    world.clock.forward(WEEK)
    assert looks(world) == {"looked": 1}
    assert looks(world) == {}


# --- how many comments a target gets --------------------------------------------------------------


def heads(world: World, letters: str) -> list[str]:
    """A dispatch for each head: the states that they end in."""
    ended = []
    for letter in letters:
        world.github.pulls[42] = pull_request(head_sha=letter * 40)
        world.clock.forward(60)
        ended.append(str(go(world)["state"]))
    return ended


def test_a_fourth_comment_of_a_kind_within_a_day_asks(world: World) -> None:
    assert heads(world, "abcd") == ["executed"] * 3 + ["pending"]
    [waiting], _ = list_pending(world.app, limit=5, start=None)
    assert waiting["policyReason"] == "3 comments of this kind were posted here within 24 hours"
    assert approve(world.app, waiting["id"], "captain", None)["status"] == "executed"
    assert len(world.github.posted) == 4
    world.clock.forward(86_400)
    assert heads(world, "ef") == ["executed"] * 2


def test_force_does_not_pass_the_daily_limit(world: World) -> None:
    heads(world, "abc")
    assert go(world, force=True)["state"] == "pending"


def test_what_was_refused_does_not_count_and_takes_nothing_from_the_record(world: World) -> None:
    world.writer.outcomes = ["executed", "failed", "executed", "failed", "executed"]
    assert heads(world, "abcdef") == ["executed", "failed", "executed", "failed", "executed", "pending"]


def test_what_was_refused_late_leaves_a_comment_that_came_after_it_on_record(world: World) -> None:
    heads(world, "a")

    def be_overtaken() -> None:
        world.writer.before = lambda: None
        assert go(world, force=True)["state"] == "executed"

    world.writer.before = be_overtaken
    world.writer.outcomes = ["executed", "failed"]
    assert heads(world, "b") == ["failed"]
    assert heads(world, "cd") == ["pending"] * 2


def test_what_may_have_been_posted_counts(world: World) -> None:
    world.writer.outcomes = ["lost", "late", "lost"]
    assert heads(world, "abcd") == ["outcome_unknown"] * 3 + ["pending"]


def test_the_captains_comments_count(world: World) -> None:
    world.writer.outcomes = ["failed"] * 3
    heads(world, "abc")
    for waiting in list_pending(world.app, limit=5, start=None)[0]:
        digest = None
        try:
            approve(world.app, waiting["id"], "captain", digest)
        except Conflict as moved:
            approve(world.app, waiting["id"], "captain", moved.detail["digest"])
    assert len(world.github.posted) == 3
    assert heads(world, "d") == ["pending"]
