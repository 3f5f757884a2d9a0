"""GitHub cannot be read, or has not what was asked for: nothing is claimed, nothing is paid."""

from __future__ import annotations

import pytest

from local.faults import Fault
from tests.handlers.conftest import MakeService
from tests.support.caller import error_of
from tests.support.records import only_refusal
from tests.support.service import Service

UNREADABLE = [
    ("pull", Fault(status=500)),
    ("files", Fault(status=502)),
    ("issue", Fault(status=503)),
    ("pull", Fault(status=401)),
    ("pull", Fault(status=403)),
    ("pull", Fault(status=301)),
    ("pull", Fault(hang_up=True)),
    ("files", Fault(hang_up=True)),
    ("pull", Fault(status=429)),
]


@pytest.mark.parametrize(
    ("operation", "fault"), UNREADABLE, ids=[f"{o}-{f.status or 'hung-up'}" for o, f in UNREADABLE]
)
def test_unreadable_github_is_a_502_that_claims_and_pays_nothing(steady: Service, operation: str, fault: Fault) -> None:
    before = steady.contents()
    asked = steady.asked()
    steady.github.faults.order(operation, fault, times=2)  # what may pass is read again once
    assert error_of(steady.dispatch()) == (502, "github_unavailable")
    refusal = only_refusal(before, steady.contents())
    assert (refusal["code"], refusal["principal"]) == ("github_unavailable", "captain")
    assert steady.asked() == asked
    steady.github.faults.forget_orders()


def test_a_used_up_rate_limit_says_when_to_come_back(steady: Service) -> None:
    steady.github.faults.order("pull", Fault(status=403, headers={"retry-after": "77", "x-ratelimit-remaining": "0"}))
    reply = steady.dispatch()
    assert error_of(reply) == (502, "github_unavailable")
    assert reply.headers["retry-after"] == "77"
    assert "retry_after" not in reply.text


def test_github_that_is_down_is_a_502_and_works_again_afterwards(service: Service) -> None:
    service.github.stop()
    assert error_of(service.dispatch()) == (502, "github_unavailable")
    service.github.start()
    assert service.dispatch().body["status"] == "success"


def test_an_unknown_pull_request_is_a_404(steady: Service) -> None:
    before = steady.contents()
    reply = steady.dispatch(777)
    assert error_of(reply) == (404, "not_found")
    assert "777" in reply.body["error"]["message"]
    assert only_refusal(before, steady.contents())["code"] == "not_found"


@pytest.mark.parametrize(
    ("status", "why"), [(404, "is not in"), (410, "was deleted from"), (301, "has moved away from")]
)
def test_a_linked_issue_that_is_gone_stops_no_plan_which_says_so(
    make_service: MakeService, status: int, why: str
) -> None:
    service = make_service()
    service.github.faults.order("issue", Fault(status=status))
    assert service.dispatch().body["state"] == "executed"
    [comment] = service.comments()
    assert f" was not read: it {why} {service.repository.name}" in comment
    assert f"Issue #100 was not read: it {why}".encode() in service.model.calls.entries()[0]


def test_a_number_that_is_an_issue_is_a_404(steady: Service) -> None:
    assert error_of(steady.dispatch(100)) == (404, "not_found")


def test_a_closed_pull_request_is_a_409(service: Service) -> None:
    service.repository.change_pull(42, state="closed")
    before = service.contents()
    reply = service.dispatch()
    assert error_of(reply) == (409, "conflict")
    assert reply.body["state"] == "closed"
    assert only_refusal(before, service.contents())["code"] == "conflict"
    assert service.asked() == 0


PASSING = [
    (operation, fault)
    for operation in ("pull", "files", "issue")
    for fault in (Fault(status=502), Fault(status=503), Fault(status=504), Fault(hang_up=True), Fault(lose_answer=True))
]


@pytest.mark.parametrize(("operation", "fault"), PASSING, ids=[f"{o}-{f.status or 'no-answer'}" for o, f in PASSING])
def test_trouble_that_passes_at_once_is_not_noticed(steady: Service, operation: str, fault: Fault) -> None:
    steady.github.faults.order(operation, fault)
    assert steady.dispatch().body["status"] in ("success", "duplicate")


def test_one_failure_of_the_look_before_posting_sends_no_plan_to_the_captain(service: Service) -> None:
    service.github.faults.order("pull", Fault())  # the first read of it goes well
    service.github.faults.order("pull", Fault(hang_up=True))
    body = service.dispatch().body
    assert (body["classification"], body["state"]) == ("auto_safe", "executed")
