"""GET /pending and GET /audit: every item exactly once, newest first, and arguments that are wrong."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote

import pytest

from local.model import Order
from tests.support.answers import WAITS, answer
from tests.support.caller import error_of
from tests.support.service import Service

REJECTABLE = "5f0c1a52-7f43-5d0e-9a6b-0c6f7b1d2e3f"


def walk(service: Service, path: str, items: str, limit: int) -> list[Any]:
    """All items by cursor. Each page holds at most `limit` and says how many it holds."""
    found: list[Any] = []
    cursor = None
    for _ in range(50):
        more = f"&cursor={quote(cursor)}" if cursor else ""
        body = service.api.get(f"{path}?limit={limit}{more}").body
        assert set(body) == {"count", items, "cursor"}
        assert body["count"] == len(body[items]) <= limit
        found += body[items]
        cursor = body["cursor"]
        if cursor is None:
            return found
    raise AssertionError("the pages do not end")


def make_waiting(service: Service, count: int) -> list[str]:
    """Ids of actions that wait, oldest first."""
    ids = []
    for number in range(count):
        service.clock.forward(1)
        service.repository.push(42, f"{number:040x}")
        service.model.order(WAITS)
        ids.append(service.dispatch().body["actionId"])
    return ids


def test_pages_of_pending_hold_every_action_once_newest_first(service: Service) -> None:
    ids = make_waiting(service, 5)
    for limit in (1, 2, 3, 5, 100):
        seen = walk(service, "/pending", "actions", limit)
        assert [action["id"] for action in seen] == ids[::-1]
    service.api.post(f"/reject/{ids[2]}")
    assert [action["id"] for action in walk(service, "/pending", "actions", 2)] == [ids[4], ids[3], ids[1], ids[0]]


def test_a_waiting_action_shows_what_the_captain_needs(service: Service) -> None:
    service.model.order(WAITS)
    told = service.dispatch().body
    [action] = service.api.get("/pending").body["actions"]
    assert (action["id"], action["runId"], action["digest"]) == (told["actionId"], told["runId"], told["digest"])
    assert (action["taskType"], action["targetType"], action["targetId"]) == ("qa_plan", "pull_request", 42)
    assert (action["actionType"], action["classification"]) == ("add_comment", "requires_approval")
    assert action["reason"] == json.loads(answer())["reason"]
    assert action["evidence"] == json.loads(answer())["evidence"]
    assert action["policyReason"] == told["policyReason"]
    assert action["state"] == "pending"
    assert action["createdAt"] < action["expiresAt"]
    assert action["payload"]["body"].endswith(f"<!-- dfg-orchestrator action={told['actionId']} -->")


def test_pages_of_the_audit_hold_every_run_once_newest_first(service: Service) -> None:
    expected: list[str] = []
    for number in range(3):
        service.clock.forward(1)
        service.repository.push(42, f"{number:040x}")
        expected.append(service.dispatch().body["runId"])
        service.clock.forward(1)
        expected.append(service.dispatch(777).headers["x-request-id"])  # a refusal, with a chain of its own
        service.clock.forward(1)
        service.api.post("/circuit/reset")
    whole = walk(service, "/audit", "runs", 100)
    assert len(whole) == 9
    assert len({run["runId"] for run in whole}) == 9
    assert [run["startedAt"] for run in whole] == sorted((run["startedAt"] for run in whole), reverse=True)
    assert [run["event"] for run in whole] == ["breaker.reset", "request.refused", "run.started"] * 3
    for limit in (1, 2, 4, 9):
        assert walk(service, "/audit", "runs", limit) == whole


def test_runs_of_the_same_millisecond_are_all_listed(service: Service) -> None:
    for _ in range(4):
        service.dispatch(777)
        service.api.post("/circuit/reset")
    whole = walk(service, "/audit", "runs", 100)
    assert len(whole) == 8
    for limit in (1, 3):
        assert walk(service, "/audit", "runs", limit) == whole


def test_a_run_and_an_approval_are_listed_with_their_ends(service: Service) -> None:
    service.model.order(WAITS)
    told = service.dispatch().body
    service.pace.tick = 3  # every look at the clock takes a while, as it does in life
    service.api.post(f"/approve/{told['actionId']}")
    service.pace.tick = 0
    for limit in (1, 10):
        approved, ran = walk(service, "/audit", "runs", limit)
        assert (approved["kind"], approved["status"], approved["actionId"]) == ("approve", "executed", told["actionId"])
        assert (ran["kind"], ran["status"], ran["state"]) == ("dispatch", "success", "pending")
        assert ran["cost"] == told["cost"]


def test_a_run_shows_all_of_its_events(service: Service) -> None:
    told = service.dispatch().body
    run = service.run(told["runId"])
    assert [event["seq"] for event in run["events"]] == list(range(len(run["events"])))
    assert run["chain"] == {"intact": True, "events": len(run["events"])}
    assert set(run["content"]) == {"prompt", "context", "answer"}


@pytest.mark.parametrize("path", ["/pending", "/audit"])
@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=-1",
        "limit=101",
        "limit=1e3",
        "limit=1.0",
        "limit=ten",
        "limit=",
        "limit=%20",
        "limit=%D9%A3",
        "limit=5&limit=6",
        "limit=" + "9" * 5_000,
        "unknown=1",
        "Limit=5",
        "limit%00=5",
        "x=" + "y" * 10_000,
    ],
)
def test_an_argument_that_is_wrong_is_refused(steady: Service, path: str, query: str) -> None:
    reply = steady.api.get(f"{path}?{query}")
    assert error_of(reply) == (400, "bad_request")
    assert len(reply.text) < 400


def encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


AUDIT_KEY = {"chain": REJECTABLE, "seq": 0, "list": "runs", "listKey": f"2026-01-01T00:00:00.000Z#{REJECTABLE}#0"}
PENDING_KEY = {"id": REJECTABLE, "queue": "waiting", "queueKey": f"2026-01-01T00:00:00.000Z#{REJECTABLE}"}

STRANGE_CURSORS = {
    "empty": "",
    "words": "next",
    "not base64": "%F0%9F%A4%96",
    "text": encoded("x"),
    "number": encoded(5),
    "null": encoded(None),
    "list": encoded(["chain"]),
    "empty object": encoded({}),
    "half": encoded({"chain": REJECTABLE}),
    "deep": base64.urlsafe_b64encode(b"[" * 7_000).decode(),
    "endless number": base64.urlsafe_b64encode(b'{"seq": ' + b"9" * 5_000 + b"}").decode(),
    "another list": encoded({**AUDIT_KEY, "list": "others"}),
    "another queue": encoded({**PENDING_KEY, "queue": "others"}),
    "number for text": encoded({**AUDIT_KEY, "chain": 5}),
    "text for number": encoded({**AUDIT_KEY, "seq": "0"}),
    "boolean for number": encoded({**AUDIT_KEY, "seq": True}),
    "negative": encoded({**AUDIT_KEY, "seq": -1}),
    "huge": encoded({**AUDIT_KEY, "seq": 10**60}),
    "float": encoded({**AUDIT_KEY, "seq": 0.5}),
    "empty key": encoded({**AUDIT_KEY, "chain": ""}),
    "long key": encoded({**AUDIT_KEY, "chain": "x" * 3_000}),
    "long id": encoded({**PENDING_KEY, "id": "x" * 3_000}),
    "number for id": encoded({**PENDING_KEY, "id": 1}),
    "object inside": encoded({**PENDING_KEY, "queueKey": {"S": "x"}}),
    "surrogate": base64.urlsafe_b64encode(json.dumps({**PENDING_KEY, "id": "\ud800"}).encode()).decode(),
}


@pytest.mark.parametrize("name", STRANGE_CURSORS)
@pytest.mark.parametrize("path", ["/pending", "/audit"])
def test_a_cursor_that_was_not_given_out_is_refused(steady: Service, path: str, name: str) -> None:
    cursor = STRANGE_CURSORS[name]
    query = f"cursor={cursor}" if "%" in cursor else f"cursor={quote(cursor)}"
    reply = steady.api.get(f"{path}?{query}")
    assert error_of(reply) == (400, "bad_request")
    assert len(reply.text) < 300


def test_a_cursor_of_one_list_is_none_of_the_other(service: Service) -> None:
    for _ in range(2):
        service.dispatch(777)
    cursor = service.api.get("/audit?limit=1").body["cursor"]
    assert error_of(service.api.get(f"/pending?cursor={quote(cursor)}")) == (400, "bad_request")


def test_a_cursor_outlives_the_item_it_points_at(service: Service) -> None:
    ids = make_waiting(service, 3)
    cursor = service.api.get("/pending?limit=1").body["cursor"]
    service.api.post(f"/reject/{ids[2]}")
    rest = service.api.get(f"/pending?limit=5&cursor={quote(cursor)}").body
    assert [action["id"] for action in rest["actions"]] == [ids[1], ids[0]]


def test_nothing_is_an_empty_list(service: Service) -> None:
    assert service.api.get("/pending").body == {"count": 0, "actions": [], "cursor": None}
    assert service.api.get("/audit").body == {"count": 0, "runs": [], "cursor": None}


def test_a_span_of_time_bounds_the_audit(service: Service) -> None:
    service.dispatch(777)
    [run] = service.api.get("/audit").body["runs"]
    at = run["startedAt"]
    later = at.replace("2026", "2027")
    assert service.api.get(f"/audit?since={at[:10]}").body["count"] == 1
    assert service.api.get(f"/audit?since={later[:10]}").body["count"] == 0
    assert service.api.get(f"/audit?until={later[:10]}").body["count"] == 1


@pytest.mark.parametrize(
    "query", ["since=yesterday", "until=2026", "since=2027-01-01&until=2026-01-01", "since=", "since=2026-01-01%00"]
)
def test_a_span_that_is_none_is_refused(steady: Service, query: str) -> None:
    assert error_of(steady.api.get(f"/audit?{query}")) == (400, "bad_request")


def test_a_cursor_of_another_span_is_refused(service: Service) -> None:
    service.dispatch(777)
    service.dispatch(778)
    first = service.api.get("/audit?limit=1").body
    cursor, day = quote(first["cursor"]), first["runs"][0]["startedAt"][:10]
    assert service.api.get(f"/audit?cursor={cursor}&since={day}").body["count"] == 1
    for span in ("since=2099-01-01", "until=1999-01-01"):
        assert error_of(service.api.get(f"/audit?cursor={cursor}&{span}")) == (400, "bad_request")


def test_a_plan_that_fails_to_post_waits_beside_the_others(service: Service) -> None:
    service.relay.stop()
    service.model.order(Order(text=answer()))
    told = service.dispatch().body
    service.relay.start()
    [action] = service.api.get("/pending").body["actions"]
    assert (action["id"], action["state"], action["classification"]) == (told["actionId"], "failed", "auto_safe")
    assert action["lastError"]


@pytest.mark.parametrize(
    ("query", "may_stand_there"),
    [
        ("/pending?taskType=qa-plan", "qa_plan, triage, agent_brief, sprint_plan"),
        ("/pending?target=42", "pull_request:N or issue:N"),
        ("/pending?target=pull_request:0", "pull_request:N or issue:N"),
        ("/audit?kind=dispatched", "dispatch, batch, approve"),
        ("/audit?status=pending", "running, refused, done, success"),
        ("/audit?taskType=", "qa_plan, triage"),
        ("/audit?target=pr:42", "pull_request:N or issue:N"),
        ("/audit?principal=", "the name of a token"),
    ],
)
def test_a_filter_that_can_match_nothing_says_what_may_stand_there(
    service: Service, query: str, may_stand_there: str
) -> None:
    answer = service.api.get(query)
    assert error_of(answer) == (400, "bad_request")
    assert may_stand_there in answer.body["error"]["message"]
