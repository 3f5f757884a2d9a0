"""GitHub cannot be read, or has not what was asked for: nothing is claimed, nothing is paid."""

from __future__ import annotations

import pytest

from local.faults import Fault
from tests.handlers.caller import error_of
from tests.handlers.records import only_refusal
from tests.handlers.service import Service

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
    steady.github.faults.order(operation, fault)
    assert error_of(steady.dispatch()) == (502, "github_unavailable")
    refusal = only_refusal(before, steady.contents())
    assert (refusal["code"], refusal["principal"]) == ("github_unavailable", "captain")
    assert steady.asked() == asked


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


def test_an_unknown_issue_is_a_404(steady: Service) -> None:
    reply = steady.dispatch(linkedIssue=999)
    assert error_of(reply) == (404, "not_found")
    assert "999" in reply.body["error"]["message"]


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
