"""POST /dispatch/qa-plan: what it answers, what it posts, what it records, what it pays."""

from __future__ import annotations

import json
import uuid
from typing import Any

from local.model import Order
from local.stack import Stack
from tests.handlers.conftest import MakeService
from tests.support.answers import FILE, REFUSED, WAITS
from tests.support.caller import Caller, Reply
from tests.support.records import only_refusal
from tests.support.service import DISPATCH, Service

ENDED = ["policy.judged", "action.intended", "action.executed", "run.finished"]


def dispatch(api: Caller, **fields: Any) -> Reply:
    return api.post(DISPATCH, {"prNumber": 42, "linkedIssue": 100, **fields})


# --- through all processes ---------------------------------------------------------------------


def test_a_plan_is_posted_once_and_told(stack: Stack, api: Caller) -> None:
    reply = dispatch(api)
    body = reply.body
    assert (reply.status, body["status"]) == (200, "success")
    assert (body["executed"], body["state"], body["classification"]) == (True, "executed", "auto_safe")
    for name in ("runId", "taskResultId", "actionId"):
        assert str(uuid.UUID(body[name])) == body[name]
    assert len(body["digest"]) == 64
    assert body["tokens"]["input"] > 0
    assert body["tokens"]["output"] > 0
    assert body["checks"] == []
    [comment] = stack.repository.comments(42)
    assert comment["body"].startswith("## 🤖 QA Test Plan")
    assert comment["body"].endswith(f"<!-- dfg-orchestrator action={body['actionId']} -->")
    assert comment["body"].startswith(body["preview"])
    assert FILE in comment["body"]


def test_the_same_dispatch_again_is_a_duplicate_and_asks_no_model(stack: Stack, api: Caller) -> None:
    assert stack.model is not None
    first = dispatch(api)
    again = dispatch(api)
    assert again.status == 200
    assert again.body == {**first.body, "status": "duplicate"}
    assert len(stack.model.calls.entries()) == 1
    assert len(stack.repository.comments(42)) == 1
    stack.repository.push(42, "f" * 40)
    assert dispatch(api).body["status"] == "success"
    assert len(stack.model.calls.entries()) == 2


def test_an_accepted_dispatch_is_in_progress_until_it_ends(stack: Stack, api: Caller) -> None:
    assert stack.model is not None
    assert stack.invoke is not None
    delivered = len(stack.invoke.deliveries.entries())
    stack.model.order(Order(hold=True))
    reply = api.post(DISPATCH, {"prNumber": 42}, prefer="respond-async")
    run_id = reply.body["runId"]
    assert (reply.status, reply.body) == (202, {"status": "accepted", "runId": run_id})
    assert reply.headers["location"] == f"/audit/{run_id}"
    assert stack.model.calls.wait_for(lambda calls: len(calls) == 1, timeout=30)
    second = api.post(DISPATCH, {"prNumber": 42})
    assert (second.status, second.body) == (409, {"status": "in_progress", "runId": run_id})
    assert api.get(reply.headers["location"]).body["events"][-1]["type"] == "charge.requested"
    stack.model.release()
    assert stack.invoke.deliveries.wait_for(lambda all_: len(all_) > delivered, timeout=30)
    events = api.get(reply.headers["location"]).body["events"]
    assert [event["type"] for event in events][-4:] == ENDED
    assert len(stack.model.calls.entries()) == 1


def test_a_run_that_outlasts_the_gateway_is_accepted_and_goes_on(make_service: MakeService) -> None:
    service = make_service(late=True)
    began = service.clock.at
    reply = service.dispatch()
    run_id = reply.body["runId"]
    assert (reply.status, reply.body) == (202, {"status": "accepted", "runId": run_id})
    assert reply.headers["location"] == f"/audit/{run_id}"
    assert 20_000 < service.clock.at - began < 28_000
    assert service.dispatch().status == 409
    service.deliver()
    [ended] = service.events(run_id, "run.finished")
    assert (ended["status"], ended["state"]) == ("success", "executed")
    assert service.dispatch().body["status"] == "duplicate"
    assert (service.asked(), len(service.comments())) == (1, 1)


def test_what_policy_refuses_is_told_with_its_checks_and_not_posted(stack: Stack, api: Caller) -> None:
    assert stack.model is not None
    stack.model.order(REFUSED)
    reply = dispatch(api)
    assert (reply.status, reply.body["status"]) == (422, "rejected")
    assert reply.body["classification"] == "rejected"
    assert reply.body["error"]["code"] == "policy_rejected"
    [check] = reply.body["checks"]
    assert (check["severity"], check["field"]) == ("refuse", "general_checks[0]")
    assert set(check) == {"rule", "field", "severity", "excerpt", "why"}
    assert stack.repository.comments(42) == []
    assert api.get("/pending").body["count"] == 0
    assert dispatch(api).body["status"] == "success"


def test_what_policy_asks_about_waits(stack: Stack, api: Caller) -> None:
    assert stack.model is not None
    stack.model.order(WAITS)
    reply = dispatch(api)
    assert (reply.status, reply.body["status"]) == (200, "success")
    assert (reply.body["executed"], reply.body["state"]) == (False, "pending")
    assert reply.body["classification"] == "requires_approval"
    assert stack.repository.comments(42) == []
    [waiting] = api.get("/pending").body["actions"]
    assert (waiting["id"], waiting["digest"]) == (reply.body["actionId"], reply.body["digest"])
    assert dispatch(api).body == {**reply.body, "status": "duplicate"}


# --- with a clock and settings of their own -----------------------------------------------------


def test_after_the_window_the_same_content_runs_again(service: Service) -> None:
    assert service.dispatch().body["status"] == "success"
    service.clock.forward(24 * 3600 - 1)
    assert service.dispatch().body["status"] == "duplicate"
    service.clock.forward(1)
    assert service.dispatch().body["status"] == "success"


def test_a_second_plan_for_the_same_head_is_a_storm_before_anything_is_paid(service: Service) -> None:
    service.dispatch()
    paid = service.charged()
    service.repository.change_pull(42, title="Another title")
    reply = service.dispatch()
    assert (reply.status, reply.body["status"], reply.body["reason"]) == (200, "skipped", "comment_storm")
    assert (service.asked(), service.charged(), len(service.comments())) == (1, paid, 1)
    [finished] = service.events(reply.body["runId"], "run.finished")
    assert (finished["status"], finished["reason"]) == ("skipped", "comment_storm")
    service.clock.forward(6 * 3600)
    assert service.dispatch().body["status"] == "success"


def test_a_duplicate_is_told_before_a_storm(service: Service) -> None:
    first = service.dispatch().body
    assert service.dispatch().body == {**first, "status": "duplicate"}


def test_force_runs_again_and_is_on_record(service: Service) -> None:
    service.dispatch()
    reply = service.dispatch(force=True)
    assert (reply.status, reply.body["status"], reply.body["executed"]) == (200, "success", True)
    [started] = service.events(reply.body["runId"], "run.started")
    assert (started["force"], started["principal"]) == (True, "captain")
    assert len(service.comments()) == 2


def test_an_open_breaker_says_when_to_come_back(service: Service) -> None:
    service.app.ledger.trip("as told", service.clock.at)
    reply = service.dispatch()
    assert (reply.status, reply.body["status"], reply.body["reason"]) == (503, "skipped", "circuit_open")
    assert reply.headers["retry-after"] == "900"
    assert (service.asked(), service.charged()) == (0, "0.000000")
    assert service.api.get("/health").body["circuitBreaker"]["isOpen"] is True
    service.clock.forward(900)
    assert service.dispatch().body["status"] == "success"
    assert service.api.get("/health").body["circuitBreaker"]["state"] == "closed"


def test_a_reset_closes_the_breaker_and_keeps_the_charges(service: Service) -> None:
    service.dispatch()
    paid = service.charged()
    service.app.ledger.trip("as told", service.clock.at)
    reply = service.api.post("/circuit/reset")
    assert (reply.status, reply.body["status"]) == (200, "reset")
    assert "was open" in reply.body["message"]
    assert service.charged() == paid
    assert service.dispatch(force=True).body["status"] == "success"
    assert any(run["kind"] == "reset" for run in service.api.get("/audit").body["runs"])


def test_a_missing_breaker_row_denies_and_a_reset_creates_it(service: Service) -> None:
    service.client.delete_item(TableName=service.tables["BREAKER_TABLE"], Key={"id": {"S": "breaker"}})
    health = service.api.get("/health")
    assert (health.status, health.body["status"]) == (503, "degraded")
    reply = service.dispatch()
    assert (reply.status, reply.body["reason"]) == (503, "circuit_open")
    assert int(reply.headers["retry-after"]) > 0
    assert service.asked() == 0
    assert service.api.post("/circuit/reset").status == 200
    assert service.dispatch().body["status"] == "success"


def test_a_spent_budget_answers_429_and_heals_by_itself(make_service: MakeService) -> None:
    service = make_service(MAX_COST_PER_WINDOW_USD="0.30")
    service.app.ledger.reserve("other", 299_000, 1, service.clock.at, service.clock.at)
    reply = service.dispatch()
    assert (reply.status, reply.body["status"], reply.body["reason"]) == (429, "skipped", "budget_exhausted")
    assert reply.headers["retry-after"] == "3602" == str(reply.body["retryAfter"])
    assert (service.asked(), service.charged()) == (0, "0.299000")
    assert service.api.get("/health").body["circuitBreaker"]["isOpen"] is False
    service.clock.forward(3602)
    assert service.dispatch().body["status"] == "success"


def test_the_task_limit_answers_429(make_service: MakeService) -> None:
    service = make_service(MAX_TASKS_PER_WINDOW="1")
    service.dispatch()
    service.repository.push(42, "b" * 40)
    reply = service.dispatch()
    assert (reply.status, reply.body["status"], reply.body["reason"]) == (429, "skipped", "task_limit")
    assert int(reply.headers["retry-after"]) == 3602
    assert service.asked() == 1


def test_shadow_mode_makes_the_plan_and_sends_nothing(make_service: MakeService) -> None:
    service = make_service(SHADOW_MODE="on")
    reply = service.dispatch()
    assert (reply.status, reply.body["executed"], reply.body["state"]) == (200, False, "shadowed")
    assert reply.body["wouldSend"]["body"].startswith(reply.body["preview"])
    assert reply.body["actionId"] in reply.body["wouldSend"]["body"]
    assert service.sent() == 0
    assert service.api.get("/pending").body["count"] == 0


def test_a_phase_without_its_prerequisites_forbids_the_dispatch(make_service: MakeService) -> None:
    service = make_service(PHASE="phase2")
    before = service.contents()
    reply = service.dispatch()
    assert (reply.status, reply.body["error"]["code"]) == (403, "phase")
    assert "PRE_006_CI_GATING" in reply.body["error"]["message"]
    assert service.asked() == 0
    assert only_refusal(before, service.contents())["code"] == "phase"


def test_a_confirmed_phase_allows_what_it_did_before(make_service: MakeService) -> None:
    service = make_service(PHASE="phase2", PRE_006_CI_GATING="confirmed", CRIT_001_DEBUG_ENDPOINTS="confirmed")
    assert service.dispatch().body["executed"] is True


def test_a_plan_without_a_linked_issue(service: Service) -> None:
    service.repository.change_pull(42, body="See #100, which this does not close.")
    reply = service.api.post(DISPATCH, {"prNumber": 42})
    assert reply.body["executed"] is True
    assert "issue" not in {call.operation for call in service.github.faults.calls.entries()}


def test_nothing_to_test_is_an_honest_plan(service: Service) -> None:
    readme = {
        "filename": "README.md",
        "status": "modified",
        "additions": 1,
        "deletions": 1,
        "changes": 2,
        "patch": "@@",
    }
    service.repository.push(42, "d" * 40, [readme])
    assert service.dispatch().body["executed"] is True
    assert "Nothing to test" in service.comments()[0]


def test_every_figure_agrees_with_the_usage_that_the_model_reported(service: Service) -> None:
    service.model.order(Order(input_tokens=3_333, output_tokens=777))
    body = service.dispatch().body
    cost = 3_333 * 2 + 777 * 10
    assert body["cost"] == "0.014436" == f"{cost / 1_000_000:.6f}"
    assert body["tokens"] == {"input": 3_333, "output": 777}
    assert service.charged() == "0.014436"
    [answered] = service.events(body["runId"], "generation.answered")
    assert answered["usage"] == {"input": 3_333, "output": 777, "cacheRead": 0, "cacheWrite": 0}
    assert answered["cost"] == cost
    [settled] = service.events(body["runId"], "charge.settled")
    [finished] = service.events(body["runId"], "run.finished")
    assert settled["charged"] == finished["charged"] == cost
    [listed] = service.api.get("/audit").body["runs"]
    assert listed["cost"] == "0.014436"
    raw = json.loads(service.run(body["runId"])["content"]["answer"]["text"])["usage"]
    assert (raw["input_tokens"], raw["output_tokens"]) == (3_333, 777)


def test_what_was_stored_is_what_was_sent(service: Service) -> None:
    body = service.dispatch().body
    run = service.run(body["runId"])
    [sent] = service.model.calls.entries()
    assert run["content"]["prompt"]["text"].encode() == sent
    assert FILE in run["content"]["prompt"]["text"]
    [stored] = service.events(body["runId"], "prompt.stored")
    assert stored["prompt"] == run["content"]["prompt"]["digest"]
    [call] = [call for call in service.relay.faults.calls.entries() if call.operation == "relay.comment"]
    assert json.loads(call.body) == {"issue": 42, "body": service.comments()[0], "repo": service.repository.name}
