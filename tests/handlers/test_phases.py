"""GET /phases: the table, the evidence over a history that was counted by hand, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.approvals.reconcile import look_at_waiting
from local.faults import Fault
from local.model import Order
from tests.handlers.conftest import MakeService, smaller
from tests.handlers.test_phase_gates import TRIAGE
from tests.support.answers import REFUSED, WAITS
from tests.support.caller import Reply, error_of
from tests.support.dispatching import FAR
from tests.support.service import Service

WEEK = 7 * 86_400


def plan(service: Service, sample: dict[str, Any], number: int, order: Order | None = None) -> dict[str, Any]:
    """A dispatch for a pull request of its own."""
    case = smaller(sample)
    pull = {**case["pull"], "number": number, "head": {**case["pull"]["head"], "sha": f"{number:040x}"}}
    service.repository.load({**case, "pull": pull})
    if order is not None:
        service.model.order(order)
    body: dict[str, Any] = service.dispatch(number).body
    return body


def approve(service: Service, drafted: dict[str, Any], **headers: str) -> Reply:
    return service.api.post(f"/approve/{drafted['actionId']}", **headers)


def micro(dollars: str) -> int:
    return int(dollars.replace(".", ""))


def test_a_history_counted_by_hand(service: Service, make_service: MakeService, sample: dict[str, Any]) -> None:
    drafted = [plan(service, sample, 47, WAITS)]  # expired
    service.clock.forward(WEEK + 60)
    assert approve(service, drafted[0]).body["state"] == "expired"

    drafted.append(plan(service, sample, 41))  # posted by itself
    assert plan(service, sample, 41)["status"] == "duplicate"
    assert service.dispatch(41, linkedIssue=4711).body["reason"] == "comment_storm"

    drafted.append(plan(service, sample, 43, WAITS))  # waiting

    drafted.append(plan(service, sample, 44, WAITS))  # approved unchanged, at the second attempt
    service.relay.faults.order("relay.comment", Fault(status=400, message="refused as told"))
    assert approve(service, drafted[-1]).status == 502
    assert approve(service, drafted[-1]).status == 200

    drafted.append(plan(service, sample, 45, WAITS))  # approved stale
    service.repository.push(45, "c" * 40)
    moved = approve(service, drafted[-1])
    assert approve(service, drafted[-1], if_match=f'"{moved.body["digest"]}"').status == 200

    drafted.append(plan(service, sample, 46, WAITS))  # rejected
    assert service.api.post(f"/reject/{drafted[-1]['actionId']}", {"reason": "no"}).status == 200

    drafted.append(plan(service, sample, 48, REFUSED))  # refused by policy
    assert drafted[-1]["status"] == "rejected"

    drafted.append(plan(service, sample, 49, Order(status=400)))  # failed
    assert drafted[-1]["reason"] == "model_error"

    service.relay.faults.order("relay.comment", Fault(status=400, message="refused as told"))
    drafted.append(plan(service, sample, 50))  # definitely not posted: waiting
    assert drafted[-1]["state"] == "failed"

    service.relay.faults.order("relay.comment", Fault(lose_answer=True))
    drafted.append(plan(service, sample, 51))  # posted by itself, and found later
    assert drafted[-1]["state"] == "outcome_unknown"
    service.clock.forward(60)
    assert look_at_waiting(service.app, FAR)["executed"] == 1

    shadow = make_service(SHADOW_MODE="on")
    shadow.clock.at = service.clock.at
    drafted.append(plan(shadow, sample, 52))  # shadowed
    assert drafted[-1]["state"] == "shadowed"

    body = service.api.get("/phases").body
    cost = sum(micro(one["cost"]) for one in drafted)
    assert body["evidence"] == [
        {
            "taskType": "qa_plan",
            "proposals": 10,
            "postedByItself": 2,
            "approvedUnchanged": 1,
            "approvedStale": 1,
            "rejected": 1,
            "expired": 1,
            "refusedByPolicy": 1,
            "shadowed": 1,
            "waiting": 2,
            "failed": 1,
            "unfinished": 0,
            "cost": f"0.{cost:06}",
            "costPerAccepted": f"0.{-(-cost // 4):06}",
            "workedThrough": 0,
            "tickedShare": None,
            "liked": 0,
            "disliked": 0,
            "costPerWorkedThrough": None,
        }
    ]
    assert body["complete"] is True
    assert service.api.get("/phases?days=7").body["evidence"][0]["proposals"] == 9


def test_each_action_of_a_run_is_counted_by_itself(make_service: MakeService) -> None:
    service = make_service(PHASE="phase1")
    asks = {**TRIAGE, "ready_for_dev": False, "questions": ["Which list is meant?"]}
    drafted = []
    for number in (7, 8):
        service.repository.put_issue(number, title="A list", body="It is long.", labels=[{"name": "status:triage"}])
        service.model.order(Order(text=json.dumps(asks)))
        drafted.append(service.api.post("/dispatch/triage", {"issueNumber": number}).body)
    assert [[(one["actionType"], one["state"]) for one in body["actions"]] for body in drafted] == [
        [("change_labels", "pending"), ("add_comment", "executed")]
    ] * 2
    assert service.api.post(f"/approve/{drafted[0]['actions'][0]['actionId']}").status == 200
    [line] = service.api.get("/phases").body["evidence"]
    cost = sum(micro(body["cost"]) for body in drafted)
    assert {name: figure for name, figure in line.items() if figure} == {
        "taskType": "triage",
        "proposals": 4,
        "postedByItself": 2,
        "approvedUnchanged": 1,
        "waiting": 1,
        "cost": f"0.{cost:06}",
        "costPerAccepted": f"0.{-(-cost // 3):06}",
    }


def test_an_empty_audit_has_no_evidence_and_the_whole_table(service: Service) -> None:
    body = service.api.get("/phases").body
    assert (body["phase"], body["prerequisites"], body["evidence"]) == ("phase0", "unconfirmed", [])
    assert [(one["phase"], one["deployed"], one["needsPrerequisites"]) for one in body["phases"]] == [
        ("phase0", True, False),
        ("phase1", False, False),
        ("phase2", False, True),
        ("phase3", False, True),
        ("phase4", False, True),
    ]
    assert body["phases"][1]["adds"] == {
        "tasks": [{"taskType": "qa_plan", "trigger": "webhook"}, {"taskType": "triage", "trigger": "api"}],
        "actions": ["change_labels"],
        "byItself": [{"taskType": "triage", "actionType": "add_comment"}],
        "asks": [{"taskType": "triage", "actionType": "change_labels"}],
    }
    assert body["phases"][3]["adds"] == {
        "tasks": [],
        "actions": [],
        "byItself": [{"taskType": "triage", "actionType": "change_labels"}],
        "asks": [],
    }


def test_the_table_is_told_in_a_phase_that_its_prerequisites_do_not_allow(make_service: MakeService) -> None:
    refused = make_service(PHASE="phase3").api.get("/phases").body
    assert (refused["phase"], refused["prerequisites"]) == ("phase3", "unconfirmed")
    allowed = (
        make_service(PHASE="phase3", PRE_006_CI_GATING="confirmed", CRIT_001_DEBUG_ENDPOINTS="confirmed")
        .api.get("/phases")
        .body
    )
    assert allowed["prerequisites"] == "confirmed"
    assert refused["phases"] == allowed["phases"]


@pytest.mark.parametrize("days", ["0", "91", "-1", "1.5", "a", "", "²", "30 "])
def test_a_period_that_is_none_is_refused(service: Service, days: str) -> None:
    answer = service.api.send("GET", f"/phases?days={days.replace(' ', '%20').replace('²', '%C2%B2')}")
    assert error_of(answer) == (400, "bad_request")


@pytest.mark.parametrize("query", ["limit=20", "days=30&phase=phase4"])
def test_an_unknown_parameter_is_refused(service: Service, query: str) -> None:
    assert error_of(service.api.get(f"/phases?{query}")) == (400, "bad_request")


def test_it_needs_the_right_to_read(make_service: MakeService) -> None:
    token = "only-for-dispatching-0123456789"  # noqa: S105 - opens nothing
    service = make_service(secret=json.dumps({"ci": {"tokens": [token], "may": ["dispatch"]}}))
    assert service.api.known_as(token).get("/phases").status == 403
    assert service.api.known_as(None).get("/phases").status == 401


def test_looking_writes_nothing(service: Service) -> None:
    before = service.contents()
    service.api.get("/phases?days=90")
    assert service.contents() == before
