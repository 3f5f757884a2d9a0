"""At most one comment for each action, whatever becomes of the answer: through real HTTP to relay and GitHub."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from core.approvals import approve as approving
from core.errors import Conflict
from local.engine import Engine
from local.faults import Fault
from local.repository import Repository
from local.template import Template
from tests.prove.laws import broken_laws
from tests.prove.plots import approve, ask, look, waiting
from tests.prove.rig import COST, Rig, make_rig


@pytest.fixture(scope="module")
def shared_rig(engine: Engine, template: Template) -> Iterator[Rig]:
    with make_rig(engine.url, template) as rig:
        yield rig


@pytest.fixture
def rig(shared_rig: Rig) -> Iterator[Rig]:
    shared_rig.reset()
    yield shared_rig
    wrong = broken_laws(*shared_rig.look())
    assert not wrong, wrong


def dispatched(rig: Rig, fault: Fault | None) -> dict[str, Any]:
    """A dispatch whose posting fails so."""
    rig.answer()
    if fault is not None:
        rig.relay.faults.order("relay.comment", fault)
    result = ask(rig.app(worker=False))
    assert result["status"] == "success"
    return dict(result)


def state(rig: Rig, action: str) -> str:
    return str(rig.look()[0].actions[action]["state"])


def listed(rig: Rig) -> list[tuple[str, str]]:
    waiting_now, _ = approving.list_pending(rig.app(worker=False), limit=10, start=None)
    return [(action["id"], action["state"]) for action in waiting_now]


def test_the_relay_posts_and_loses_the_answer_and_the_look_finds_the_comment(rig: Rig) -> None:
    result = dispatched(rig, Fault(lose_answer=True))
    assert (result["executed"], result["state"]) == (False, "outcome_unknown")
    assert listed(rig) == [(result["actionId"], "outcome_unknown")]
    assert look(rig.app(worker=False))["executed"] == 1
    assert state(rig, result["actionId"]) == "executed"
    assert listed(rig) == []
    with pytest.raises(Conflict, match="executed"):
        approve(rig.app(worker=False), result["actionId"])
    assert len(rig.repository.landed) == 1


def test_the_relay_posts_a_minute_after_the_look_found_nothing(rig: Rig) -> None:
    result = dispatched(rig, Fault(land_later=True))
    app = rig.app(worker=False)
    assert look(app)["executed"] == 0
    with pytest.raises(Conflict, match="may still land"):
        approve(app, result["actionId"])
    rig.clock.forward(60)
    rig.relay.faults.land()
    assert look(app)["executed"] == 1
    rig.clock.forward(900)
    with pytest.raises(Conflict, match="executed"):
        approve(app, result["actionId"])
    assert len(rig.repository.landed) == 1


def test_approving_an_unknown_outcome_finds_the_comment_by_itself(rig: Rig) -> None:
    result = dispatched(rig, Fault(lose_answer=True))
    answer = approve(rig.app(worker=False), result["actionId"])
    assert answer["status"] == "executed"
    assert len(rig.repository.landed) == 1


def test_after_the_settle_time_the_captain_sends_again_and_the_audit_says_what_is_assumed(rig: Rig) -> None:
    result = dispatched(rig, Fault(hang_up=True))
    rig.clock.forward(899)
    with pytest.raises(Conflict, match="may still land"):
        approve(rig.app(worker=False), result["actionId"])
    rig.clock.forward(1)
    assert approve(rig.app(worker=False), result["actionId"])["status"] == "executed"
    assert len(rig.repository.landed) == 1
    [granted] = [
        event["data"]
        for events in rig.look()[0].chains.values()
        for event in events
        if event["type"] == "approval.granted"
    ]
    assert "will not land any more" in granted["assumes"]


@pytest.mark.parametrize("status", [400, 401, 405, 403, 404, 422])
def test_a_definite_refusal_waits_and_approving_it_again_posts_once_and_pays_nothing(rig: Rig, status: int) -> None:
    result = dispatched(rig, Fault(status=status))
    assert (result["executed"], result["state"]) == (False, "failed")
    assert listed(rig) == [(result["actionId"], "failed")]
    assert approve(rig.app(worker=False), result["actionId"])["status"] == "executed"
    tables, outside = rig.look()
    assert (len(outside.landed), len(outside.asked)) == (1, 1)
    assert tables.breaker is not None
    assert tables.breaker["total"] == COST


def test_a_refused_connection_is_a_definite_refusal(rig: Rig) -> None:
    rig.relay.stop()
    result = dispatched(rig, None)
    rig.relay.start()
    assert result["state"] == "failed"
    assert approve(rig.app(worker=False), result["actionId"])["status"] == "executed"
    assert len(rig.repository.landed) == 1


@pytest.mark.parametrize("status", [500, 502, 503])
def test_what_github_did_behind_an_error_of_its_own_is_not_known(rig: Rig, status: int) -> None:
    assert dispatched(rig, Fault(status=status))["state"] == "outcome_unknown"


def test_an_approval_whose_answer_is_lost_is_unknown_until_looked_at(rig: Rig) -> None:
    action = waiting(rig)
    rig.relay.faults.order("relay.comment", Fault(lose_answer=True))
    app = rig.app(worker=False)
    assert approve(app, action)["status"] == "outcome_unknown"
    assert approve(app, action)["status"] == "executed"
    assert len(rig.repository.landed) == 1


def test_the_marker_of_a_stranger_does_not_count(rig: Rig) -> None:
    result = dispatched(rig, Fault(hang_up=True))
    stored = rig.look()[0].actions[result["actionId"]]
    body = json.loads(stored["action"])["payload"]["body"]
    Repository.comment(rig.repository, 42, "a-stranger", body)
    assert look(rig.app(worker=False))["executed"] == 0
    assert state(rig, result["actionId"]) == "outcome_unknown"


def test_without_sight_of_github_the_state_stays_and_nothing_is_sent(rig: Rig) -> None:
    result = dispatched(rig, Fault(lose_answer=True))
    rig.clock.forward(901)
    rig.github.faults.order("comments", Fault(status=500), times=None)
    app = rig.app(worker=False)
    assert look(app)["executed"] == 0
    with pytest.raises(Conflict, match="cannot be seen"):
        approve(app, result["actionId"])
    assert listed(rig) == [(result["actionId"], "outcome_unknown")]
    rig.github.faults.clear()
    assert look(app)["executed"] == 1
    assert len(rig.repository.landed) == 1


def test_without_an_author_to_look_for_the_outcome_waits_for_a_person(rig: Rig) -> None:
    rig.reset({"COMMENT_AUTHOR": ""})
    result = dispatched(rig, Fault(lose_answer=True))
    rig.clock.forward(901)
    app = rig.app(worker=False)
    assert look(app)["executed"] == 0
    with pytest.raises(Conflict, match="COMMENT_AUTHOR"):
        approve(app, result["actionId"])
    assert len(rig.repository.landed) == 1
