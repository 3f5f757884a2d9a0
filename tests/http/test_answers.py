"""One answer of every kind, each held against the document: status, headers, every field."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import replace

from core.audit.checkpoint import checkpoint
from core.canonical import iso
from core.errors import UpstreamUnavailable
from tests.http.conftest import OUTSIDE, SPEC, Served
from tests.support.fakes import WEBHOOK_SECRET, World, message, pull_request, trouble
from tests.support.issues import brief_answer, sprint_answer
from tests.support.label_runs import READY, UNCLEAR, issue

DISPATCH = "/dispatch/qa-plan"
TRIAGE = "/dispatch/triage"
BRIEF = "/dispatch/agent-brief"
SPRINT = "/dispatch/sprint-plan"
APPROVE = "/approve/{id}"
REJECT = "/reject/{id}"
UNKNOWN = "00000000-0000-4000-8000-000000000000"


def test_outcomes_of_a_dispatch(served: Served) -> None:
    body = {"prNumber": 42, "linkedIssue": 100}
    assert served.call("POST", DISPATCH, json=body).json()["state"] == "executed"
    assert served.call("POST", DISPATCH, json=body).json()["status"] == "duplicate"
    assert served.call("POST", DISPATCH, json={"prNumber": 42}).json()["reason"] == "comment_storm"
    served.world.writer.outcomes = ["failed"]
    assert served.call("POST", DISPATCH, json={**body, "force": True}).json()["state"] == "failed"
    served.world.writer.outcomes = ["lost"]
    assert served.call("POST", DISPATCH, json={**body, "force": True}).json()["state"] == "outcome_unknown"


def test_dispatches_that_fail(served: Served) -> None:
    body = {"prNumber": 42}
    for reply, status in ((message({"no": "plan"}), 422), (trouble(400), 502), (message(stop_reason="refusal"), 502)):
        served.world.model.replies = [reply]
        assert served.call("POST", DISPATCH, json=body).status_code == status
    assert served.call("POST", DISPATCH, json={"prNumber": 7}).status_code == 404
    served.world.github.pulls[42] = pull_request(state="closed")
    assert served.call("POST", DISPATCH, json=body).status_code == 409
    served.world.github.reading = UpstreamUnavailable("as told")
    assert served.call("POST", DISPATCH, json=body).status_code == 502


def test_dispatches_that_have_to_wait(served: Served) -> None:
    limits = served.world.app.settings.limits
    original = served.world.app
    body = {"prNumber": 42}
    for tight, reason in (
        (replace(limits, tasks_per_window=0), "task_limit"),
        (replace(limits, window_ceiling=1), "budget_exhausted"),
    ):
        served.world.app = replace(original, settings=replace(original.settings, limits=tight))
        answer = served.call("POST", DISPATCH, json=body)
        assert (answer.status_code, answer.json()["reason"]) == (429, reason)
    served.world.app = replace(original, start_worker=lambda event: None)
    assert served.call("POST", DISPATCH, json=body, headers={"prefer": "respond-async"}).status_code == 202
    assert served.call("POST", DISPATCH, json=body).status_code == 409
    for _ in range(limits.error_rate_min_tasks):
        served.world.app = original
        served.world.model.replies = [trouble(401)]
        served.call("POST", DISPATCH, json={**body, "force": True})
    assert served.call("POST", DISPATCH, json={**body, "force": True}).status_code == 503


def test_deciding(served: Served) -> None:
    action = served.waiting()
    one = f"/pending/{action['actionId']}"
    assert served.call("GET", one, "/pending/{id}").json()["state"] == "pending"
    path = f"/approve/{action['actionId']}"
    assert served.call("GET", "/pending").json()["count"] == 1
    assert served.call("POST", path, APPROVE, headers={"if-match": f'"{"0" * 64}"'}).status_code == 412
    served.world.github.pulls[42] = pull_request(head_sha="b" * 40)
    moved = served.call("POST", path, APPROVE)
    assert (moved.status_code, "digest" in moved.json()) == (409, True)
    served.world.writer.outcomes = ["failed", "lost"]
    stale = {"if-match": f'"{moved.json()["digest"]}"'}
    assert served.call("POST", path, APPROVE, headers=stale).status_code == 502
    assert served.call("POST", path, APPROVE, headers=stale).status_code == 202
    assert served.call("POST", path, APPROVE, json={"note": "landed"}, headers=stale).json()["status"] == "executed"
    assert served.call("GET", one, "/pending/{id}").json()["decidedBy"] == "captain"
    assert served.call("POST", path, APPROVE).status_code == 409
    assert served.call("POST", f"/reject/{action['actionId']}", REJECT).status_code == 409
    for route in (APPROVE, REJECT):
        assert served.call("POST", route.replace("{id}", UNKNOWN), route).status_code == 404
    assert served.call("GET", "/pending").json()["actions"] == []


def test_rejecting_and_expiring(served: Served) -> None:
    first = served.waiting()["actionId"]
    assert served.call("POST", f"/reject/{first}", REJECT, json={"reason": "not ours"}).json()["status"] == "rejected"
    served.world.model.replies = [message(OUTSIDE)]
    second = served.call("POST", DISPATCH, json={"prNumber": 42, "force": True}).json()["actionId"]
    served.world.github.pulls[42] = pull_request(state="closed")
    assert served.call("POST", f"/approve/{second}", APPROVE).json()["state"] == "expired"


def test_shadow_mode(served: Served) -> None:
    action = served.waiting()["actionId"]
    app = served.world.app
    served.world.app = replace(app, settings=replace(app.settings, shadow_mode=True))
    assert served.call("POST", f"/approve/{action}", APPROVE).json()["status"] == "shadowed"


def test_the_audit_and_the_breaker(served: Served) -> None:
    run = served.waiting()["runId"]
    assert served.call("GET", "/audit?limit=1").json()["count"] == 1
    whole = served.call("GET", f"/audit/{run}", "/audit/{runId}").json()
    assert set(whole["content"]) == {"prompt", "answer", "context"}
    assert served.call("GET", f"/audit/{UNKNOWN}", "/audit/{runId}").status_code == 404
    assert served.call("POST", "/circuit/reset").json()["status"] == "reset"
    assert {entry["kind"] for entry in served.call("GET", "/audit").json()["runs"]} == {"dispatch", "reset"}
    assert served.call("GET", "/health").status_code == 200


def test_checkpoints_and_proofs(served: Served) -> None:
    world = served.world
    run = served.waiting()["runId"]
    assert served.call("GET", "/audit/checkpoint").status_code == 404
    path = f"/audit/{run}?proof=1"
    assert {proof["checkpoint"] for proof in served.call("GET", path, "/audit/{runId}").json()["proofs"]} == {None}
    world.clock.forward(3600)
    assert checkpoint(world.app, world.clock.now() + 60_000)["checkpoints"] == 1
    number = served.call("GET", "/audit/checkpoint").json()["number"]
    assert served.call("GET", f"/audit/checkpoint?number={number}").status_code == 200
    assert {proof["checkpoint"] for proof in served.call("GET", path, "/audit/{runId}").json()["proofs"]} == {number}


def test_erasing(served: Served) -> None:
    plan = served.waiting()
    path, route = f"/audit/{plan['runId']}/erase", "/audit/{runId}/erase"
    assert served.call("POST", path, route, json={"reason": "as asked"}).status_code == 409
    served.call("POST", f"/reject/{plan['actionId']}", REJECT)
    assert served.call("POST", path, route, json={"reason": "as asked"}).json()["status"] == "erased"
    assert served.call("GET", f"/audit/{plan['runId']}", "/audit/{runId}").json()["content"] == {}


def test_deliveries_of_github(served: Served) -> None:
    path, world = "/webhook/github", served.world
    assert served.call("POST", path, data=b"{}").status_code == 404
    settings = replace(world.app.settings, webhook=True, webhook_allowed=frozenset({"alice"}), phase="phase1")
    world.app = replace(world.app, settings=settings, start_worker=lambda event: None)
    payload = {
        "action": "labeled",
        "label": {"name": "needs:qa"},
        "pull_request": {"number": 42, "state": "open", "updated_at": iso(world.clock.at)},
        "repository": {"full_name": "dfg/app"},
        "sender": {"login": "alice", "type": "User"},
    }
    kinds = (("ping", {}, 200), ("push", {}, 200), *(("pull_request", payload, status) for status in (202, 409)))
    for kind, body, status in (*kinds, ("pull_request", {"action": "labeled"}, 400)):
        data = json.dumps(body).encode()
        signature = hmac.new(WEBHOOK_SECRET.encode(), data, hashlib.sha256).hexdigest()
        headers = {
            "content-type": "application/json",
            "x-github-event": kind,
            "x-github-delivery": UNKNOWN,
            "x-hub-signature-256": f"sha256={signature}",
        }
        assert served.call("POST", path, data=data, headers=headers).status_code == status
    assert served.call("POST", path, data=b"{}").status_code == 401


def in_phase4(served: Served) -> World:
    world = served.world
    settings = replace(world.app.settings, phase="phase4", prerequisites_confirmed=True)
    world.app = replace(world.app, settings=settings)
    for number, labels in ((7, ("status:triage",)), (8, ("status:triage",)), (9, ("status:done",)), (300, ())):
        world.github.known[number] = issue(*labels, number=number)
    return world


def test_triage_of_one_issue(served: Served) -> None:
    body = {"issueNumber": 7}
    assert served.call("POST", TRIAGE, json=body).status_code == 403
    world = in_phase4(served)
    world.model.replies = [message(UNCLEAR), message(READY), message({"no": "triage"}), trouble(400)]
    assert served.call("POST", TRIAGE, json=body).json()["state"] == "executed"
    assert served.call("POST", TRIAGE, json=body).json()["status"] == "duplicate"
    assert served.call("POST", TRIAGE, json={**body, "force": True}).json()["state"] == "executed"
    assert served.call("POST", TRIAGE, json={"issueNumber": 8}).status_code == 422
    assert served.call("POST", TRIAGE, json={"issueNumber": 8}).status_code == 502
    world.model.replies = [message({**READY, "components": []})]
    world.github.known[8] = issue("status:ready", "prio:P1", "sprint:n", number=8)
    assert served.call("POST", TRIAGE, json={"issueNumber": 8}).json()["state"] == "nothing_to_do"
    assert served.call("POST", TRIAGE, json={"issueNumber": 999}).status_code == 404
    assert served.call("POST", TRIAGE, json={}).status_code == 400


def test_triage_of_several_issues(served: Served) -> None:
    world = in_phase4(served)
    world.model.replies = [message(READY), message(READY)]
    both = served.call("POST", TRIAGE, json={"issueNumbers": [7, 9, 999]}).json()
    assert [task["status"] for task in both["tasks"]] == ["success", "rejected", "error"]
    assert served.call("GET", f"/audit/{both['runId']}", "/audit/{runId}").json()["chain"]["intact"]
    assert served.call("POST", TRIAGE, json={"issueNumbers": [7]}).json()["status"] == "duplicate"
    world.model.replies = [message(READY), trouble(400)]
    assert served.call("POST", TRIAGE, json={"issueNumbers": [9]}).status_code == 422
    assert served.call("POST", TRIAGE, json={"issueNumbers": [8]}).status_code == 502
    assert served.call("POST", TRIAGE, json={"issueNumbers": [999]}).status_code == 404
    original = world.app
    tight = replace(original.settings, limits=replace(original.settings.limits, window_ceiling=1))
    world.app = replace(original, settings=tight)
    assert served.call("POST", TRIAGE, json={"issueNumbers": [8, 9]}).status_code == 429
    world.app = replace(original, start_worker=lambda event: None)
    asynchronous = {"headers": {"prefer": "respond-async"}, "json": {"issueNumbers": [8, 9]}}
    assert served.call("POST", TRIAGE, **asynchronous).status_code == 202
    assert served.call("POST", TRIAGE, **asynchronous).status_code == 409
    assert {run["kind"] for run in served.call("GET", "/audit").json()["runs"]} == {"batch", "dispatch", "refusal"}


def test_briefs_and_sprint_plans(served: Served) -> None:
    world = in_phase4(served)
    path = "dfg_api/pricing.py"
    world.model.replies = [*map(message, (brief_answer(files=[path]), brief_answer(), sprint_answer((7, "current"))))]
    assert served.call("POST", BRIEF, json={"issueNumber": 7}).json()["state"] == "executed"
    assert served.call("POST", BRIEF, json={"issueNumber": 8}).status_code == 422
    body = {"planningIssue": 300, "issueNumbers": [7], "capacity": 1, "dependencies": [{"issue": 7, "on": [8]}]}
    plan = served.call("POST", SPRINT, json=body).json()
    assert [action["state"] for action in plan["actions"]] == ["executed", "pending"]
    assert served.call("GET", "/pending").json()["count"] == 1
    path = f"/approve/{plan['actions'][1]['actionId']}"
    assert served.call("POST", path, APPROVE).json()["actionType"] == "change_labels"
    assert served.call("POST", SPRINT, json={"planningIssue": 300, "issueNumbers": [300]}).status_code == 400


def test_labels_that_would_be_sent(served: Served) -> None:
    world = in_phase4(served)
    world.app = replace(world.app, settings=replace(world.app.settings, shadow_mode=True))
    world.model.replies = [message(READY)]
    assert served.call("POST", TRIAGE, json={"issueNumber": 7}).json()["wouldSend"]["remove"] == ["status:triage"]


def test_every_route_but_the_public_ones_wants_a_token(served: Served) -> None:
    for path, item in SPEC["paths"].items():
        for method, operation in item.items():
            answer = served.call(method.upper(), path.replace("{", "").replace("}", ""), path, token=None)
            assert (answer.status_code == 401) == (operation.get("security") != []), path


def test_what_is_refused_before_anything_is_read(served: Served) -> None:
    assert served.call("POST", DISPATCH, json={"prNumber": "42"}).status_code == 400
    assert served.call("POST", DISPATCH, json={"prNumber": 42, "padding": "x" * 17_000}).status_code == 413
    assert served.call("GET", "/pending?limit=0").status_code == 400
    assert served.call("GET", "/audit?since=yesterday").status_code == 400
    assert served.call("GET", "/pending?taskType=qa-plan").status_code == 400


def test_phases_and_their_evidence(served: Served) -> None:
    assert served.call("GET", "/phases").json()["evidence"] == []
    served.waiting()
    [line] = served.call("GET", "/phases?days=90").json()["evidence"]
    assert (line["waiting"], line["costPerAccepted"]) == (1, None)
    assert served.call("GET", "/phases?days=91").status_code == 400
