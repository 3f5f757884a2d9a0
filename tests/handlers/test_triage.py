"""POST /dispatch/triage for one issue: what it answers, what it changes on GitHub, what it records and pays."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from handlers import worker
from local.faults import Fault
from local.function import new_context
from local.model import Order
from tests.handlers.conftest import MakeService
from tests.support.caller import Reply, error_of
from tests.support.fakes import TOKEN
from tests.support.issues import (
    ASKS,
    PHASE1,
    PHASE2,
    PHASE3,
    READY,
    REFUSED,
    TEXT,
    labels,
    put,
    statuses,
    triage_answer,
)
from tests.support.records import only_refusal
from tests.support.service import Service

ROUTE = "/dispatch/triage"
ISSUE = 7
BEFORE = {"status:triage", "prio:P3", "good first issue"}
AFTER = {"status:ready", "prio:P1", "sprint:n", "component:dfg-api", "good first issue"}
ADDED = ["component:dfg-api", "prio:P1", "sprint:n", "status:ready"]
REMOVED = ["prio:P3", "status:triage"]


def triage(service: Service, number: int = ISSUE, **fields: Any) -> Reply:
    return service.api.post(ROUTE, {"issueNumber": number, **fields})


def kinds(service: Service, run_id: str) -> list[str]:
    return [event["type"] for event in service.run(run_id)["events"]]


@pytest.fixture
def first(make_service: MakeService) -> Service:
    """Phase 1, with an issue to triage."""
    service = make_service(**PHASE1)
    put(service, ISSUE, *sorted(BEFORE))
    return service


@pytest.fixture
def third(make_service: MakeService) -> Service:
    """Phase 3, with an issue to triage."""
    service = make_service(**PHASE3)
    put(service, ISSUE, *sorted(BEFORE))
    return service


# --- what the phases allow ----------------------------------------------------------------------


def test_phase0_refuses_it_and_says_so_in_the_audit(service: Service) -> None:
    put(service, ISSUE, "status:triage")
    before = service.contents()
    reply = triage(service)
    assert error_of(reply) == (403, "phase")
    refusal = only_refusal(before, service.contents())
    assert (refusal["code"], refusal["route"]) == ("phase", "POST /dispatch/triage")
    assert service.asked() == 0


def test_unconfirmed_prerequisites_refuse_it(make_service: MakeService) -> None:
    service = make_service(PHASE="phase3", PRE_006_CI_GATING="confirmed")
    put(service, ISSUE, "status:triage")
    assert error_of(triage(service)) == (403, "phase")


@pytest.mark.parametrize("phase", [PHASE1, PHASE2])
def test_before_phase3_the_labels_wait_with_the_exact_sets_and_approving_applies_them(
    make_service: MakeService, phase: dict[str, str]
) -> None:
    service = make_service(**phase)
    put(service, ISSUE, *sorted(BEFORE))
    service.model.order(READY)
    reply = triage(service)
    body = reply.body
    assert (reply.status, body["status"], body["state"], body["executed"]) == (200, "success", "pending", False)
    [action] = body["actions"]
    assert (action["actionType"], action["target"]) == ("change_labels", {"type": "issue", "number": ISSUE})
    assert (action["classification"], action["state"]) == ("requires_approval", "pending")
    assert (sorted(action["add"]), sorted(action["remove"])) == (ADDED, REMOVED)
    assert labels(service, ISSUE) == BEFORE

    [waiting] = service.api.get("/pending?taskType=triage").body["actions"]
    assert (waiting["id"], waiting["digest"]) == (body["actionId"], body["digest"])
    assert sorted(waiting["payload"]["before"]) == sorted(BEFORE)
    assert (sorted(waiting["payload"]["add"]), sorted(waiting["payload"]["remove"])) == (ADDED, REMOVED)

    approved = service.api.post(f"/approve/{body['actionId']}", if_match=f'"{body["digest"]}"')
    assert (approved.status, approved.body["status"], approved.body["actionType"]) == (200, "executed", "change_labels")
    assert labels(service, ISSUE) == AFTER
    assert service.api.get("/pending").body["count"] == 0


def test_in_phase3_the_labels_are_applied_at_once(third: Service) -> None:
    third.model.order(READY)
    body = triage(third).body
    assert (body["state"], body["executed"], body["classification"]) == ("executed", True, "auto_safe")
    assert labels(third, ISSUE) == AFTER
    assert [kind for kind in kinds(third, body["runId"]) if kind.startswith("action.")] == [
        "action.intended",
        "action.executed",
    ]


def test_a_question_is_asked_while_the_labels_wait(first: Service) -> None:
    first.model.order(ASKS)
    body = triage(first).body
    assert [(a["actionType"], a["state"]) for a in body["actions"]] == [
        ("change_labels", "pending"),
        ("add_comment", "executed"),
    ]
    assert (body["state"], body["classification"]) == ("pending", "requires_approval")
    [comment] = first.comments(ISSUE)
    assert "hich listings are meant?" in comment
    assert comment.startswith(body["actions"][1]["preview"])
    assert comment.endswith(f"<!-- dfg-orchestrator action={body['actions'][1]['actionId']} -->")
    assert labels(first, ISSUE) == BEFORE


def test_in_phase3_labels_and_question_are_carried_out_one_after_the_other(third: Service) -> None:
    third.model.order(ASKS)
    body = triage(third).body
    assert [action["state"] for action in body["actions"]] == ["executed", "executed"]
    assert labels(third, ISSUE) == {
        "status:triage",
        "prio:P1",
        "sprint:n",
        "component:dfg-api",
        "needs:pm",
        "good first issue",
    }
    assert len(third.comments(ISSUE)) == 1


def test_a_doubt_about_the_question_holds_the_labels_back_too(third: Service) -> None:
    third.model.order(Order(text=triage_answer(ready_for_dev=False, questions=["Is it https://else.example.org/x?"])))
    body = triage(third).body
    assert {action["state"] for action in body["actions"]} == {"pending"}
    assert (labels(third, ISSUE), third.comments(ISSUE)) == (BEFORE, [])


def test_a_phase_that_was_taken_back_refuses_what_waits(first: Service, make_service: MakeService) -> None:
    first.model.order(READY)
    waiting = triage(first).body["actionId"]
    earlier = make_service(PHASE="phase0")
    assert error_of(earlier.api.post(f"/approve/{waiting}")) == (403, "phase")
    assert labels(first, ISSUE) == BEFORE
    assert earlier.api.post(f"/reject/{waiting}").status == 200


# --- what is answered without a change ----------------------------------------------------------


def test_nothing_to_change_is_an_end_of_its_own(third: Service) -> None:
    put(third, ISSUE, *sorted(AFTER))
    third.model.order(READY)
    reply = triage(third)
    assert (reply.status, reply.body["state"], reply.body["actions"]) == (200, "nothing_to_do", [])
    assert (reply.body["executed"], reply.body["classification"]) == (False, "auto_safe")
    assert "actionId" not in reply.body
    assert labels(third, ISSUE) == AFTER
    [run] = third.api.get("/audit").body["runs"]
    assert run["status"] == "success"


def test_the_same_text_again_is_a_duplicate_and_another_text_is_not(first: Service) -> None:
    before = triage(first).body
    again = triage(first)
    assert (again.status, again.body) == (200, {**before, "status": "duplicate"})
    assert first.asked() == 1
    put(first, ISSUE, "status:triage", body=f"{TEXT} Since Monday.")
    assert triage(first).body["status"] == "success"
    assert first.asked() == 2


def test_force_needs_the_right_to_approve_and_is_on_record(make_service: MakeService) -> None:
    secret = json.dumps(
        {
            "captain": {"tokens": [TOKEN], "may": ["dispatch", "read", "approve"]},
            "ci": {"tokens": ["ci-token-for-tests-0123456789"], "may": ["dispatch"]},
        }
    )
    service = make_service(secret=secret, **PHASE1)
    captain = service.api.known_as(TOKEN)
    service.api = captain
    put(service, ISSUE, "status:triage")
    triage(service)
    ci = captain.known_as("ci-token-for-tests-0123456789")
    assert error_of(ci.post(ROUTE, {"issueNumber": ISSUE, "force": True})) == (403, "forbidden")
    forced = triage(service, force=True).body
    assert forced["status"] == "success"
    [started] = service.events(forced["runId"], "run.started")
    assert (started["force"], started["trigger"], started["target"]) == (
        True,
        "api",
        {"type": "issue", "number": ISSUE},
    )


def test_an_impossible_step_of_the_workflow_is_refused_whole(third: Service) -> None:
    put(third, ISSUE, "status:done")
    third.model.order(READY)
    reply = triage(third)
    assert (reply.status, reply.body["status"]) == (422, "rejected")
    assert "label.transition" in [check["rule"] for check in reply.body["checks"]]
    assert labels(third, ISSUE) == {"status:done"}
    assert third.api.get("/pending").body["count"] == 0


def test_a_component_that_the_team_does_not_have_is_refused(third: Service) -> None:
    third.model.order(REFUSED)
    reply = triage(third)
    assert (reply.status, [check["rule"] for check in reply.body["checks"]]) == (422, ["triage.component"])
    assert labels(third, ISSUE) == BEFORE


def test_what_is_no_open_issue_is_told_before_anything_is_paid(first: Service) -> None:
    before = first.contents()
    assert error_of(triage(first, 999)) == (404, "not_found")
    assert error_of(triage(first, 42)) == (404, "not_found")  # a pull request
    put(first, 8, state="closed")
    assert error_of(triage(first, 8)) == (409, "conflict")
    first.github.faults.order("issue", Fault(status=500), times=None)
    assert error_of(triage(first)) == (502, "github_unavailable")
    after = first.contents()
    assert {table for table in after if after[table] != before[table]} == {"AUDIT_TABLE"}
    assert first.charged() == "0.000000"


def test_a_spent_window_an_open_breaker_and_a_failing_model(make_service: MakeService) -> None:
    service = make_service(MAX_TASKS_PER_WINDOW="6", **PHASE1)
    for number in range(1, 9):
        put(service, number, "status:triage")
    service.model.order(Order(status=401), times=5)
    for number in range(1, 6):
        reply = triage(service, number)
        assert (reply.status, reply.body["reason"]) == (502, "model_error")
    reply = triage(service, 6)
    assert (reply.status, reply.body["reason"]) == (503, "circuit_open")
    assert service.api.post("/circuit/reset").status == 200
    assert triage(service, 7).status == 200
    reply = triage(service, 8)
    assert (reply.status, reply.body["reason"]) == (429, "task_limit")
    assert int(reply.headers["retry-after"]) > 0


def test_it_may_go_on_behind_the_answer(make_service: MakeService) -> None:
    service = make_service(late=True, **PHASE3)
    put(service, ISSUE, "status:triage")
    reply = service.api.post(ROUTE, {"issueNumber": ISSUE}, prefer="respond-async")
    assert (reply.status, reply.headers["location"]) == (202, f"/audit/{reply.body['runId']}")
    assert triage(service).status == 409
    service.deliver()
    assert statuses(service, ISSUE) == {"status:ready"}
    assert triage(service).body["status"] == "duplicate"


def test_shadow_mode_tells_what_would_be_sent(make_service: MakeService) -> None:
    service = make_service(SHADOW_MODE="on", **PHASE3)
    put(service, ISSUE, *sorted(BEFORE))
    service.model.order(READY)
    body = triage(service).body
    assert (body["state"], body["executed"]) == ("shadowed", False)
    assert sorted(body["wouldSend"]["add"]) == ADDED
    assert labels(service, ISSUE) == BEFORE


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"issueNumber": "7"},
        {"issueNumber": 0},
        {"issueNumber": None},
        {"issueNumber": 7, "issueNumbers": [8]},
        {"issueNumber": 7, "labels": ["status:ready"]},
        {"issueNumbers": []},
        {"issueNumbers": [7, "8"]},
        {"issueNumbers": 7},
        {"issueNumbers": list(range(1, 22))},
        {"prNumber": 7},
    ],
    ids=json.dumps,
)
def test_a_wrong_body_is_refused_with_its_field(first: Service, body: dict[str, Any]) -> None:
    before = first.contents()
    reply = first.api.post(ROUTE, body)
    assert error_of(reply) == (400, "bad_request")
    assert any(name in reply.body["error"]["message"] for name in ("issueNumber", *body))
    only_refusal(before, first.contents())


# --- trouble on the way to GitHub ---------------------------------------------------------------


def test_a_definite_refusal_waits_and_costs_nothing_more(third: Service) -> None:
    third.model.order(READY)
    third.relay.faults.order("relay.labels", Fault(status=400, message="refused as told"), times=None)
    body = triage(third).body
    assert (body["state"], body["executed"]) == ("failed", False)
    assert labels(third, ISSUE) == BEFORE
    third.relay.faults.clear()
    assert third.api.post(f"/approve/{body['actionId']}").body["status"] == "executed"
    assert (labels(third, ISSUE), third.asked()) == (AFTER, 1)


def test_an_answer_that_was_lost_is_found_in_the_labels(third: Service) -> None:
    third.model.order(READY)
    third.relay.faults.order("relay.labels", Fault(lose_answer=True))
    body = triage(third).body
    assert body["state"] == "executed"
    assert labels(third, ISSUE) == AFTER


def test_a_relay_that_may_still_begin_is_waited_for(third: Service) -> None:
    third.model.order(READY)
    third.relay.faults.order("relay.labels.step", Fault(status=502))
    body = triage(third).body
    assert (body["state"], labels(third, ISSUE)) == ("outcome_unknown", BEFORE)
    assert error_of(third.api.post(f"/approve/{body['actionId']}")) == (409, "conflict")
    third.clock.forward(900)
    assert third.api.post(f"/approve/{body['actionId']}").body["status"] == "executed"
    assert labels(third, ISSUE) == AFTER


@pytest.mark.parametrize("step", [1, 2])
def test_a_relay_that_stops_half_way_leaves_the_wanted_labels(third: Service, step: int) -> None:
    """Two labels are removed, then all others added: it may stop between any two of these."""
    third.model.order(READY)
    for at in range(step + 1):
        third.relay.faults.order("relay.labels.step", Fault(status=502 if at == step else None))
    body = triage(third).body
    assert body["state"] == "executed"
    assert labels(third, ISSUE) == AFTER
    [ended] = third.events(body["runId"], "action.executed")
    assert "502" in ended["detail"]


def test_a_relay_that_refuses_the_rest_each_time_is_undone_and_the_audit_says_so(third: Service) -> None:
    third.model.order(READY)
    refuse = Fault(status=422, message="Validation Failed")
    for fault in (Fault(), Fault(), refuse, refuse):  # both are removed; adding is refused, and refused again
        third.relay.faults.order("relay.labels.step", fault)
    body = triage(third).body
    assert (body["state"], labels(third, ISSUE)) == ("failed", BEFORE)
    [ended] = third.events(body["runId"], "action.failed")
    assert "undone" in ended["detail"]
    assert third.api.post(f"/approve/{body['actionId']}").body["status"] == "executed"
    assert labels(third, ISSUE) == AFTER


# --- several at once ----------------------------------------------------------------------------


def test_two_runs_on_one_issue_at_once_never_leave_two_statuses(make_service: MakeService) -> None:
    require_one_status(make_service, rounds=4)


def require_one_status(make_service: MakeService, *, rounds: int) -> None:
    """One says ready, the other that it is not: whichever comes first, one status remains, and one priority."""
    service = make_service(late=True, **PHASE3)
    unclear = triage_answer(priority="P3", sprint="backlog", ready_for_dev=False)
    ended: set[tuple[str, ...]] = set()
    context = new_context(service.worker, "delivery")
    with ThreadPoolExecutor(2) as both:
        for round_ in range(rounds):
            number = 200 + round_
            put(service, number, "prio:P2")
            for text in (READY.text, unclear):
                service.model.order(Order(text=text))
                accepted = service.api.post(ROUTE, {"issueNumber": number, "force": True}, prefer="respond-async")
                assert accepted.status == 202
            events = [service.handed_over.pop(), service.handed_over.pop()]
            results = list(both.map(lambda event: worker.run(service.app, event, context), events))
            there = labels(service, number)
            assert len(statuses(service, number)) == 1, there
            assert len({label for label in there if label.startswith("prio:")}) == 1, there
            assert len({label for label in there if label.startswith("sprint:")}) == 1, there
            ended.add(tuple(sorted(result["state"] for result in results)))
            assert all(result["status"] == "success" for result in results)
            service.clock.forward(3600)
    assert all("executed" in states for states in ended)
