"""An upgrade meets what 19a81eb left behind: its audit, its budget, and runs in the middle of their life."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from core.approvals.approve import approve
from core.audit import note
from core.audit.checkpoint import checkpoint
from core.audit.read import list_runs, read_run
from core.runs.arrow import dispatch, work
from core.types import Target, TaskRequest
from tests.support.audit_reading import exported
from tests.support.fakes import World, message
from tests.support.issues import triage_answer
from tests.support.older import left_behind, recorded
from verifier.dfg_verify import read_export, verify

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

DECIDED: Any = recorded("policy_10")
IN_FLIGHT: Any = recorded("in_flight_10")
CHAINS = frozenset(item["chain"]["S"] for item in DECIDED["tables"]["AUDIT_TABLE"])
RUNS: dict[str, str] = IN_FLIGHT["runs"]
FAR = IN_FLIGHT["now"] + 10**12


@pytest.fixture
def decided(dynamodb_client: DynamoDBClient, tables: dict[str, str]) -> World:
    """Thirteen runs that have ended, with an action in each state."""
    return left_behind(dynamodb_client, tables, DECIDED, later=600_000)


@pytest.fixture
def in_flight(dynamodb_client: DynamoDBClient, tables: dict[str, str]) -> World:
    """Runs that wait for a worker, or whose worker is dead since ten minutes."""
    return left_behind(dynamodb_client, tables, IN_FLIGHT, later=600_000, worker=True)


def plan(world: World, number: int) -> Any:
    request = TaskRequest("qa_plan", Target("pull_request", number), None, False, "ci", "api")
    return dispatch(world.app, request, wait_until=0, deadline=FAR)


# --- read and verified -------------------------------------------------------------------------


def test_every_run_is_listed_and_read_whole(decided: World) -> None:
    runs, more = list_runs(decided.app, limit=50, start=None)
    assert more is None
    assert {run["runId"] for run in runs} == CHAINS
    read = [read_run(decided.app, chain) for chain in CHAINS]
    assert all(run["chain"] == {"intact": True, "events": len(run["events"])} for run in read)
    assert sum({"prompt", "answer"} <= run["content"].keys() for run in read) == len(DECIDED["actions"])


def test_a_stranger_verifies_what_both_wrote_under_one_checkpoint(decided: World) -> None:
    approve(decided.app, DECIDED["actions"]["pending"], "captain", None)
    assert plan(decided, 55)["executed"] is True
    decided.clock.forward(301)
    checkpoint(decided.app, FAR)
    key = note.verifier_key(decided.app.settings.audit_origin, decided.app.signer().public_key)
    report = verify(read_export(exported(decided.app)), key, list(decided.published.values()))
    assert report.faults == []
    assert report.counts["chains"] == len(CHAINS) + 2  # an approval and a dispatch


# --- carried on --------------------------------------------------------------------------------


def test_what_was_spent_before_counts_for_an_hour(dynamodb_client: DynamoDBClient, tables: dict[str, str]) -> None:
    tight = left_behind(dynamodb_client, tables, DECIDED, later=600_000, MAX_COST_PER_WINDOW_USD="0.25")
    assert plan(tight, 55)["reason"] == "budget_exhausted"
    tight.clock.forward(3600)
    assert plan(tight, 55)["executed"] is True


def test_a_plan_that_stands_is_not_posted_again(decided: World) -> None:
    posted = [number for number, _ in decided.github.posted]
    assert plan(decided, posted[0])["reason"] == "comment_storm"
    assert decided.writer.sent == []


def test_a_run_that_asks_for_answers_of_another_form_ends_before_it_is_paid(in_flight: World) -> None:
    ended = work(in_flight.app, RUNS["accepted"], FAR)
    assert (ended["status"], ended["reason"]) == ("skipped", "older_version")
    assert "dispatch again" in ended["error"]["message"]
    assert in_flight.model.received == []
    assert not in_flight.app.ledger.charged(RUNS["accepted"])
    assert plan(in_flight, 42)["status"] == "accepted"  # the key is free again


def test_a_run_whose_answers_are_read_as_before_goes_on(in_flight: World) -> None:
    in_flight.model.replies.append(message(triage_answer()))
    ended = work(in_flight.app, RUNS["accepted triage"], FAR)
    assert (ended["status"], ended["state"]) == ("success", "pending")


def test_what_a_dead_worker_may_have_asked_stays_charged(in_flight: World) -> None:
    ended = work(in_flight.app, RUNS["asking"], FAR)
    assert (ended["status"], ended["reason"]) == ("skipped", "older_version")
    assert in_flight.model.received == []
    assert in_flight.app.ledger.charged(RUNS["asking"])


def test_what_a_dead_worker_posted_is_found_and_what_it_did_not_is_not_sent(in_flight: World) -> None:
    assert work(in_flight.app, RUNS["acting, landed"], FAR)["executed"] is True
    unknown = work(in_flight.app, RUNS["acting, not sent"], FAR)
    assert (unknown["executed"], unknown["state"]) == (False, "outcome_unknown")
    assert in_flight.writer.sent == []
