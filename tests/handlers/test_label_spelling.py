"""Labels as a repository spells them, which need not be as the team's files do: from the draft to the schedule."""

from __future__ import annotations

from typing import Any, Final

import pytest

from local.faults import Fault
from local.model import Order
from local.template import Template
from tests.handlers.conftest import MakeService
from tests.handlers.test_schedule import NINE, Rig, skipped, taken
from tests.support.issues import PHASE1, PHASE3, PHASE4, READY, labels, put, sprint_answer, triage_answer
from tests.support.service import Service

ISSUE: Final = 7
SPELLINGS: Final = {
    "as the team": str,
    "capitals": str.upper,
    "titles": str.title,
    "of the status alone": lambda name: name.title() if name.startswith("status:") else name,
    "of the sprint alone": lambda name: name.upper() if name.startswith("sprint:") else name,
}
NAMES: Final = ("status:triage", "status:ready", "prio:P3", "prio:P1", "sprint:n", "component:dfg-api")
spelling = pytest.mark.parametrize("spell", SPELLINGS.values(), ids=SPELLINGS)


def as_spelled(spell: Any, *names: str) -> list[str]:
    return sorted(spell(name) for name in names)


def an_issue(service: Service, spell: Any) -> None:
    """An issue to triage in a repository that has all labels, so spelled."""
    service.repository.put_labels(map(spell, NAMES))
    put(service, ISSUE, spell("status:triage"), spell("prio:P3"), "bug")


def after(spell: Any) -> set[str]:
    return {"bug", *as_spelled(spell, "status:ready", "prio:P1", "sprint:n", "component:dfg-api")}


def triage(service: Service) -> dict[str, Any]:
    service.model.order(READY)
    body: dict[str, Any] = service.api.post("/dispatch/triage", {"issueNumber": ISSUE}).body
    return body


@spelling
@pytest.mark.parametrize("direct", [False, True], ids=["relay", "direct"])
def test_a_triage_waits_and_is_approved(make_service: MakeService, spell: Any, direct: bool) -> None:
    service = make_service(direct=direct, **PHASE1)
    an_issue(service, spell)
    body = triage(service)
    [action] = body["actions"]
    assert sorted(action["remove"]) == as_spelled(spell, "status:triage", "prio:P3")
    assert set(action["add"]) == after(spell) - {"bug"}
    assert service.api.post(f"/approve/{body['actionId']}").body["status"] == "executed"
    assert labels(service, ISSUE) == after(spell)


@spelling
def test_in_phase3_a_triage_is_carried_out_at_once(make_service: MakeService, spell: Any) -> None:
    service = make_service(**PHASE3)
    an_issue(service, spell)
    assert triage(service)["state"] == "executed"
    assert labels(service, ISSUE) == after(spell)


@spelling
def test_half_a_change_is_repaired(make_service: MakeService, spell: Any) -> None:
    service = make_service(**PHASE3)
    an_issue(service, spell)
    service.relay.faults.order("relay.labels.step", Fault())
    service.relay.faults.order("relay.labels.step", Fault(status=502))
    assert triage(service)["state"] == "executed"
    assert labels(service, ISSUE) == after(spell)
    assert [call.operation for call in service.relay.faults.calls.entries()].count("relay.labels") == 2


@spelling
def test_a_lost_change_is_seen_to_have_landed(make_service: MakeService, spell: Any) -> None:
    """GitHub cannot be read back; the look before a further attempt finds the labels as wanted."""
    service = make_service(**PHASE1)
    an_issue(service, spell)
    body = triage(service)
    service.relay.faults.order("relay.labels", Fault(lose_answer=True))
    service.github.faults.order("issue", Fault(), times=2)
    service.github.faults.order("issue", Fault(status=403))
    assert service.api.post(f"/approve/{body['actionId']}").body["status"] == "outcome_unknown"
    assert service.api.post(f"/approve/{body['actionId']}").body["status"] == "executed"
    assert labels(service, ISSUE) == after(spell)


@spelling
def test_what_is_as_wanted_needs_no_change(make_service: MakeService, spell: Any) -> None:
    service = make_service(**PHASE1)
    an_issue(service, spell)
    put(service, ISSUE, *after(spell))
    assert triage(service)["state"] == "nothing_to_do"


@spelling
def test_a_step_that_the_workflow_has_not_is_refused(make_service: MakeService, spell: Any) -> None:
    service = make_service(**PHASE3)
    put(service, ISSUE, spell("status:done"))
    body = triage(service)
    assert (body["status"], body["checks"][0]["rule"]) == ("rejected", "label.transition")


@spelling
def test_an_approval_binds_to_the_groups_and_not_to_their_spelling(make_service: MakeService, spell: Any) -> None:
    service = make_service(**PHASE1)
    put(service, ISSUE, "status:triage", "prio:P3", "bug")
    body = triage(service)
    service.repository.put_labels(map(spell, NAMES))
    assert service.api.post(f"/approve/{body['actionId']}").body["status"] == "executed"
    assert labels(service, ISSUE) == after(spell)


@pytest.mark.parametrize("phase", [PHASE1, PHASE3], ids=["phase1", "phase3"])
def test_what_github_would_create_is_told_before_the_captain_is_asked(
    make_service: MakeService, phase: dict[str, str]
) -> None:
    service = make_service(**phase)
    put(service, ISSUE, "status:triage")
    for name in ("prio:P1", "sprint:n"):
        service.repository.delete_label(name)
    service.model.order(Order(text=triage_answer(ready_for_dev=False, questions=["Which listings are meant?"])))
    body: dict[str, Any] = service.api.post("/dispatch/triage", {"issueNumber": ISSUE}).body
    assert [action["state"] for action in body["actions"]] == ["pending", "executed"]
    [waiting] = service.api.get("/pending").body["actions"]
    assert "GitHub would create the labels prio:P1, sprint:n" in waiting["policyReason"]
    assert "label.new" in [check["rule"] for check in body["checks"]]
    assert "prio:P1" not in {label["name"] for label in service.repository.all_labels()}
    assert service.api.post(f"/approve/{waiting['id']}").body["status"] == "executed"
    assert {"prio:P1", "sprint:n"} <= labels(service, ISSUE)


def test_a_sprint_plan_is_posted_while_a_new_label_waits(make_service: MakeService) -> None:
    service = make_service(**PHASE4)
    put(service, 1)
    put(service, 2, "status:ready")
    service.repository.delete_label("sprint:n")
    service.model.order(Order(text=sprint_answer((2, "current"))))
    plan = {"planningIssue": 1, "issueNumbers": [2]}
    body: dict[str, Any] = service.api.post("/dispatch/sprint-plan", plan).body
    assert [action["state"] for action in body["actions"]] == ["executed", "pending"]
    [waiting] = service.api.get("/pending").body["actions"]
    assert "GitHub would create the label sprint:n" in waiting["policyReason"]
    assert service.api.post(f"/approve/{waiting['id']}").body["status"] == "executed"


@spelling
def test_a_schedule_finds_its_queue_and_the_questions_that_are_open(
    make_service: MakeService, template: Template, spell: Any
) -> None:
    rig = Rig(make_service(**PHASE3), template)
    put(rig.service, 1, spell("status:triage"))
    put(rig.service, 2, spell("status:triage"), spell("needs:pm"))
    result = rig.deliver(NINE)
    assert taken(result) == [1]
    assert "its questions are open" in skipped(result)[2]
