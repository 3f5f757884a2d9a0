"""What a dispatch and an approval are about: head, base branch and diff of a pull request, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from core.approvals.approve import approve, list_pending, reject
from core.errors import Conflict
from core.store import Delete
from core.types import ChangedFile
from tests.support.dispatching import go
from tests.support.fakes import ASKS, World, make_world, message, pull_request

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


@pytest.fixture
def world(dynamodb_client: DynamoDBClient, tables: dict[str, str]) -> World:
    world = make_world(dynamodb_client, tables)
    world.github.pulls[42] = pull_request(base_ref="main")
    return world


def waiting(world: World) -> str:
    world.model.replies = [message(ASKS)]
    result = go(world)
    assert result["state"] == "pending"
    return str(result["actionId"])


def retargeted(world: World) -> None:
    world.github.pulls[42] = pull_request(base_ref="release/7")


def test_a_retargeted_pull_request_is_no_duplicate(world: World) -> None:
    assert go(world)["state"] == "executed"
    retargeted(world)
    assert go(world)["status"] == "success"


def test_another_diff_of_the_same_head_is_no_duplicate(world: World) -> None:
    waiting(world)
    files = (ChangedFile("dfg_api/pricing.py", "modified", 1, 1, "@@ -1 +1 @@\n-a\n+b\n"),)
    world.github.pulls[42] = pull_request(base_ref="main", files=files)
    assert go(world)["status"] == "success"


def test_an_approval_does_not_post_the_plan_for_another_base_branch(world: World) -> None:
    action_id = waiting(world)
    retargeted(world)
    with pytest.raises(Conflict, match=r"from aaaaaaaaaaaa for main to aaaaaaaaaaaa for release/7") as moved:
        approve(world.app, action_id, "captain", None)
    assert world.writer.sent == []
    assert approve(world.app, action_id, "captain", moved.value.detail["digest"])["status"] == "executed"


def test_a_plan_whose_base_branch_moves_while_it_is_drafted_waits(world: World) -> None:
    world.model.before = lambda: retargeted(world)
    assert go(world)["state"] == "pending"


def test_an_action_that_binds_to_the_head_alone_can_still_be_approved(world: World) -> None:
    """As an earlier version recorded it."""
    world.github.pulls[42] = pull_request()
    action_id = waiting(world)
    world.github.pulls[42] = pull_request(base_ref="main")
    assert approve(world.app, action_id, "captain", None)["status"] == "executed"


def test_such_an_action_does_not_pass_for_another_head(world: World) -> None:
    world.github.pulls[42] = pull_request()
    action_id = waiting(world)
    world.github.pulls[42] = pull_request(base_ref="main", head_sha="b" * 40)
    with pytest.raises(Conflict, match="has moved"):
        approve(world.app, action_id, "captain", None)


# --- what a duplicate tells -----------------------------------------------------------------------


def test_a_duplicate_tells_that_the_captain_approved_meanwhile(world: World) -> None:
    action_id = waiting(world)
    approve(world.app, action_id, "captain", None)
    again: Any = go(world)
    assert (again["status"], again["state"], again["executed"]) == ("duplicate", "executed", True)
    assert [one["state"] for one in again["actions"]] == ["executed"]


def test_a_duplicate_tells_that_a_refused_comment_is_posted_by_now(world: World) -> None:
    world.writer.outcomes = ["failed"]
    first = go(world)
    assert first["detail"]
    approve(world.app, first["actionId"], "captain", None)
    again = go(world)
    assert (again["state"], "detail" in again) == ("executed", False)


def test_a_duplicate_tells_that_nobody_approved_in_time(
    dynamodb_client: DynamoDBClient, tables: dict[str, str]
) -> None:
    world = make_world(dynamodb_client, tables, APPROVAL_EXPIRY_DAYS="0.5")
    waiting(world)
    world.clock.forward(13 * 3600)
    again = go(world)
    assert (again["status"], again["state"]) == ("duplicate", "expired")


def test_what_the_captain_rejected_may_be_dispatched_again(world: World) -> None:
    first = waiting(world)
    reject(world.app, first, "captain", "too thin")
    again = go(world)
    assert (again["status"], again["state"]) == ("success", "executed")
    assert again["actionId"] != first
    assert go(world)["status"] == "duplicate"


def test_of_two_dispatches_after_a_rejection_one_runs(world: World) -> None:
    reject(world.app, waiting(world), "captain", "")
    during: list[Any] = []
    world.model.before = lambda: during.append(go(world)) if not during else None
    assert go(world)["state"] == "executed"
    assert [one["status"] for one in during] == ["in_progress"]
    assert list_pending(world.app, limit=5, start=None)[0] == []


def test_a_duplicate_whose_action_is_gone_tells_what_the_run_ended_with(world: World) -> None:
    action_id = waiting(world)
    world.app.store.transact([Delete(world.app.settings.actions_table, {"id": action_id})])
    assert go(world)["state"] == "pending"
