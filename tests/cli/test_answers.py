"""Answers that the service seldom gives, from a server that gives them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from dfg.exits import Exit, of_run
from handlers.http import STATUS
from local.web import Answer, Request, Server, json_answer, listen
from tests.cli.conftest import Terminal

EVIL = "\x1b]0;owned\x07\x1b[2J \u202eevil [red]markup[/red]"


@contextmanager
def serving(answer: Answer) -> Iterator[Server]:
    server = Server(lambda request: answer)
    server.start()
    yield server
    server.stop()


def test_no_run_that_came_to_nothing_ends_as_done() -> None:
    refused = [names for names, status in STATUS.items() if status >= 400]
    assert [names for names in refused if of_run({"status": names[0], "reason": names[1]}) is None] == []


@pytest.mark.parametrize(
    ("status", "reason", "code"),
    [(429, "budget_exhausted", Exit.LATER), (429, "task_limit", Exit.LATER), (503, "circuit_open", Exit.LATER)],
)
def test_refusals_for_now(http: httpx.Client, status: int, reason: str, code: Exit) -> None:
    body = {"status": "skipped", "reason": reason, "runId": "r", "error": {"code": reason, "message": "not now"}}
    with serving(json_answer(status, body, {"retry-after": "90"})) as server:
        done = Terminal(server.url, "t", http)("qa-plan", "1", "--wait")
    assert done.code == code
    assert "in 90 s" in done.out


def test_a_gateway_that_answers_for_itself(http: httpx.Client) -> None:
    with serving(Answer(503, b"<html>busy</html>")) as server:
        assert Terminal(server.url, "t", http)("health").code == Exit.UNAVAILABLE


def test_nobody_there(http: httpx.Client) -> None:
    listener = listen()
    port = listener.getsockname()[1]
    listener.close()
    done = Terminal(f"http://127.0.0.1:{port}", "t", http)("approve", "123456", "--digest", "d")
    assert done.code == Exit.UNAVAILABLE
    assert "Nothing was carried out" in done.err


def test_waiting_ends_when_its_time_is_over(http: httpx.Client) -> None:
    started = {"type": "run.started", "data": {}, "at": "2026-11-22T12:00:00.000Z", "seq": 0}

    def service(request: Request) -> Answer:
        if request.method == "POST":
            return json_answer(202, {"status": "accepted", "runId": "r1"})
        return json_answer(200, {"runId": "r1", "events": [started]})

    server = Server(service)
    server.start()
    done = Terminal(server.url, "t", http)("qa-plan", "1", "--wait", "--timeout", "1")
    server.stop()
    assert done.code == Exit.TIMED_OUT
    assert "dfg audit r1" in done.err


def test_a_terminal_obeys_nothing_that_a_stranger_wrote(http: httpx.Client) -> None:
    action = {
        "id": "12345678",
        "taskType": "qa_plan",
        "targetType": "pull_request",
        "targetId": 42,
        "state": "pending",
        "cost": "0.000001",
        "createdAt": "2026-11-22T12:00:00.000Z",
        "expiresAt": "2026-11-29T12:00:00.000Z",
        "lastError": EVIL,
        "policyReason": EVIL,
        "evidence": EVIL,
        "digest": "d",
        "principal": "ci",
        "reason": EVIL,
        "checks": [],
        "onApprove": "carries it out once",
        "payload": {"body": EVIL},
    }
    with serving(json_answer(200, {"count": 1, "actions": [action], "cursor": None})) as server:
        dfg = Terminal(server.url, "t", http)
        for done in (dfg("pending"), dfg("approve", "12345678", typed="n\n")):
            printed = done.out + done.err
            assert "\x1b]" not in printed
            assert "\x1b[2J" not in printed
            assert "\u202e" not in printed
            assert "<U+202E>evil [red]markup[/red]" in " ".join(printed.split())
