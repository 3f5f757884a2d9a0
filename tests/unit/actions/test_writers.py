from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from core.actions.github import github_writer
from core.actions.relay import relay_writer
from core.actions.writer import HttpWriter
from core.context import team
from core.errors import UpstreamUnavailable
from core.text.markdown import marker
from core.types import Action, Effect, Target, TargetNow
from core.wire import NoAnswer, NotSent, Response

BODY = f"## Plan é\n\nwords\n\n{marker('a-1')}"
ACTION = Action(
    id="a-1",
    run_id="r-1",
    task_type="qa_plan",
    type="add_comment",
    repository="dfg/app",
    target=Target("pull_request", 42),
    payload={"body": BODY},
    target_state="sha",
    reason="",
    evidence="",
    classification="auto_safe",
    policy_reason="",
    policy_version="1",
    digest="d",
)
TAXONOMY = team.load().taxonomy


class Wire:
    """Answers as told, once, and keeps what was sent."""

    def __init__(self, answer: Response | Exception) -> None:
        self.answer = answer
        self.sent: list[tuple[str, str, dict[str, str], Any]] = []

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout: float) -> Response:
        self.sent.append((method, url, dict(headers), json.loads(body or b"null")))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class Board:
    """What the writers read."""

    def target(self, target: Target) -> TargetNow:
        raise AssertionError("no labels are asked for")


def answer(status: int, body: Any) -> Response:
    return Response(status, {}, body if isinstance(body, bytes) else json.dumps(body).encode())


def through_relay(reply: Response | Exception) -> tuple[Effect, Wire]:
    wire = Wire(reply)
    return relay_writer(wire, "https://relay.example/", "t0ken", Board(), TAXONOMY).write(ACTION), wire


def on_github(reply: Response | Exception) -> tuple[Effect, Wire]:
    wire = Wire(reply)
    writer = github_writer(wire, "https://github.example/", lambda: "t0ken", Board(), TAXONOMY)
    return writer.write(ACTION), wire


# --- the relay -------------------------------------------------------------------------------


def test_the_relays_request_is_its_contract() -> None:
    _, wire = through_relay(answer(200, {"success": True, "issue": 42}))
    [(method, url, headers, body)] = wire.sent
    assert (method, url) == ("POST", "https://relay.example/comment")
    assert headers["authorization"] == "Bearer t0ken"
    assert body == {"issue": 42, "body": BODY, "repo": "dfg/app"}


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (answer(200, {"success": True, "issue": 42}), "executed"),
        (answer(400, {"success": False, "error": "issue missing"}), "failed"),
        (answer(401, {"success": False, "error": "no"}), "failed"),
        (answer(405, {"success": False, "error": "no"}), "failed"),
        (answer(500, {"success": False, "error": "GitHub API 404: Not Found"}), "failed"),
        (answer(500, {"success": False, "error": "GitHub API 422: Invalid"}), "failed"),
        (NotSent("refused"), "failed"),
        (answer(500, {"success": False, "error": "GitHub API 502: Bad Gateway"}), "outcome_unknown"),
        (answer(500, {"success": False, "error": "what GitHub API 404: is"}), "outcome_unknown"),
        (answer(500, {"success": False, "error": "boom"}), "outcome_unknown"),
        (answer(200, {"success": False}), "outcome_unknown"),
        (answer(200, {"success": 1}), "outcome_unknown"),
        (answer(200, b"<html>"), "outcome_unknown"),
        (answer(200, []), "outcome_unknown"),
        (answer(302, b""), "outcome_unknown"),
        (answer(403, b""), "outcome_unknown"),
        (answer(404, b""), "outcome_unknown"),
        (answer(429, b""), "outcome_unknown"),
        (answer(503, b""), "outcome_unknown"),
        (NoAnswer("late"), "outcome_unknown"),
    ],
)
def test_only_a_definite_refusal_of_the_relay_is_a_failure(reply: Response | Exception, outcome: str) -> None:
    effect, wire = through_relay(reply)
    assert effect.outcome == outcome
    assert len(wire.sent) == 1


def test_a_refusals_words_are_cut_to_one_short_line() -> None:
    effect, _ = through_relay(answer(400, {"error": "bad\nthing " * 100}))
    assert "\n" not in effect.detail
    assert len(effect.detail) < 260


# --- GitHub itself ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (answer(201, {"id": 1}), "executed"),
        (answer(403, {"message": "rate limit"}), "failed"),
        (answer(404, {"message": "Not Found"}), "failed"),
        (answer(422, {}), "failed"),
        (NotSent("refused"), "failed"),
        (answer(200, {}), "outcome_unknown"),
        (answer(408, {}), "outcome_unknown"),
        (answer(500, {}), "outcome_unknown"),
        (answer(502, b"<html>"), "outcome_unknown"),
        (NoAnswer("late"), "outcome_unknown"),
    ],
)
def test_a_comment_is_posted(reply: Response | Exception, outcome: str) -> None:
    effect, wire = on_github(reply)
    assert effect.outcome == outcome
    [(method, url, headers, body)] = wire.sent
    assert (method, url) == ("POST", "https://github.example/repos/dfg/app/issues/42/comments")
    assert headers["authorization"] == "Bearer t0ken"
    assert body == {"body": BODY}


def test_no_request_edits_a_comment_that_is_there() -> None:
    """An edit would take away the marker that proves the earlier attempt."""
    for _ in range(3):
        _, wire = on_github(answer(201, {}))
        assert [(method, url.rpartition("/")[2]) for method, url, _, _ in wire.sent] == [("POST", "comments")]


def test_nothing_is_sent_without_a_token() -> None:
    def none() -> str:
        raise UpstreamUnavailable("GitHub gave the App no token within 3 s")

    wire = Wire(answer(201, {}))
    effect = github_writer(wire, "https://github.example", none, Board(), TAXONOMY).write(ACTION)
    assert (effect.outcome, wire.sent) == ("failed", [])
    assert effect.detail == "GitHub gave the App no token within 3 s: nothing was sent"


# --- both ------------------------------------------------------------------------------------


def both(wire: Wire) -> list[HttpWriter]:
    return [
        relay_writer(wire, "https://relay.example", "t", Board(), TAXONOMY),
        github_writer(wire, "https://github.example", lambda: "t", Board(), TAXONOMY),
    ]


def test_an_action_type_without_a_route_is_refused() -> None:
    wire = Wire(answer(201, {}))
    for writer in both(wire):
        with pytest.raises(ValueError, match="no request for close_issue"):
            writer.write(Action(**{**ACTION.__dict__, "type": "close_issue"}))
    assert wire.sent == []


def test_a_comment_is_sent_once() -> None:
    wire = Wire(NoAnswer("late"))
    for count, writer in enumerate(both(wire), 1):
        assert writer.write(ACTION).outcome == "outcome_unknown"
        assert len(wire.sent) == count
