"""POST /approve/{id} and /reject/{id}: an action's life as the Captain decides it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from local.faults import Fault
from local.stack import Stack
from tests.handlers.conftest import MakeService
from tests.support.answers import WAITS
from tests.support.caller import Caller, Reply, error_of
from tests.support.records import only_refusal
from tests.support.service import DISPATCH, Service

LOST = Fault(lose_answer=True)
LATE = Fault(land_later=True)
HUNG_UP = Fault(hang_up=True)


def waiting(service: Service) -> str:
    service.model.order(WAITS)
    return str(service.dispatch().body["actionId"])


def unanswered(service: Service, fault: Fault) -> str:
    service.relay.faults.order("relay.comment", fault)
    reply = service.dispatch()
    assert reply.body["state"] == "outcome_unknown"
    return str(reply.body["actionId"])


def approve(service: Service, action_id: str, **headers: str) -> Reply:
    return service.api.post(f"/approve/{action_id}", None, **headers)


def refused(service: Service, reply: Reply, state: str, status: int = 409, code: str = "conflict") -> str:
    assert error_of(reply) == (status, code)
    assert reply.body["state"] == state
    return str(reply.body["error"]["message"])


def state_of(service: Service, action_id: str) -> str:
    return next(str(a["state"]) for a in service.api.get("/pending").body["actions"] if a["id"] == action_id)


def newest(service: Service, kind: str) -> list[str]:
    """The events of the newest chain of this kind."""
    [run, *_] = [run for run in service.api.get("/audit").body["runs"] if run["kind"] == kind]
    return [event["type"] for event in service.run(run["runId"])["events"]]


# --- what waits ----------------------------------------------------------------------------------


def test_an_approval_posts_once_and_is_single_use(service: Service) -> None:
    action_id = waiting(service)
    paid = service.charged()
    reply = approve(service, action_id)
    assert reply.status == 200
    assert reply.body["status"] == "executed"
    assert (reply.body["actionId"], reply.body["actionType"]) == (action_id, "add_comment")
    assert newest(service, "approve") == ["approval.granted", "action.intended", "action.executed"]
    before = service.contents()
    refused(service, approve(service, action_id), "executed")
    assert only_refusal(before, service.contents())["code"] == "conflict"
    refused(service, service.api.post(f"/reject/{action_id}"), "executed")
    assert (len(service.comments()), service.sent(), service.asked()) == (1, 1, 1)
    assert service.charged() == paid
    assert service.api.get("/pending").body["count"] == 0


def test_what_is_posted_is_what_was_shown(service: Service) -> None:
    action_id = waiting(service)
    [shown] = service.api.get("/pending").body["actions"]
    approve(service, action_id)
    assert service.comments() == [shown["payload"]["body"]]


def test_an_approval_counts_for_the_storm_rule(service: Service) -> None:
    approve(service, waiting(service))
    service.repository.change_pull(42, title="Another title")
    assert service.dispatch().body["reason"] == "comment_storm"


def test_a_rejection_is_final(service: Service) -> None:
    action_id = waiting(service)
    reply = service.api.post(f"/reject/{action_id}", {"reason": "Covered elsewhere. Schön ✓"})
    assert (reply.status, reply.body) == (200, {"status": "rejected", "actionId": action_id})
    refused(service, approve(service, action_id), "rejected")
    refused(service, service.api.post(f"/reject/{action_id}"), "rejected")
    assert (service.comments(), service.sent()) == ([], 0)
    [run] = [run for run in service.api.get("/audit").body["runs"] if run["event"] == "action.rejected"]
    [event] = service.run(run["runId"])["events"]
    assert event["data"]["reason"] == "Covered elsewhere. Schön ✓"
    assert event["data"]["principal"] == "captain"


def test_a_rejection_needs_no_reason(service: Service) -> None:
    assert service.api.post(f"/reject/{waiting(service)}").body["status"] == "rejected"


def test_an_approval_expires(service: Service) -> None:
    action_id = waiting(service)
    service.clock.forward(7 * 86_400)
    assert service.api.get("/pending").body["count"] == 0
    refused(service, approve(service, action_id), "expired")
    refused(service, approve(service, action_id), "expired")
    refused(service, service.api.post(f"/reject/{action_id}"), "expired")
    assert service.sent() == 0


def test_nothing_waits_where_approvals_expire_at_once(make_service: MakeService) -> None:
    service = make_service(APPROVAL_EXPIRY_DAYS="0")
    action_id = waiting(service)
    assert service.api.get("/pending").body["count"] == 0
    refused(service, approve(service, action_id), "expired")


# --- bound to what was looked at -------------------------------------------------------------------


@pytest.mark.parametrize("form", ['"{}"', "{}", ' "{}" ', 'W/"{}"'])
def test_the_recorded_digest_approves(service: Service, form: str) -> None:
    action_id = waiting(service)
    [shown] = service.api.get("/pending").body["actions"]
    assert approve(service, action_id, if_match=form.format(shown["digest"])).status == 200


@pytest.mark.parametrize("digest", ["", '""', '"*"', "**", '"' + "f" * 64 + '"', "x" * 5_000, '"a", "b"'])
def test_another_digest_is_a_412_and_nothing_is_sent(service: Service, digest: str) -> None:
    action_id = waiting(service)
    [shown] = service.api.get("/pending").body["actions"]
    before = service.contents()
    reply = approve(service, action_id, if_match=digest)
    refused(service, reply, "pending", 412, "digest_mismatch")
    assert reply.body["digest"] == shown["digest"]
    assert only_refusal(before, service.contents())["code"] == "digest_mismatch"
    assert service.sent() == 0


@pytest.mark.parametrize("form", ["*", " * "])
def test_any_action_fulfils_a_star_but_not_one_whose_target_has_moved(service: Service, form: str) -> None:
    head = service.repository.pull(42)["head"]["sha"]
    action_id = waiting(service)
    service.repository.push(42, "e" * 40)
    refused(service, approve(service, action_id, if_match=form), "pending")
    service.repository.push(42, head)
    assert approve(service, action_id, if_match=form).body["status"] == "executed"
    assert service.sent() == 1


def test_a_moved_pull_request_is_a_409_with_the_digest_that_approves_it_as_stale(service: Service) -> None:
    action_id = waiting(service)
    [shown] = service.api.get("/pending").body["actions"]
    service.repository.push(42, "e" * 40)
    reply = approve(service, action_id, if_match=f'"{shown["digest"]}"')
    refused(service, reply, "pending")
    assert reply.body["digest"] != shown["digest"]
    assert service.sent() == 0
    assert approve(service, action_id, if_match=f'"{reply.body["digest"]}"').body["status"] == "executed"
    assert service.comments() == [shown["payload"]["body"]]


def test_a_closed_pull_request_ends_the_action(service: Service) -> None:
    action_id = waiting(service)
    service.repository.change_pull(42, state="closed")
    refused(service, approve(service, action_id), "expired")
    assert service.sent() == 0


def test_github_that_cannot_be_read_leaves_the_action_waiting(service: Service) -> None:
    action_id = waiting(service)
    service.github.faults.order("pull", Fault(status=500))
    assert error_of(approve(service, action_id)) == (502, "github_unavailable")
    assert state_of(service, action_id) == "pending"
    assert approve(service, action_id).status == 200


# --- attempts that end otherwise -------------------------------------------------------------------


def test_a_posting_that_is_refused_is_a_502_and_can_be_approved_again(service: Service) -> None:
    action_id = waiting(service)
    service.relay.faults.order("relay.comment", Fault(status=422))
    reply = approve(service, action_id)
    assert (reply.status, reply.body["status"], reply.body["state"]) == (502, "failed", "failed")
    assert reply.body["error"]["code"] == "failed"
    assert newest(service, "approve") == ["approval.granted", "action.intended", "action.failed"]
    assert state_of(service, action_id) == "failed"
    assert approve(service, action_id).body["status"] == "executed"
    assert (len(service.comments()), service.asked()) == (1, 1)


def test_a_posting_without_an_answer_is_a_202_and_is_not_repeated(service: Service) -> None:
    action_id = waiting(service)
    service.relay.faults.order("relay.comment", LOST)
    reply = approve(service, action_id)
    assert (reply.status, reply.body["status"]) == (202, "outcome_unknown")
    assert newest(service, "approve") == ["approval.granted", "action.intended", "action.outcome_unknown"]
    found = approve(service, action_id)
    assert (found.status, found.body["status"]) == (200, "executed")
    assert (service.sent(), len(service.comments())) == (1, 1)


def test_shadow_mode_sends_nothing_at_an_approval_either(make_service: MakeService) -> None:
    service = make_service(SHADOW_MODE="on")
    action_id = waiting(service)
    reply = approve(service, action_id)
    assert (reply.status, reply.body["status"]) == (200, "shadowed")
    assert action_id in reply.body["wouldSend"]["body"]
    assert service.sent() == 0


# --- when it is not known whether it was posted ----------------------------------------------------


def test_the_marker_on_github_makes_it_executed(service: Service) -> None:
    action_id = unanswered(service, LOST)
    reply = approve(service, action_id)
    assert (reply.status, reply.body["status"]) == (200, "executed")
    assert newest(service, "look") == ["action.executed"]
    assert (service.sent(), len(service.comments())) == (1, 1)
    refused(service, approve(service, action_id), "executed")


def test_before_the_settle_time_nothing_is_sent(service: Service) -> None:
    action_id = unanswered(service, HUNG_UP)
    assert "may still land" in refused(service, approve(service, action_id), "outcome_unknown")
    service.clock.forward(899)
    refused(service, approve(service, action_id), "outcome_unknown")
    assert service.sent() == 1
    service.clock.forward(1)
    assert approve(service, action_id).body["status"] == "executed"
    assert (service.sent(), len(service.comments())) == (2, 1)


def test_sending_again_says_what_it_assumes(service: Service) -> None:
    action_id = unanswered(service, HUNG_UP)
    service.clock.forward(900)
    approve(service, action_id)
    [run, *_] = [run for run in service.api.get("/audit").body["runs"] if run["kind"] == "approve"]
    [granted] = service.events(run["runId"], "approval.granted")
    assert "will not land any more" in granted["assumes"]


def test_the_settle_time_begins_anew_with_each_attempt(service: Service) -> None:
    action_id = unanswered(service, HUNG_UP)
    service.clock.forward(900)
    service.relay.faults.order("relay.comment", HUNG_UP)
    assert approve(service, action_id).status == 202
    refused(service, approve(service, action_id), "outcome_unknown")
    service.clock.forward(900)
    assert approve(service, action_id).status == 200
    assert len(service.comments()) == 1


def test_a_comment_that_lands_late_is_found(service: Service) -> None:
    action_id = unanswered(service, LATE)
    refused(service, approve(service, action_id), "outcome_unknown")
    service.relay.faults.land()
    service.clock.forward(900)
    assert approve(service, action_id).body["status"] == "executed"
    assert (service.sent(), len(service.comments())) == (1, 1)


@pytest.mark.parametrize("operation", ["comments", "*"])
def test_where_github_cannot_be_read_nothing_is_sent(service: Service, operation: str) -> None:
    action_id = unanswered(service, LOST)
    service.clock.forward(900)
    service.github.faults.order(operation, Fault(status=502), times=None)
    assert "cannot be seen" in refused(service, approve(service, action_id), "outcome_unknown")
    service.github.faults.clear()
    assert approve(service, action_id).body["status"] == "executed"
    assert (service.sent(), len(service.comments())) == (1, 1)


@pytest.mark.parametrize("change", ["push", "close"])
def test_a_comment_that_landed_counts_whatever_became_of_its_target(service: Service, change: str) -> None:
    action_id = unanswered(service, LOST)
    if change == "push":
        service.repository.push(42, "e" * 40)
    else:
        service.repository.change_pull(42, state="closed")
    reply = approve(service, action_id)
    assert (reply.status, reply.body["status"]) == (200, "executed")
    assert service.sent() == 1


def test_a_strangers_comment_with_our_marker_does_not_count(service: Service) -> None:
    action_id = unanswered(service, HUNG_UP)
    service.repository.comment(42, "stranger", f"Done.\n<!-- dfg-orchestrator action={action_id} -->")
    refused(service, approve(service, action_id), "outcome_unknown")


def test_without_an_author_no_marker_counts_and_nothing_is_sent(make_service: MakeService) -> None:
    service = make_service(COMMENT_AUTHOR="")
    action_id = unanswered(service, LOST)
    service.clock.forward(900)
    assert "COMMENT_AUTHOR" in refused(service, approve(service, action_id), "outcome_unknown")
    assert service.sent() == 1


def test_the_settle_time_can_be_lowered_by_an_override_that_the_audit_records(make_service: MakeService) -> None:
    service = make_service(EFFECT_SETTLE_SECONDS="0", GUARDRAIL_OVERRIDE="acknowledged")
    action_id = unanswered(service, HUNG_UP)
    assert approve(service, action_id).body["status"] == "executed"
    [run, *_] = [run for run in service.api.get("/audit").body["runs"] if run["kind"] == "dispatch"]
    [started] = service.events(run["runId"], "run.started")
    assert started["loosenedGuardrails"] == ["EFFECT_SETTLE_SECONDS"]


def test_an_unknown_outcome_can_be_rejected(service: Service) -> None:
    action_id = unanswered(service, HUNG_UP)
    assert service.api.post(f"/reject/{action_id}").status == 200
    refused(service, approve(service, action_id), "rejected")
    assert service.sent() == 1


# --- what is allowed by now ------------------------------------------------------------------------


def test_a_phase_that_is_not_confirmed_forbids_the_approval(service: Service, make_service: MakeService) -> None:
    action_id = waiting(service)
    later = make_service(PHASE="phase3")
    assert error_of(approve(later, action_id)) == (403, "phase")
    assert (later.sent(), service.sent()) == (0, 0)


# --- at once ---------------------------------------------------------------------------------------


def test_of_twenty_approvals_at_once_one_posts_and_every_one_is_on_record(stack: Stack, api: Caller) -> None:
    assert stack.model is not None
    stack.model.order(WAITS)
    action_id = api.post(DISPATCH, {"prNumber": 42}).body["actionId"]
    with ThreadPoolExecutor(20) as pool:
        replies = list(pool.map(lambda _: api.post(f"/approve/{action_id}"), range(20)))
    assert sorted(reply.status for reply in replies) == [200] + [409] * 19
    assert {reply.body["state"] for reply in replies} <= {"executing", "executed"}
    assert len(stack.repository.comments(42)) == 1
    runs = api.get("/audit?limit=100").body["runs"]
    assert len([run for run in runs if run["kind"] == "approve" and run["status"] == "executed"]) == 1
    assert len([run for run in runs if run["event"] == "request.refused" and run["target"] == {"id": action_id}]) == 19
