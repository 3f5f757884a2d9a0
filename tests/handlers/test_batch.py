"""POST /dispatch/triage for several issues: one run, one ceiling, each issue a run of its own."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.canonical import dollars
from core.config import TASK_LIMITS
from core.dispatcher import pricing
from core.dispatcher.pricing import Usage
from local.faults import Fault
from local.model import Order
from tests.handlers.conftest import MakeService
from tests.support.caller import Reply, error_of
from tests.support.fakes import TOKEN
from tests.support.issues import PHASE1, PHASE3, VAGUE, labels, put, statuses
from tests.support.records import only_refusal
from tests.support.service import Service

ROUTE = "/dispatch/triage"
FIVE = [1, 2, 3, 4, 5]
MODEL = TASK_LIMITS["triage"].model


def triage(service: Service, *numbers: int, **fields: Any) -> Reply:
    return service.api.post(ROUTE, {"issueNumbers": list(numbers), **fields})


def told(reply: Reply) -> dict[int, str]:
    """Issue → what its task came to."""
    return {task["target"]["number"]: task.get("state", task["status"]) for task in reply.body["tasks"]}


def charges(service: Service, reply: Reply) -> int:
    """What all tasks of the batch are charged in the end, by their chains: micro-dollars."""
    runs = [service.run(task["runId"])["events"] for task in reply.body["tasks"]]
    return sum(
        [event["data"]["charged"] for event in events if event["type"] == "charge.settled"][-1] for events in runs
    )


def with_five(service: Service) -> Service:
    for number in FIVE:
        put(service, number, "status:triage")
    return service


@pytest.fixture
def first(make_service: MakeService) -> Service:
    """Phase 1, with five issues to triage."""
    return with_five(make_service(**PHASE1))


def test_each_issue_is_a_run_of_its_own_and_one_chain_names_them(first: Service) -> None:
    reply = triage(first, 1, 2)
    body = reply.body
    assert (reply.status, body["status"]) == (200, "success")
    assert told(reply) == {1: "pending", 2: "pending"}
    whole = first.run(body["runId"])
    started, ended = (event["data"] for event in whole["events"])
    assert (started["kind"], started["taskType"], started["trigger"]) == ("batch", "triage", "api")
    assert started["targets"] == [{"type": "issue", "number": number} for number in (1, 2)]
    assert [task["runId"] for task in ended["tasks"]] == [task["runId"] for task in body["tasks"]]
    for task in body["tasks"]:
        assert [event["batch"] for event in first.events(task["runId"], "run.started")] == [body["runId"]]
    listed = {run["runId"]: run for run in first.api.get("/audit").body["runs"]}
    assert (listed[body["runId"]]["kind"], listed[body["runId"]]["status"]) == ("batch", "success")
    assert set(listed) == {body["runId"], *(task["runId"] for task in body["tasks"])}


def test_a_task_answers_as_it_would_alone(first: Service) -> None:
    [task] = triage(first, 1).body["tasks"]
    alone = first.api.post(ROUTE, {"issueNumber": 1}).body
    assert {**task, "status": "duplicate"} == {"target": {"type": "issue", "number": 1}, **alone}


def test_an_issue_that_is_named_twice_is_one_task(first: Service) -> None:
    assert told(triage(first, 1, 1, 2, 1)) == {1: "pending", 2: "pending"}
    assert first.asked() == 2


def test_more_than_a_run_may_hold_are_refused_before_anything_is_done(first: Service) -> None:
    put(first, 6, "status:triage")
    before = first.contents()
    reply = triage(first, *FIVE, 6)
    assert error_of(reply) == (400, "bad_request")
    assert "MAX_TASKS_PER_RUN" in reply.body["error"]["message"]
    only_refusal(before, first.contents())
    assert first.asked() == 0
    assert told(triage(first, *FIVE)) == dict.fromkeys(FIVE, "pending")


def test_a_deployment_may_hold_fewer(make_service: MakeService) -> None:
    service = make_service(MAX_TASKS_PER_RUN="1", **PHASE1)
    for number in (1, 2):
        put(service, number, "status:triage")
    assert error_of(triage(service, 1, 2)) == (400, "bad_request")
    assert told(triage(service, 1)) == {1: "pending"}


def test_one_that_cannot_be_begun_does_not_stop_the_others(make_service: MakeService) -> None:
    service = make_service(**PHASE3)
    put(service, 1, "status:triage")
    put(service, 2, "status:triage", state="closed")
    put(service, 4, "status:done")
    put(service, 5, "status:triage", body=VAGUE)
    reply = triage(service, *FIVE)
    assert (reply.status, reply.body["status"]) == (200, "success")
    assert told(reply) == {1: "executed", 2: "error", 3: "error", 4: "rejected", 5: "executed"}
    errors = {task["target"]["number"]: task["error"]["code"] for task in reply.body["tasks"] if "error" in task}
    assert errors == {2: "conflict", 3: "not_found", 4: "policy_rejected"}
    assert (statuses(service, 1), statuses(service, 4)) == ({"status:ready"}, {"status:done"})
    assert labels(service, 5) >= {"status:triage", "needs:pm"}
    [ended] = service.events(reply.body["runId"], "run.finished")
    assert {task["target"]["number"]: task["error"]["code"] for task in ended["tasks"] if "error" in task} == errors


def test_where_none_can_be_begun_the_answer_is_the_first_ones_error(first: Service) -> None:
    put(first, 8, state="closed")
    assert error_of(triage(first, 999, 8)) == (404, "not_found")
    assert error_of(triage(first, 8, 999)) == (409, "conflict")
    first.github.faults.order("issue", Fault(status=500), times=None)
    assert error_of(triage(first, 1, 2)) == (502, "github_unavailable")
    assert first.asked() == 0


def test_what_was_refused_is_told_before_what_could_not_be_begun(make_service: MakeService) -> None:
    service = make_service(**PHASE3)
    put(service, 1, "status:done")
    for numbers in ((999, 1), (1, 999)):
        reply = triage(service, *numbers)
        assert (reply.status, reply.body["status"], reply.body["error"]["code"]) == (422, "rejected", "policy_rejected")


def test_the_same_batch_again_is_a_duplicate(first: Service) -> None:
    before = triage(first, 1, 2).body
    again = triage(first, 1, 2)
    assert (again.status, again.body["status"]) == (200, "duplicate")
    assert [task["runId"] for task in again.body["tasks"]] == [task["runId"] for task in before["tasks"]]
    assert first.asked() == 2
    assert told(triage(first, 2, 3)) == {2: "pending", 3: "pending"}
    assert first.asked() == 3


def test_it_may_go_on_behind_the_answer(make_service: MakeService) -> None:
    service = make_service(late=True, **PHASE3)
    for number in (1, 2):
        put(service, number, "status:triage")
    reply = service.api.post(ROUTE, {"issueNumbers": [1, 2]}, prefer="respond-async")
    assert (reply.status, reply.body["status"]) == (202, "accepted")
    assert reply.headers["location"] == f"/audit/{reply.body['runId']}"
    assert told(reply) == {1: "accepted", 2: "accepted"}
    assert triage(service, 1, 2).status == 409
    service.deliver()
    assert (statuses(service, 1), statuses(service, 2)) == ({"status:ready"}, {"status:ready"})


def test_forcing_needs_the_right_to_approve(make_service: MakeService) -> None:
    secret = json.dumps({"ci": {"tokens": [TOKEN], "may": ["dispatch", "read"]}})
    service = make_service(secret=secret, **PHASE1)
    service.api = service.api.known_as(TOKEN)
    put(service, 1, "status:triage")
    assert error_of(triage(service, 1, force=True)) == (403, "forbidden")
    assert service.asked() == 0


# --- one ceiling for all ------------------------------------------------------------------------


def worst(service: Service) -> int:
    """What one attempt at a triage is charged before it is sent: micro-dollars."""
    put(service, 99, "status:triage")
    run = service.api.post(ROUTE, {"issueNumber": 99}).body["runId"]
    amount: int = service.events(run, "charge.requested")[0]["amount"]
    return amount


@pytest.mark.parametrize("attempts", [1, 2, 3])
def test_retries_of_all_tasks_stay_within_the_ceiling_of_the_one_run(
    make_service: MakeService, first: Service, attempts: int
) -> None:
    """A 5xx keeps its worst case charged: each task has room for as many attempts as fit into its share."""
    ceiling = 5 * attempts * worst(first) + 5
    service = with_five(make_service(COST_CEILING_PER_RUN_USD=dollars(ceiling), **PHASE1))
    asked = service.asked()
    service.model.order(Order(status=500), times=None)
    reply = triage(service, *FIVE)
    ended = [service.events(task["runId"], "run.finished")[0]["reason"] for task in reply.body["tasks"]]
    assert ended == ["model_error"] * 5
    assert service.asked() - asked == 5 * attempts
    assert ceiling - 5 - 5 * attempts <= charges(service, reply) <= ceiling


def test_usage_as_large_as_it_can_be_stays_within_the_ceiling(make_service: MakeService, first: Service) -> None:
    ceiling = 5 * worst(first)
    service = with_five(make_service(COST_CEILING_PER_RUN_USD=dollars(ceiling), **PHASE1))
    limits = TASK_LIMITS["triage"]
    service.model.order(Order(input_tokens=limits.input_tokens, output_tokens=limits.output_tokens), times=None)
    reply = triage(service, *FIVE)
    assert (reply.status, set(told(reply).values())) == (200, {"pending"})
    used = pricing.cost(MODEL, Usage(limits.input_tokens, limits.output_tokens))
    assert charges(service, reply) == 5 * used <= ceiling


def test_a_share_below_one_attempt_is_refused_before_anything_is_paid(
    make_service: MakeService, first: Service
) -> None:
    ceiling = 2 * worst(first)
    service = with_five(make_service(COST_CEILING_PER_RUN_USD=dollars(ceiling), **PHASE1))
    paid, asked = service.charged(), service.asked()
    reply = triage(service, 1, 2, 3)
    assert (reply.status, reply.body["status"], reply.body["reason"]) == (429, "skipped", "budget_exhausted")
    assert int(reply.headers["retry-after"]) > 0
    assert (service.charged(), service.asked()) == (paid, asked)
    assert told(triage(service, 1, 2)) == {1: "pending", 2: "pending"}
