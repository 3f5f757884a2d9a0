"""The table of phases through its doors: each route, the schedule, the worker, and the approval of what was queued.

What is allowed is told from what is refused by asking for an issue that does not exist: past the gate, that is 404.
"""

from __future__ import annotations

import json
from typing import Any, Final, Protocol

import pytest

from core.types import PHASES, TASK_TYPES
from handlers import schedule, worker
from local.faults import Fault
from local.function import new_context
from local.model import Order
from local.template import Function
from tests.core.test_phases import BY_HAND
from tests.handlers.conftest import MakeService
from tests.support.caller import Reply, error_of
from tests.support.records import only_refusal
from tests.support.service import Service

CONFIRMED: Final = {"PRE_006_CI_GATING": "confirmed", "CRIT_001_DEBUG_ENDPOINTS": "confirmed"}
NOBODY: Final = 999
"""The number of no issue and no pull request."""
ROUTES: Final = {
    "qa_plan": ("/dispatch/qa-plan", {"prNumber": NOBODY}),
    "triage": ("/dispatch/triage", {"issueNumber": NOBODY}),
    "agent_brief": ("/dispatch/agent-brief", {"issueNumber": NOBODY}),
    "sprint_plan": ("/dispatch/sprint-plan", {"planningIssue": NOBODY, "issueNumbers": [NOBODY]}),
}
TRIAGE: Final = {
    "priority": "P1",
    "priority_rationale": "The list cannot be worked through without it.",
    "sprint": "next",
    "components": ["dfg-api"],
    "questions": [],
    "ready_for_dev": True,
    "reason": "The issue names who is hindered and how.",
    "evidence": "The text of the issue says that the list cannot be used.",
}


class InPhase(Protocol):
    """A service in a phase, on the same tables as the one before it."""

    def __call__(self, phase: str, *, confirmed: bool = True, late: bool = False) -> Service: ...


@pytest.fixture
def in_phase(make_service: MakeService) -> InPhase:
    def make(phase: str, *, confirmed: bool = True, late: bool = False) -> Service:
        service = make_service(PHASE=phase, late=late, PLANNING_ISSUE="7", **(CONFIRMED if confirmed else {}))
        service.repository.put_issue(
            7,
            title="Listings cannot be dismissed",
            body="The list grows and nobody can work through it.",
            labels=[{"name": "status:triage"}],
        )
        return service

    return make


def allowed(phase: str, task: str, trigger: str, *, confirmed: bool) -> bool:
    if phase in ("phase2", "phase3", "phase4") and not confirmed:
        return False
    return any(row.startswith(f"{task} {trigger} ") for row in BY_HAND[phase])


def triage(service: Service) -> dict[str, Any]:
    service.model.order(Order(text=json.dumps(TRIAGE)))
    reply = service.api.post("/dispatch/triage", {"issueNumber": 7})
    assert reply.status == 200, reply.text
    body: dict[str, Any] = reply.body
    return body


def labels(service: Service) -> set[str]:
    return {label["name"] for label in service.repository.labels(7)}


def decide(service: Service, what: str, action: str) -> Reply:
    return service.api.post(f"/{what}/{action}", {})


@pytest.mark.parametrize("confirmed", [True, False])
@pytest.mark.parametrize("phase", PHASES)
def test_each_route_in_each_phase(in_phase: InPhase, phase: str, confirmed: bool) -> None:
    service = in_phase(phase, confirmed=confirmed)
    for task, (path, body) in ROUTES.items():
        before, asked = service.contents(), len(service.github.faults.calls.entries())
        answer = service.api.post(path, body)
        if allowed(phase, task, "api", confirmed=confirmed):
            assert error_of(answer) == (404, "not_found"), task
        else:
            assert error_of(answer) == (403, "phase"), task
            assert only_refusal(before, service.contents())["code"] == "phase"
            assert len(service.github.faults.calls.entries()) == asked


def test_several_issues_at_once_are_no_way_around(in_phase: InPhase) -> None:
    service = in_phase("phase0")
    before = service.contents()
    assert error_of(service.api.post("/dispatch/triage", {"issueNumbers": [7, 8]})) == (403, "phase")
    assert only_refusal(before, service.contents())["code"] == "phase"


@pytest.mark.parametrize("confirmed", [True, False])
@pytest.mark.parametrize("phase", PHASES)
def test_the_schedule_in_each_phase(in_phase: InPhase, scheduled: Function, phase: str, confirmed: bool) -> None:
    service = in_phase(phase, confirmed=confirmed)
    service.repository.put_issue(7, state="closed")  # there is nothing to do
    for task in TASK_TYPES:
        asked = len(service.github.faults.calls.entries())
        service.clock.forward(1)
        event = {"taskType": task, "scheduledAt": "2026-11-22T10:00:00Z"}
        result = schedule.run(service.app, event, new_context(scheduled, "tick"))
        refused = result.get("error", {}).get("code") == "phase"
        assert refused is not allowed(phase, task, "schedule", confirmed=confirmed), task
        if refused:
            newest = service.api.get("/audit?limit=1").body["runs"][0]
            assert (newest["kind"], newest["principal"], newest["code"]) == ("refusal", "schedule", "phase")
            assert len(service.github.faults.calls.entries()) == asked


@pytest.fixture
def scheduled(template: Any) -> Function:
    function: Function = template.functions["ScheduleFunction"]
    return function


@pytest.mark.parametrize("phase", ["phase1", "phase2", "phase3", "phase4"])
def test_labels_ask_before_phase_3_and_are_changed_from_then_on(in_phase: InPhase, phase: str) -> None:
    service = in_phase(phase)
    body = triage(service)
    [action] = body["actions"]
    assert action["actionType"] == "change_labels"
    if phase in ("phase1", "phase2"):
        assert (action["state"], labels(service)) == ("pending", {"status:triage"})
    else:
        assert (action["state"], labels(service) >= {"status:ready", "prio:P1"}) == ("executed", True)


def test_what_is_queued_waits_through_a_demotion_and_is_approvable_again_after_the_promotion(in_phase: InPhase) -> None:
    action = triage(in_phase("phase1"))["actionId"]
    demoted = in_phase("phase0")
    before = demoted.contents()
    answer = decide(demoted, "approve", action)
    assert error_of(answer) == (403, "phase")
    assert only_refusal(before, demoted.contents())["code"] == "phase"
    assert labels(demoted) == {"status:triage"}
    assert [one["state"] for one in demoted.api.get("/pending").body["actions"]] == ["pending"]
    unconfirmed = in_phase("phase2", confirmed=False)
    assert error_of(decide(unconfirmed, "approve", action)) == (403, "phase")
    promoted = in_phase("phase1")
    assert decide(promoted, "approve", action).status == 200
    assert labels(promoted) >= {"status:ready", "prio:P1"}


def test_what_phase_3_would_have_done_by_itself_is_not_approvable_under_phase_2(in_phase: InPhase) -> None:
    """Policy's verdict is worse there than the recorded one."""
    service = in_phase("phase3")
    service.relay.faults.order("relay.labels", Fault(status=400, message="refused as told"))
    [action] = triage(service)["actions"]
    assert (action["state"], action["classification"]) == ("failed", "auto_safe")
    answer = decide(in_phase("phase2"), "approve", action["actionId"])
    assert error_of(answer) == (409, "conflict")
    assert "label changes need the Captain before phase3" in answer.body["error"]["message"]
    assert decide(in_phase("phase3"), "approve", action["actionId"]).status == 200


def test_what_is_queued_can_be_rejected_in_every_phase(in_phase: InPhase) -> None:
    action = triage(in_phase("phase1"))["actionId"]
    assert decide(in_phase("phase0"), "reject", action).status == 200


def test_a_comment_that_waits_is_approvable_in_every_phase_that_knows_its_task(in_phase: InPhase) -> None:
    service = in_phase("phase1")
    service.relay.faults.order("relay.comment", Fault(status=400, message="refused as told"))
    service.model.order(Order(text=json.dumps({**TRIAGE, "ready_for_dev": False, "questions": ["Which list is it?"]})))
    body = service.api.post("/dispatch/triage", {"issueNumber": 7}).body
    [comment] = [one for one in body["actions"] if one["actionType"] == "add_comment"]
    assert comment["state"] == "failed"
    assert error_of(decide(in_phase("phase0"), "approve", comment["actionId"])) == (403, "phase")
    assert decide(in_phase("phase4"), "approve", comment["actionId"]).status == 200


def test_a_run_that_was_accepted_before_a_demotion_asks_nothing_and_costs_nothing(in_phase: InPhase) -> None:
    service = in_phase("phase1", late=True)
    accepted = service.api.post("/dispatch/triage", {"issueNumber": 7}, prefer="respond-async")
    assert accepted.status == 202
    [event] = service.handed_over
    demoted = in_phase("phase0")
    result = worker.run(demoted.app, event, new_context(demoted.worker, "late"))
    assert (result["status"], result["reason"]) == ("skipped", "phase")
    assert demoted.asked() == 0
    assert demoted.charged() == "0.000000"
    promoted = in_phase("phase1")
    assert triage(promoted)["status"] == "success"
