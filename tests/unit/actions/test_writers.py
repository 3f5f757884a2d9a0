from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from core.actions import github, relay
from core.actions.writer import HttpWriter
from core.types import Action, Target
from core.wire import NoAnswer, NotSent, Response

ACTION = Action(
    id="a-1",
    run_id="r-1",
    task_type="qa_plan",
    type="add_comment",
    repository="dfg/app",
    target=Target("pull_request", 42),
    payload={"body": "## Plan é"},
    target_state="sha",
    reason="",
    evidence="",
    classification="auto_safe",
    policy_reason="",
    policy_version="1",
    digest="d",
)


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


def answer(status: int, body: Any) -> Response:
    return Response(status, {}, body if isinstance(body, bytes) else json.dumps(body).encode())


def through_relay(reply: Response | Exception) -> tuple[str, Wire]:
    wire = Wire(reply)
    effect = relay.relay_writer(wire, "https://relay.example/", "t0ken").write(ACTION)
    return effect.outcome, wire


def test_the_relays_request_is_its_contract() -> None:
    _, wire = through_relay(answer(200, {"success": True, "issue": 42}))
    [(method, url, headers, body)] = wire.sent
    assert (method, url) == ("POST", "https://relay.example/comment")
    assert headers["authorization"] == "Bearer t0ken"
    assert body == {"issue": 42, "body": "## Plan é", "repo": "dfg/app"}


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
    assert through_relay(reply)[0] == outcome


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
def test_github_itself_as_the_writer(reply: Response | Exception, outcome: str) -> None:
    wire = Wire(reply)
    effect = github.github_writer(wire, "https://github.example", "t0ken").write(ACTION)
    assert effect.outcome == outcome
    [(method, url, _headers, body)] = wire.sent
    assert (method, url) == ("POST", "https://github.example/repos/dfg/app/issues/42/comments")
    assert body == {"body": "## Plan é"}


def test_a_refusals_words_are_cut_to_one_short_line() -> None:
    wire = Wire(answer(400, {"error": "bad\nthing " * 100}))
    effect = relay.relay_writer(wire, "https://relay.example", "t").write(ACTION)
    assert "\n" not in effect.detail
    assert len(effect.detail) < 260


@pytest.mark.parametrize("request_of", [relay.request, github.request])
def test_an_action_type_without_a_route_is_refused(request_of: Any) -> None:
    labels = Action(**{**ACTION.__dict__, "type": "change_labels"})
    with pytest.raises(ValueError, match="change_labels"):
        request_of(labels)


def test_a_writer_sends_once() -> None:
    wire = Wire(NoAnswer("late"))
    writer: HttpWriter = relay.relay_writer(wire, "https://relay.example", "t")
    writer.write(ACTION)
    assert len(wire.sent) == 1
