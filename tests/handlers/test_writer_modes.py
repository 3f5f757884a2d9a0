"""Posting refused, broken off or lost, through the relay and on GitHub directly: sent once, paid once."""

from __future__ import annotations

import pytest

from core.approvals.reconcile import look_at_waiting
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


# --- GitHub itself: one plan of a kind, updated in place -----------------------------------------


@pytest.fixture
def direct(make_service: MakeService) -> Service:
    return make_service(direct=True, COMMENT_AUTHOR="dfg-bot")


def operations(service: Service) -> list[str]:
    calls = [call.operation for call in service.github.faults.calls.entries()]
    return [operation for operation in calls if operation in ("comment", "edit_comment")]


def redispatch(service: Service, fault: Fault | None = None) -> Reply:
    """Another plan of the same pull request, after one that is posted."""
    assert service.dispatch().body["state"] == "executed"
    service.clock.forward(3600)
    if fault is not None:
        service.github.faults.order("edit_comment", fault)
    return service.dispatch(force=True)


def test_a_second_plan_replaces_the_first(direct: Service) -> None:
    reply = redispatch(direct)
    assert reply.body["state"] == "executed"
    [comment] = direct.comments()
    assert comment.endswith(f"action={reply.body['actionId']} -->")
    assert operations(direct) == ["comment", "edit_comment"]
    [ended] = direct.events(reply.body["runId"], "action.executed")
    assert ended["detail"] == "updated our earlier comment on GitHub"


def test_comments_of_others_are_left_alone(direct: Service) -> None:
    first = direct.dispatch().body["preview"]
    direct.repository.comment(42, "somebody", direct.comments()[0])
    direct.repository.delete_comment(1)
    assert direct.dispatch(force=True).body["state"] == "executed"
    assert operations(direct) == ["comment", "comment"]
    assert [first[:10] in body for body in direct.comments()] == [True, True]


def test_without_an_author_every_plan_is_a_comment_of_its_own(make_service: MakeService) -> None:
    service = make_service(direct=True, COMMENT_AUTHOR="")
    assert redispatch(service).body["state"] == "executed"
    assert (len(service.comments()), operations(service)) == (2, ["comment", "comment"])


def test_a_lost_update_is_found_by_its_marker(direct: Service) -> None:
    """The comment is older than the action: GitHub lists it by when it was changed."""
    reply = redispatch(direct, Fault(lose_answer=True))
    ended(reply, "outcome_unknown")
    assert look_at_waiting(direct.app, direct.clock.at + 60_000)["executed"] == 1
    assert direct.api.get("/pending").body["count"] == 0
    assert (direct.sent(), len(direct.comments())) == (2, 1)


def test_an_update_that_never_landed_is_sent_again_by_the_captain_into_the_same_comment(direct: Service) -> None:
    reply = redispatch(direct, Fault(hang_up=True))
    ended(reply, "outcome_unknown")
    look_at_waiting(direct.app, direct.clock.at + 60_000)
    assert direct.api.post(f"/approve/{reply.body['actionId']}").status == 409
    direct.clock.forward(901)
    assert direct.api.post(f"/approve/{reply.body['actionId']}").body["status"] == "executed"
    [comment] = direct.comments()
    assert comment.endswith(f"action={reply.body['actionId']} -->")


def test_a_comment_that_is_deleted_meanwhile_is_definite(direct: Service) -> None:
    reply = redispatch(direct, Fault(status=404))
    ended(reply, "failed")
    direct.repository.delete_comment(1)
    assert direct.api.post(f"/approve/{reply.body['actionId']}").body["status"] == "executed"
    assert operations(direct) == ["comment", "edit_comment", "comment"]


def test_nothing_is_posted_while_the_comments_cannot_be_read(direct: Service) -> None:
    direct.github.faults.order("comments", Fault(status=502))
    reply = direct.dispatch()
    ended(reply, "failed")
    assert reply.body["detail"].endswith("nothing was sent")
    assert direct.sent() == 0


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
