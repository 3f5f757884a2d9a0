"""POST /dispatch/agent-brief: a brief is posted under its issue, and names only files that there are."""

from __future__ import annotations

from typing import Any

import pytest

from local.faults import Fault
from local.model import Order
from tests.handlers.conftest import MakeService
from tests.support.caller import Reply, error_of
from tests.support.issues import FILE, PHASE3, PHASE4, TEXT, brief_answer, put
from tests.support.records import only_refusal
from tests.support.service import Service

ROUTE = "/dispatch/agent-brief"
ISSUE = 7


def drafted(**changes: Any) -> Order:
    return Order(text=brief_answer(**changes))


def brief(service: Service, number: int = ISSUE, **fields: Any) -> Reply:
    return service.api.post(ROUTE, {"issueNumber": number, **fields})


@pytest.fixture
def fourth(make_service: MakeService) -> Service:
    """Phase 4, with an issue that is ready."""
    service = make_service(**PHASE4)
    put(service, ISSUE, "status:ready")
    return service


def test_a_brief_is_posted_under_its_issue_once(fourth: Service) -> None:
    fourth.model.order(drafted())
    reply = brief(fourth)
    body = reply.body
    assert (reply.status, body["status"], body["state"], body["classification"]) == (
        200,
        "success",
        "executed",
        "auto_safe",
    )
    [action] = body["actions"]
    assert (action["actionType"], action["target"]) == ("add_comment", {"type": "issue", "number": ISSUE})
    [comment] = fourth.comments(ISSUE)
    assert comment.startswith(body["preview"])
    assert FILE in comment
    assert comment.endswith(f"<!-- dfg-orchestrator action={body['actionId']} -->")
    assert brief(fourth).body == {**body, "status": "duplicate"}
    assert (fourth.asked(), fourth.sent()) == (1, 1)


def test_earlier_phases_refuse_it(make_service: MakeService) -> None:
    service = make_service(**PHASE3)
    put(service, ISSUE, "status:ready")
    before = service.contents()
    assert error_of(brief(service)) == (403, "phase")
    assert only_refusal(before, service.contents())["route"] == "POST /dispatch/agent-brief"


def test_a_file_that_is_not_in_the_repository_is_refused(fourth: Service) -> None:
    fourth.model.order(drafted(files=[FILE, "workers/dfg-api/src/domain/prices.ts"]))
    reply = brief(fourth)
    assert (reply.status, [check["rule"] for check in reply.body["checks"]]) == (422, ["brief.path"])
    assert fourth.comments(ISSUE) == []
    fourth.repository.put_tree([FILE, "workers/dfg-api/src/domain/prices.ts"])
    fourth.model.order(drafted(files=["workers/dfg-api/src/domain/prices.ts"]))
    assert brief(fourth).body["state"] == "executed"


def test_other_files_of_the_repository_are_another_brief(fourth: Service) -> None:
    assert brief(fourth).body["status"] == "success"
    fourth.clock.forward(6 * 3600)
    fourth.repository.put_tree([FILE, "workers/dfg-api/src/domain/prices.ts"])
    assert brief(fourth).body["status"] == "success"
    assert len(fourth.comments(ISSUE)) == 2


def test_a_link_that_leads_outside_waits_for_the_captain(fourth: Service) -> None:
    fourth.model.order(drafted(test_notes=["Compare with https://elsewhere.example.org/prices"]))
    body = brief(fourth).body
    assert (body["state"], fourth.comments(ISSUE)) == ("pending", [])
    assert fourth.api.post(f"/approve/{body['actionId']}").body["status"] == "executed"
    assert len(fourth.comments(ISSUE)) == 1


def test_an_issue_whose_text_moved_on_waits(make_service: MakeService) -> None:
    service = make_service(late=True, **PHASE4)
    put(service, ISSUE, "status:ready")
    assert service.api.post(ROUTE, {"issueNumber": ISSUE}, prefer="respond-async").status == 202
    put(service, ISSUE, "status:ready", body=f"{TEXT} Only in the app.")
    service.deliver()
    [waiting] = service.api.get("/pending").body["actions"]
    assert (waiting["state"], service.comments(ISSUE)) == ("pending", [])


def test_what_is_no_open_issue_and_a_tree_that_cannot_be_read(fourth: Service) -> None:
    assert error_of(brief(fourth, 999)) == (404, "not_found")
    assert error_of(brief(fourth, 42)) == (404, "not_found")  # a pull request
    put(fourth, 8, state="closed")
    assert error_of(brief(fourth, 8)) == (409, "conflict")
    fourth.github.faults.order("tree", Fault(status=500), times=None)
    assert error_of(brief(fourth)) == (502, "github_unavailable")
    assert (fourth.asked(), fourth.charged()) == (0, "0.000000")


@pytest.mark.parametrize("body", [{}, {"issueNumber": True}, {"issueNumbers": [7]}, {"issueNumber": 7, "agent": "x"}])
def test_a_wrong_body_is_refused(fourth: Service, body: dict[str, Any]) -> None:
    before = fourth.contents()
    assert error_of(fourth.api.post(ROUTE, body)) == (400, "bad_request")
    only_refusal(before, fourth.contents())
