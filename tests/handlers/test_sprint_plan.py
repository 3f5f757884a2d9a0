"""POST /dispatch/sprint-plan: one comment under the planning issue, and a label change for each issue that moves."""

from __future__ import annotations

import json
from typing import Any

import pytest

from local.model import Order
from tests.handlers.conftest import MakeService
from tests.support.caller import Reply, error_of
from tests.support.issues import PHASE3, PHASE4, labels, put, sprint_answer
from tests.support.records import only_refusal
from tests.support.service import Service

ROUTE = "/dispatch/sprint-plan"
PLANNING = 300


def answer(*items: tuple[int, str]) -> Order:
    """A plan that puts these issues into these sprints."""
    return Order(text=sprint_answer(*items))


def plan(service: Service, *numbers: int, **fields: Any) -> Reply:
    return service.api.post(ROUTE, {"planningIssue": PLANNING, "issueNumbers": list(numbers) or None, **fields})


def rules(reply: Reply) -> list[str]:
    assert reply.status == 422, reply.text
    return [check["rule"] for check in reply.body["checks"]]


@pytest.fixture
def fourth(make_service: MakeService) -> Service:
    """Phase 4, with a planning issue and three that are ready."""
    service = make_service(**PHASE4)
    put(service, PLANNING)
    put(service, 1, "status:ready", "sprint:backlog")
    put(service, 2, "status:ready")
    put(service, 3, "status:ready", "sprint:n+1")
    return service


def test_the_plan_is_posted_and_each_label_change_waits_for_itself(fourth: Service) -> None:
    fourth.model.order(answer((1, "current"), (2, "next"), (3, "next")))
    reply = plan(fourth, 1, 2, 3)
    body = reply.body
    assert (reply.status, body["status"], body["classification"]) == (200, "success", "requires_approval")
    comment, *changes = body["actions"]
    assert (comment["actionType"], comment["target"]["number"], comment["state"]) == (
        "add_comment",
        PLANNING,
        "executed",
    )
    assert [(c["target"]["number"], c["add"], c["remove"], c["state"]) for c in changes] == [
        (1, ["sprint:n"], ["sprint:backlog"], "pending"),
        (2, ["sprint:n+1"], [], "pending"),
    ]  # 3 is where it should be already
    assert len(fourth.comments(PLANNING)) == 1
    assert labels(fourth, 1) == {"status:ready", "sprint:backlog"}

    assert fourth.api.post(f"/approve/{changes[0]['actionId']}").body["status"] == "executed"
    assert labels(fourth, 1) == {"status:ready", "sprint:n"}
    assert fourth.api.post(f"/reject/{changes[1]['actionId']}").status == 200
    assert labels(fourth, 2) == {"status:ready"}
    assert plan(fourth, 1, 2, 3).body["status"] == "duplicate"


def test_without_issues_those_of_the_queue_are_planned(fourth: Service) -> None:
    put(fourth, 4, "status:triage")
    put(fourth, 5, "status:ready", state="closed")
    body = plan(fourth).body
    [prompt] = [json.loads(call) for call in fourth.model.calls.entries()]
    assert "Issues to place: #1, #2, #3" in json.dumps(prompt)
    assert body["state"] == "executed"


def test_earlier_phases_refuse_it(make_service: MakeService) -> None:
    service = make_service(**PHASE3)
    put(service, PLANNING)
    before = service.contents()
    assert error_of(plan(service, 1)) == (403, "phase")
    assert only_refusal(before, service.contents())["route"] == "POST /dispatch/sprint-plan"


def test_an_issue_that_was_not_given_is_refused(fourth: Service) -> None:
    fourth.model.order(answer((1, "current"), (3, "next")))
    assert rules(plan(fourth, 1, 2)) == ["sprint.issue", "sprint.left_out"]
    assert fourth.comments(PLANNING) == []
    assert fourth.api.get("/pending").body["count"] == 0


def test_the_capacity_that_was_given_is_kept(fourth: Service) -> None:
    fourth.model.order(answer((1, "current"), (2, "current"), (3, "next")))
    assert rules(plan(fourth, 1, 2, 3, capacity=1)) == ["sprint.capacity"]
    fourth.model.order(answer((1, "current"), (2, "current"), (3, "next")))
    assert plan(fourth, 1, 2, 3, capacity=2).status == 200


def test_the_dependencies_that_were_given_are_kept(fourth: Service) -> None:
    needs = [{"issue": 1, "on": [2]}]
    fourth.model.order(answer((1, "current"), (2, "next"), (3, "next")))
    assert rules(plan(fourth, 1, 2, 3, dependencies=needs)) == ["sprint.dependency"]
    fourth.model.order(answer((1, "current"), (2, "current"), (3, "next")))
    assert plan(fourth, 1, 2, 3, dependencies=needs).status == 200


def test_capacity_and_dependencies_are_read_as_a_person_sees_them(fourth: Service) -> None:
    name = fourth.app.settings.repository
    put(fourth, PLANNING, body="Capacity: 1\n\n<!-- Capacity: 20 -->\n\n- [ ] **Capacity:** 2\n\n> Capacity: 3")
    put(fourth, 1, body=f"- [ ] Depends on https://github.com/{name}/issues/2\n\n```\nDepends on #3\n```")
    put(fourth, 2, body="Depends on other/app#3\n\n> Depends on #3")
    fourth.model.order(answer((1, "current"), (2, "next"), (3, "next")))
    assert rules(plan(fourth, 1, 2, 3)) == ["sprint.dependency"]
    fourth.model.order(answer((1, "current"), (2, "current"), (3, "current")))
    assert rules(plan(fourth, 1, 2, 3)) == ["sprint.capacity"]
    fourth.model.order(answer((1, "current"), (2, "current"), (3, "next")))
    assert plan(fourth, 1, 2, 3).status == 200
    assert "The planning issue gives the capacity as 1, then 2: the last one counts." in fourth.comments(PLANNING)[0]


def test_an_issue_that_has_no_place_asks_the_captain(fourth: Service) -> None:
    fourth.model.order(answer((1, "current")))
    body = plan(fourth, 1, 2).body
    assert {action["state"] for action in body["actions"]} == {"pending"}
    assert fourth.comments(PLANNING) == []


def test_a_change_whose_labels_moved_is_not_made(fourth: Service) -> None:
    fourth.model.order(answer((1, "current"), (2, "current")))
    change = plan(fourth, 1, 2).body["actions"][1]
    put(fourth, 1, "status:in-progress", "sprint:n+1")
    reply = fourth.api.post(f"/approve/{change['actionId']}")
    assert (error_of(reply), len(reply.body["digest"])) == ((409, "conflict"), 64)
    assert labels(fourth, 1) == {"status:in-progress", "sprint:n+1"}


def test_there_must_be_something_to_plan(fourth: Service) -> None:
    assert error_of(plan(fourth, 999)) == (404, "not_found")
    assert error_of(plan(fourth, PLANNING)) == (400, "bad_request")
    put(fourth, 2, state="closed")
    assert error_of(plan(fourth, 1, 2)) == (409, "conflict")
    fourth.repository.close(PLANNING)
    assert error_of(plan(fourth, 1)) == (409, "conflict")
    assert fourth.asked() == 0


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"planningIssue": "300"},
        {"planningIssue": 300, "issueNumbers": []},
        {"planningIssue": 300, "issueNumbers": list(range(1, 22))},
        {"planningIssue": 300, "capacity": -1},
        {"planningIssue": 300, "dependencies": [{"issue": 1}]},
        {"planningIssue": 300, "dependencies": [{"issue": 1, "on": []}]},
        {"planningIssue": 300, "dependencies": {"1": [2]}},
        {"planningIssue": 300, "sprint": "n"},
    ],
    ids=json.dumps,
)
def test_a_wrong_body_is_refused(fourth: Service, body: dict[str, Any]) -> None:
    before = fourth.contents()
    assert error_of(fourth.api.post(ROUTE, body)) == (400, "bad_request")
    only_refusal(before, fourth.contents())
