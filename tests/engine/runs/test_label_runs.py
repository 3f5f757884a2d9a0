"""Runs with several actions, and label changes, on the real engine."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from core import bootstrap
from core.approvals.approve import approve
from core.approvals.reconcile import look_at_waiting
from core.audit.read import read_run
from core.context import team
from core.errors import Conflict, PhaseForbids, PreconditionFailed
from core.runs.arrow import work
from core.runs.queue import run_queue
from core.types import Effect, Json
from tests.support.fakes import World, make_world, message
from tests.support.label_runs import ISSUE, PHASE3, READY, UNCLEAR, a_world, issue, stored, triage

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

STATUSES = team.load().taxonomy.exclusive["status"]


@pytest.fixture
def client(dynamodb_client: DynamoDBClient) -> DynamoDBClient:
    return dynamodb_client


def labels(world: World, number: int = ISSUE) -> set[str]:
    return set(world.github.known[number].labels)


def kinds(world: World, run_id: str) -> list[str]:
    told = read_run(world.app, run_id)
    assert told["chain"]["intact"]
    return [event["type"] for event in told["events"]]


def test_before_phase3_a_label_change_waits_with_the_exact_sets(client: DynamoDBClient, tables: dict[str, str]) -> None:
    world = a_world(client, tables, READY, "status:triage", "prio:P3", "good first issue")
    result = triage(world)
    assert (result["state"], result["classification"], result["executed"]) == ("pending", "requires_approval", False)
    [action] = result["actions"]
    assert action["actionType"] == "change_labels"
    assert sorted(action["add"]) == ["component:dfg-api", "prio:P1", "sprint:n", "status:ready"]
    assert sorted(action["remove"]) == ["prio:P3", "status:triage"]
    assert labels(world) == {"status:triage", "prio:P3", "good first issue"}
    assert approve(world.app, result["actionId"], "captain", None)["status"] == "executed"
    assert labels(world) == {"good first issue", "component:dfg-api", "prio:P1", "sprint:n", "status:ready"}


def test_questions_are_asked_while_the_labels_wait(client: DynamoDBClient, tables: dict[str, str]) -> None:
    world = a_world(client, tables, UNCLEAR, "status:triage")
    result = triage(world)
    assert [(a["actionType"], a["state"]) for a in result["actions"]] == [
        ("change_labels", "pending"),
        ("add_comment", "executed"),
    ]
    assert "hich listings are meant?" in world.github.comments(ISSUE)[0].body
    assert [k for k in kinds(world, result["runId"]) if k.startswith("action.")] == [
        "action.proposed",
        "action.intended",
        "action.executed",
    ]


def test_in_phase3_labels_and_questions_are_carried_out_one_after_the_other(
    client: DynamoDBClient, tables: dict[str, str]
) -> None:
    world = a_world(client, tables, UNCLEAR, "status:triage", **PHASE3)
    result = triage(world)
    assert [(a["actionType"], a["state"]) for a in result["actions"]] == [
        ("change_labels", "executed"),
        ("add_comment", "executed"),
    ]
    assert labels(world) == {"status:triage", "prio:P1", "sprint:n", "component:dfg-api", "needs:pm"}
    assert [k for k in kinds(world, result["runId"]) if k.startswith("action.")] == [
        "action.proposed",
        "action.intended",
        "action.executed",
        "action.intended",
        "action.executed",
    ]


def test_nothing_to_change_is_an_end_of_its_own(client: DynamoDBClient, tables: dict[str, str]) -> None:
    world = a_world(client, tables, READY, "status:ready", "prio:P1", "sprint:n", "component:dfg-api")
    result = triage(world)
    assert (result["status"], result["state"], result["actions"]) == ("success", "nothing_to_do", [])
    assert triage(world)["status"] == "duplicate"


def test_an_invalid_transition_is_rejected_whole(client: DynamoDBClient, tables: dict[str, str]) -> None:
    world = a_world(client, tables, READY, "status:done", **PHASE3)
    result = triage(world)
    assert (result["status"], result["checks"][0]["rule"]) == ("rejected", "label.transition")
    assert labels(world) == {"status:done"}


def test_labels_that_moved_ask_for_another_digest(client: DynamoDBClient, tables: dict[str, str]) -> None:
    world = a_world(client, tables, READY, "status:triage")
    action_id = triage(world)["actionId"]
    world.github.relabel(ISSUE, ["needs:qa"], [])  # of no group that the change touches
    world.github.relabel(ISSUE, ["prio:P0"], [])
    with pytest.raises(Conflict, match="have changed since") as moved:
        approve(world.app, action_id, "captain", None)
    with pytest.raises(PreconditionFailed):
        approve(world.app, action_id, "captain", "0" * 64)
    with pytest.raises(Conflict, match="more than one priority"):
        approve(world.app, action_id, "captain", moved.value.detail["digest"])
    assert labels(world) == {"status:triage", "needs:qa", "prio:P0"}


def test_a_label_of_no_touched_group_does_not_matter(client: DynamoDBClient, tables: dict[str, str]) -> None:
    world = a_world(client, tables, READY, "status:triage")
    action_id = triage(world)["actionId"]
    world.github.relabel(ISSUE, ["needs:qa"], [])
    assert approve(world.app, action_id, "captain", None)["status"] == "executed"


def test_a_demotion_stops_what_is_queued_and_a_promotion_frees_it(
    client: DynamoDBClient, tables: dict[str, str]
) -> None:
    world = a_world(client, tables, READY, "status:triage")
    action_id = triage(world)["actionId"]
    demoted = replace(world.app, settings=replace(world.app.settings, phase="phase0"))
    with pytest.raises(PhaseForbids):
        approve(demoted, action_id, "captain", None)
    assert stored(world, action_id).state == "pending"
    assert approve(world.app, action_id, "captain", None)["status"] == "executed"


def test_a_demotion_ends_a_run_that_waits_for_its_worker(client: DynamoDBClient, tables: dict[str, str]) -> None:
    world = make_world(client, tables, worker=True, PHASE="phase1")
    world.github.known[ISSUE] = issue("status:triage")
    run_id = triage(world)["runId"]
    demoted = replace(world.app, settings=replace(world.app.settings, phase="phase0"))
    result = work(demoted, run_id, world.clock.at + 900_000)
    assert (result["status"], result["reason"]) == ("skipped", "phase")
    assert world.model.received == []
    item = world.app.ledger.read()
    assert item is not None
    assert item["charges"] == {}
    world.model.replies = [message(READY)]
    assert triage(replace(world, app=replace(world.app, start_worker=None)))["state"] == "pending"


def test_while_an_attempt_may_still_land_nobody_else_changes_the_labels(
    client: DynamoDBClient, tables: dict[str, str]
) -> None:
    world = a_world(client, tables, READY, "status:triage", **PHASE3)
    world.writer.outcomes = ["late"]
    assert triage(world)["state"] == "outcome_unknown"
    world.model.replies = [message({**READY, "priority": "P0"})]
    second = triage(world, force=True)
    assert (second["state"], second["policyReason"]) == (
        "pending",
        "the labels of this issue are being changed by another attempt",
    )
    with pytest.raises(Conflict, match="being changed by another attempt"):
        approve(world.app, second["actionId"], "captain", None)
    world.writer.landing.pop()()
    world.clock.forward(901)
    with pytest.raises(Conflict, match="have changed since"):
        approve(world.app, second["actionId"], "captain", None)
    assert len(labels(world) & STATUSES) == 1


def test_a_look_finds_labels_that_landed_late(client: DynamoDBClient, tables: dict[str, str]) -> None:
    world = a_world(client, tables, READY, "status:triage", **PHASE3)
    world.writer.outcomes = ["late"]
    action_id = triage(world)["actionId"]
    assert look_at_waiting(world.app, world.clock.at + 60_000)["executed"] == 0
    world.writer.landing.pop()()
    assert look_at_waiting(world.app, world.clock.at + 60_000)["executed"] == 1
    assert stored(world, action_id).state == "executed"


def test_labels_left_half_changed_are_completed_by_the_captain(client: DynamoDBClient, tables: dict[str, str]) -> None:
    world = a_world(client, tables, READY, "status:triage", **PHASE3)
    world.writer.outcomes = ["nothing known"]
    action_id = triage(world)["actionId"]
    world.github.relabel(ISSUE, [], ["status:triage"])  # what the lost attempt did before it stopped
    with pytest.raises(Conflict, match="may still land"):
        approve(world.app, action_id, "captain", None)
    world.clock.forward(901)
    assert approve(world.app, action_id, "captain", None)["status"] == "executed"
    assert labels(world) & STATUSES == {"status:ready"}


def test_the_sender_dies_between_two_actions(client: DynamoDBClient, tables: dict[str, str]) -> None:
    world = a_world(client, tables, UNCLEAR, "status:triage", **PHASE3)
    started: list[Json] = []
    app = replace(world.app, start_worker=started.append)
    run_id = triage(replace(world, app=app))["runId"]

    class Killed(BaseException):
        pass

    class Dying:
        name = "fake"

        def write(self, action: Any) -> Effect:
            if action.type == "add_comment":
                raise Killed
            return world.writer.write(action)

    with pytest.raises(Killed):
        work(replace(app, writer=Dying), run_id, world.clock.at + 900_000)
    world.clock.forward(1_200)
    result = work(app, run_id, world.clock.at + 900_000)
    assert [(a["actionType"], a["state"]) for a in result["actions"]] == [
        ("change_labels", "executed"),
        ("add_comment", "outcome_unknown"),
    ]
    assert kinds(world, run_id)[-2:] == ["action.outcome_unknown", "run.finished"]
    assert world.github.comments(ISSUE) == ()
    assert len(world.model.received) == 1


@pytest.mark.parametrize("_", range(5))
def test_two_runs_at_once_never_leave_two_statuses(client: DynamoDBClient, tables: dict[str, str], _: int) -> None:
    world = a_world(client, tables, READY, "status:blocked", **PHASE3)
    world = replace(world, app=replace(world.app, together=bootstrap.together))
    barrier = threading.Barrier(2)
    world.model.replies = [message(READY), message({**READY, "priority": "P0", "sprint": "next"})]
    world.model.before = lambda: barrier.wait(10) and None

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda _: triage(world, force=True), range(2)))
    world.model.before = lambda: None
    after = labels(world)
    for group in world.app.team.taxonomy.exclusive.values():
        assert len(after & group) == 1, after
    assert "executed" in {result["state"] for result in results}


def test_a_request_left_unanswered_keeps_the_lease_though_the_labels_are_as_wanted(
    client: DynamoDBClient, tables: dict[str, str]
) -> None:
    world = a_world(client, tables, READY, "status:triage", **PHASE3)

    class Lingering:
        name = "fake"

        def write(self, action: Any) -> Effect:
            return replace(world.writer.write(action), lingers=True)

    app = replace(world.app, writer=Lingering)
    assert triage(replace(world, app=app))["state"] == "executed"
    world.model.replies = [message({**READY, "priority": "P0"})]
    assert triage(world, force=True)["state"] == "pending"
    world.clock.forward(901)
    world.model.replies = [message({**READY, "priority": "P0"})]
    assert triage(world, force=True)["state"] == "executed"


def test_a_schedule_does_not_ask_the_same_questions_every_day(client: DynamoDBClient, tables: dict[str, str]) -> None:
    world = a_world(client, tables, UNCLEAR, "status:triage", **PHASE3)
    world.model.replies *= 2
    for day, asked in ((22, 1), (24, 1), (26, 2)):
        if day == 26:  # somebody has answered
            world.github.relabel(ISSUE, [], ["needs:pm"])
        told = run_queue(world.app, "triage", f"2026-11-{day}T06:00:00Z", world.clock.at + 60_000)
        assert len(world.github.comments(ISSUE)) == asked
        if day == 24:
            assert told["skipped"] == [{"issue": ISSUE, "why": "its questions are open: it carries needs:pm"}]
        world.clock.forward(2 * 86_400)
