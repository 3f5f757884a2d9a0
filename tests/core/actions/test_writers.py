from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from core.actions.writers import HttpWriter, github_writer, relay_writer
from core.context import team
from core.errors import UpstreamUnavailable
from core.http.wire import FixedToken, NoAnswer, NotSent, Response
from core.text.markdown import marker
from core.types import Action, Effect, Target, TargetNow
from tests.support.actions import a_comment

BODY = f"## Plan é\n\nwords\n\n{marker('a-1')}"
ACTION = a_comment(payload={"body": BODY}, digest="d")
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
    return relay_writer(wire, "https://relay.example/", FixedToken("t0ken"), Board(), TAXONOMY).write(ACTION), wire


def on_github(reply: Response | Exception) -> tuple[Effect, Wire]:
    wire = Wire(reply)
    writer = github_writer(wire, "https://github.example/", FixedToken("t0ken"), Board(), TAXONOMY)
    return writer.write(ACTION), wire


# --- the relay -------------------------------------------------------------------------------


def test_the_relays_request_is_its_contract() -> None:
    _, wire = through_relay(answer(200, {"success": True, "issue": 42}))
    [(method, url, headers, body)] = wire.sent
    assert (method, url) == ("POST", "https://relay.example/comment")
    assert headers["authorization"] == "Bearer t0ken"
    assert body == {"issue": 42, "body": BODY, "repo": "dfg/app"}


DEFINITE = (301, 307, 308, 400, 401, 403, 404, 405, 410, 413, 421, 422, 429, 451)
UNCLEAR = (204, 302, 303, 304, 408, 409, 425, 499, 500, 502, 503, 504, 520)
PAGE = b"<html><title>Forbidden by the proxy</title></html>"


def reported(status: int) -> Response:
    """What the relay answers when GitHub gives that status to it."""
    return answer(500, {"success": False, "error": f"GitHub API {status}: no"})


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (answer(200, {"success": True, "issue": 42}), "executed"),
        *((answer(status, {"success": False, "error": "no"}), "failed") for status in DEFINITE),
        *((answer(status, PAGE), "failed") for status in DEFINITE),
        *((reported(status), "failed") for status in DEFINITE if status >= 400),
        *((answer(status, {"error": "no"}), "outcome_unknown") for status in UNCLEAR),
        *((reported(status), "outcome_unknown") for status in (*UNCLEAR, 301, 307, 308)),
        (NotSent("it could not be connected to"), "failed"),
        (NotSent("its certificate is not trusted: self-signed certificate"), "failed"),
        (answer(500, {"success": False, "error": "what GitHub API 404: is"}), "outcome_unknown"),
        (answer(502, {"success": False, "error": "GitHub API 404: Not Found"}), "outcome_unknown"),
        (answer(500, PAGE), "outcome_unknown"),
        (answer(200, {"success": False}), "outcome_unknown"),
        (answer(200, {"success": 1}), "outcome_unknown"),
        (answer(200, PAGE), "outcome_unknown"),
        (answer(200, []), "outcome_unknown"),
        (NoAnswer("late"), "outcome_unknown"),
    ],
)
def test_only_a_definite_refusal_of_the_relay_is_a_failure(reply: Response | Exception, outcome: str) -> None:
    effect, wire = through_relay(reply)
    assert effect.outcome == outcome
    assert len(wire.sent) == 1


@pytest.mark.parametrize("status", DEFINITE)
def test_a_refusal_names_who_said_what(status: int) -> None:
    said, _ = through_relay(answer(status, {"error": "its words"}))
    assert said.detail == f"dfg-relay answered {status}: its words"
    behind, _ = through_relay(reported(422))
    assert behind.detail == "dfg-relay answered 500: GitHub API 422: no"
    directly, _ = on_github(answer(status, {"message": "its words"}))
    assert directly.detail == f"GitHub API {status}: its words"
    for effect, _ in (through_relay(answer(status, PAGE)), on_github(answer(status, PAGE))):
        assert effect.detail.endswith(f"{status}: no JSON: maybe a proxy's answer")


def test_a_connection_that_was_not_made_names_the_cause() -> None:
    for effect, _ in (
        through_relay(NotSent("its certificate is not trusted")),
        on_github(NotSent("its certificate is not trusted")),
    ):
        assert effect.outcome == "failed"
        assert re.fullmatch(
            r"no connection to (dfg-relay|GitHub), its certificate is not trusted: nothing was sent", effect.detail
        )


LOCKED = {"message": "Unable to create comment because issue is locked."}


@pytest.mark.parametrize(
    ("through", "reply", "ill"),
    [
        (through_relay, answer(403, PAGE), True),
        (through_relay, answer(404, {"error": "Not found"}), True),
        (through_relay, reported(403), True),
        (through_relay, reported(404), False),
        (through_relay, answer(500, {"success": False, "error": f"GitHub API 403: {LOCKED}"}), False),
        (through_relay, reported(502), True),
        (through_relay, NotSent("x"), True),
        (through_relay, NoAnswer("x"), True),
        (through_relay, answer(200, {"success": True}), False),
    ],
)
def test_what_says_that_the_service_is_ill_is_told_from_what_is_a_targets_matter(
    through: Callable[[Response | Exception], tuple[Effect, Wire]], reply: Response | Exception, ill: bool
) -> None:
    assert through(reply)[0].ill == ill


@pytest.mark.parametrize(
    ("reply", "ill"),
    [
        (answer(401, {}), True),
        (answer(403, {"message": "Resource not accessible by integration"}), True),
        (answer(403, LOCKED), False),
        (answer(404, {}), False),
        (answer(410, {}), False),
        (answer(422, {}), False),
        (answer(429, {}), True),
        (answer(503, {}), True),
    ],
)
def test_github_is_read_the_same_way(reply: Response, ill: bool) -> None:
    assert on_github(reply)[0].ill == ill


def test_a_refusals_words_are_cut_to_one_short_line() -> None:
    effect, _ = through_relay(answer(400, {"error": "bad\nthing " * 100}))
    assert "\n" not in effect.detail
    assert len(effect.detail) < 260


# --- GitHub itself ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (answer(201, {"id": 1}), "executed"),
        (answer(201, PAGE), "executed"),
        *((answer(status, {"message": "no"}), "failed") for status in DEFINITE),
        *((answer(status, PAGE), "failed") for status in DEFINITE),
        *((answer(status, {}), "outcome_unknown") for status in (200, *UNCLEAR)),
        (answer(502, PAGE), "outcome_unknown"),
        (NotSent("it could not be connected to"), "failed"),
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


def test_the_comments_address_is_handed_on() -> None:
    url = "https://github.com/dfg/app/pull/42#issuecomment-1"
    assert on_github(answer(201, {"html_url": url}))[0].url == url
    for other in (None, 5, "javascript:alert(1)", "https://x.test/two words", "https://x.test/" + "x" * 400):
        effect, _ = on_github(answer(201, {"html_url": other}))
        assert (effect.outcome, effect.url) == ("executed", "")
    assert through_relay(answer(200, {"success": True, "issue": 42}))[0].url == ""


def test_no_request_edits_a_comment_that_is_there() -> None:
    """An edit would take away the marker that proves the earlier attempt."""
    for _ in range(3):
        _, wire = on_github(answer(201, {}))
        assert [(method, url.rpartition("/")[2]) for method, url, _, _ in wire.sent] == [("POST", "comments")]


def test_nothing_is_sent_without_a_token() -> None:
    class NoToken(FixedToken):
        def __call__(self) -> str:
            raise UpstreamUnavailable("GitHub gave the App no token within 3 s")

    wire = Wire(answer(201, {}))
    effect = github_writer(wire, "https://github.example", NoToken(""), Board(), TAXONOMY).write(ACTION)
    assert (effect.outcome, wire.sent, effect.ill) == ("failed", [], True)
    assert effect.detail == "GitHub gave the App no token within 3 s: nothing was sent"


class Renewable:
    """A token of an App: `left` are those that are to come."""

    def __init__(self, *left: str) -> None:
        self.left = list(left)

    def __call__(self) -> str:
        return self.left[0]

    def renew(self, refused: str) -> bool:
        assert refused == self.left.pop(0)
        return bool(self.left)


class Knows:
    """Http that takes one token alone."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.sent: list[tuple[str, float]] = []

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout: float) -> Response:
        self.sent.append((headers["authorization"].removeprefix("Bearer "), timeout))
        known = self.sent[-1][0] == self.token
        return Response(201 if known else 401, {}, b"{}", seconds=3.0)


def test_a_token_that_was_revoked_is_renewed_once_and_the_same_time_is_left() -> None:
    wire = Knows("new")
    effect = github_writer(wire, "https://github.example", Renewable("old", "new"), Board(), TAXONOMY).write(ACTION)
    assert effect.outcome == "executed"
    assert wire.sent == [("old", 8.0), ("new", 5.0)]
    wire = Knows("newest")
    effect = github_writer(wire, "https://x", Renewable("old", "new", "newest"), Board(), TAXONOMY).write(ACTION)
    assert (effect.outcome, len(wire.sent)) == ("failed", 2)


# --- both ------------------------------------------------------------------------------------


def both(wire: Wire) -> list[HttpWriter]:
    return [
        relay_writer(wire, "https://relay.example", FixedToken("t"), Board(), TAXONOMY),
        github_writer(wire, "https://github.example", FixedToken("t"), Board(), TAXONOMY),
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
