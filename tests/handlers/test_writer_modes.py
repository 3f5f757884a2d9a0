"""Posting refused, broken off or lost, through the relay and on GitHub directly: sent once, paid once."""

from __future__ import annotations

import pytest

from local.faults import Fault
from tests.handlers.caller import Reply
from tests.handlers.conftest import MakeService
from tests.handlers.service import Service

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
