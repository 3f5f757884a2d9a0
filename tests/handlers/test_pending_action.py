"""GET /pending/{id}: one action whatever became of it; approvals with a note; where a moved target's change is seen."""

from __future__ import annotations

import pytest

from tests.support.answers import WAITS
from tests.support.caller import error_of
from tests.support.service import Service


@pytest.fixture
def waiting(service: Service) -> str:
    service.model.order(WAITS)
    return str(service.dispatch().body["actionId"])


def test_an_action_is_found_by_its_id_as_the_list_has_it(service: Service, waiting: str) -> None:
    [listed] = service.api.get("/pending").body["actions"]
    one = service.api.get(f"/pending/{waiting}").body
    document = one.pop("document")
    assert one == listed
    assert document[0] == {"type": "heading", "level": 2, "line": [{"type": "own", "value": "🤖 QA Test Plan"}]}
    pull = service.repository.pull(42)
    assert (listed["title"], listed["author"]) == (pull["title"], pull["user"]["login"])
    assert listed["url"] == f"https://github.com/{service.repository.name}/pull/42"


@pytest.mark.parametrize("path", ["/pending/5f0c1a52-7f43-5d0e-9a6b-0c6f7b1d2e3f", "/pending/nothing"])
def test_an_unknown_id_is_nobodys(service: Service, path: str) -> None:
    assert error_of(service.api.get(path)) == (404, "not_found")


def test_what_was_decided_says_so_and_by_whom(service: Service, waiting: str) -> None:
    assert service.api.post(f"/approve/{waiting}").status == 200
    action = service.api.get(f"/pending/{waiting}").body
    assert (action["state"], action["decidedBy"], action["onApprove"]) == ("executed", "captain", "")
    assert action["decidedAt"] >= action["createdAt"]


def test_what_was_rejected_says_so(service: Service, waiting: str) -> None:
    service.api.post(f"/reject/{waiting}")
    action = service.api.get(f"/pending/{waiting}").body
    assert (action["state"], action["decidedBy"]) == ("rejected", "captain")


def test_what_policy_posted_by_itself_was_decided_by_nobody(service: Service) -> None:
    action = service.api.get(f"/pending/{service.dispatch().body['actionId']}").body
    assert (action["state"], "decidedAt" in action, "decidedBy" in action) == ("executed", True, True)
    assert action["decidedBy"] == ""


def test_what_nobody_decided_in_time_has_expired(service: Service, waiting: str) -> None:
    service.clock.forward(8 * 86_400)
    assert service.api.get("/pending").body["actions"] == []
    assert service.api.get(f"/pending/{waiting}").body["state"] == "expired"


def test_an_approval_keeps_its_note_in_the_audit(service: Service, waiting: str) -> None:
    assert service.api.post(f"/approve/{waiting}", {"note": "read it twice"}).status == 200
    chain = next(run for run in service.api.get("/audit?kind=approve").body["runs"])
    granted = service.run(chain["runId"])["events"][0]
    assert (granted["type"], granted["data"]["note"]) == ("approval.granted", "read it twice")


def test_a_note_has_an_end(service: Service, waiting: str) -> None:
    assert error_of(service.api.post(f"/approve/{waiting}", {"note": "x" * 1001})) == (400, "bad_request")
    assert error_of(service.api.post(f"/approve/{waiting}", {"reason": "x"})) == (400, "bad_request")


def test_a_moved_pull_request_says_where_its_change_is_seen(service: Service, waiting: str) -> None:
    before = service.repository.pull(42)["head"]["sha"]
    service.repository.push(42, "e" * 40)
    answer = service.api.post(f"/approve/{waiting}")
    assert error_of(answer) == (409, "conflict")
    assert answer.body["compare"] == f"https://github.com/{service.repository.name}/compare/{before}...{'e' * 40}"


def test_runs_name_their_targets_address(service: Service) -> None:
    run = service.dispatch().body["runId"]
    address = f"https://github.com/{service.repository.name}/pull/42"
    assert service.api.get("/audit").body["runs"][0]["targetUrl"] == address
    assert service.run(run)["targetUrl"] == address
