"""Posting refused, broken off or lost, through the relay and on GitHub directly: sent once, paid once."""

from __future__ import annotations

import pytest

from local.faults import Fault
from tests.handlers.conftest import MakeService
from tests.support.caller import Reply
from tests.support.service import Service

WRITERS = {"relay": "relay.comment", "direct": "comment"}


@pytest.fixture(params=WRITERS)
def writing(request: pytest.FixtureRequest, make_service: MakeService) -> Service:
    """A service with either writer."""
    return make_service(direct=request.param == "direct", COMMENT_AUTHOR="dfg-bot")


def order(service: Service, fault: Fault) -> None:
    service.relay.faults.order("relay.comment", fault)
    service.github.faults.order("comment", fault)


def ended(reply: Reply, state: str) -> None:
    body = reply.body
    assert (reply.status, body["status"]) == (200, "success"), reply.text
    assert (body["executed"], body["state"]) == (False, state)
    assert body["detail"]


def test_either_writer_posts_the_comment(writing: Service) -> None:
    assert writing.dispatch().body["state"] == "executed"
    assert (writing.sent(), len(writing.comments())) == (1, 1)


@pytest.mark.parametrize("status", [401, 422])
def test_a_definite_refusal_keeps_the_plan_which_is_posted_later_without_paying_again(
    writing: Service, status: int
) -> None:
    order(writing, Fault(status=status))
    reply = writing.dispatch()
    ended(reply, "failed")
    paid = writing.charged()
    [waiting] = writing.api.get("/pending").body["actions"]
    assert (waiting["id"], waiting["state"]) == (reply.body["actionId"], "failed")
    assert str(status) in waiting["lastError"]
    assert writing.dispatch().body["status"] == "duplicate"
    assert writing.comments() == []

    approved = writing.api.post(f"/approve/{waiting['id']}")
    assert (approved.status, approved.body["status"]) == (200, "executed")
    assert (writing.asked(), writing.charged()) == (1, paid)
    assert len(writing.comments()) == 1
    assert writing.api.get("/pending").body["count"] == 0


@pytest.mark.parametrize(
    ("fault", "landed"),
    [
        (Fault(status=502), 0),
        (Fault(hang_up=True), 0),
        (Fault(lose_answer=True), 1),
    ],
    ids=["502", "hung-up", "lost"],
)
def test_an_ambiguous_end_is_unknown_and_never_sent_again(writing: Service, fault: Fault, landed: int) -> None:
    order(writing, fault)
    reply = writing.dispatch()
    ended(reply, "outcome_unknown")
    assert (writing.sent(), len(writing.comments())) == (1, landed)
    assert writing.dispatch().body == {**reply.body, "status": "duplicate"}
    assert writing.sent() == 1
    [waiting] = writing.api.get("/pending").body["actions"]
    assert waiting["state"] == "outcome_unknown"
    kinds = [event["type"] for event in writing.run(reply.body["runId"])["events"]]
    assert kinds[-3:] == ["action.intended", "action.outcome_unknown", "run.finished"]


# --- GitHub itself -------------------------------------------------------------------------------


@pytest.fixture
def direct(make_service: MakeService) -> Service:
    return make_service(direct=True, COMMENT_AUTHOR="dfg-bot")


def test_where_the_comment_is_goes_into_the_answer_the_action_and_the_audit(direct: Service) -> None:
    body = direct.dispatch().body
    [comment] = direct.repository.comments(42)
    assert body["url"] == comment["html_url"]
    assert direct.api.get(f"/pending/{body['actionId']}").body["commentUrl"] == comment["html_url"]
    told = [event["data"].get("url") for event in direct.run(body["runId"])["events"] if "executed" in event["type"]]
    assert told == [comment["html_url"]]
    assert direct.dispatch().body == {**body, "status": "duplicate"}


def test_what_was_approved_is_told_with_its_place_to_who_dispatches_the_same_again(direct: Service) -> None:
    direct.github.faults.order("comment", Fault(status=422))
    action = direct.dispatch().body["actionId"]
    url = direct.api.post(f"/approve/{action}").body["url"]
    assert url == direct.repository.comments(42)[0]["html_url"]
    again = direct.dispatch().body
    assert (again["status"], again["state"], again["url"]) == ("duplicate", "executed", url)


def test_a_comment_whose_answer_was_lost_is_found_with_its_place(service: Service) -> None:
    service.relay.faults.order("relay.comment", Fault(lose_answer=True))
    action = service.dispatch().body["actionId"]
    answer = service.api.post(f"/approve/{action}").body
    assert answer["url"] == service.repository.comments(42)[0]["html_url"]
    assert service.api.get(f"/pending/{action}").body["commentUrl"] == answer["url"]


def test_a_second_plan_is_a_comment_of_its_own_and_the_first_stays_as_it_is(direct: Service) -> None:
    direct.dispatch()
    [first] = direct.comments()
    direct.clock.forward(3600)
    assert direct.dispatch(force=True).body["state"] == "executed"
    assert direct.comments()[0] == first
    assert len(direct.comments()) == 2


def test_a_refused_connection_is_definite(service: Service) -> None:
    service.relay.stop()
    reply = service.dispatch()
    ended(reply, "failed")
    service.relay.start()
    assert service.api.post(f"/approve/{reply.body['actionId']}").body["status"] == "executed"
    assert (service.asked(), len(service.comments())) == (1, 1)


def test_a_relay_that_does_not_know_us_is_definite(service: Service) -> None:
    token, service.relay.token = service.relay.token, "another-token"
    reply = service.dispatch()
    ended(reply, "failed")
    assert token not in reply.text


def test_five_plans_that_cannot_be_posted_open_the_breaker(service: Service) -> None:
    service.relay.faults.order("relay.comment", Fault(status=403), times=5)
    for _ in range(5):
        ended(service.dispatch(force=True), "failed")
    assert service.dispatch(force=True).status == 503
