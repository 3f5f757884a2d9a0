from __future__ import annotations

import json

import pytest

from core.dispatcher.pricing import Usage
from core.dispatcher.reply import Answered, Unanswered, read_reply

MESSAGE = {
    "model": "claude-sonnet-5-5",
    "stop_reason": "end_turn",
    "content": [{"type": "thinking", "thinking": "…"}, {"type": "text", "text": "{"}, {"type": "text", "text": "}"}],
    "usage": {
        "input_tokens": 10,
        "output_tokens": 5,
        "cache_read_input_tokens": None,
        "cache_creation_input_tokens": 7,
    },
}


def test_a_message_is_its_text_without_the_thinking() -> None:
    reply = read_reply(200, json.dumps(MESSAGE).encode(), None)
    assert isinstance(reply, Answered)
    assert reply.answer.text == "{}"
    assert reply.answer.usage == Usage(10, 5, 0, 7)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ([], ""),
        ([{"type": "thinking", "thinking": "{}", "signature": "…"}], ""),
        ([{"type": "redacted_thinking", "data": "…"}, {"type": "text", "text": "{}"}], "{}"),
        ([{"type": "of_next_year", "text": "{}"}, {"type": "text", "text": "[]"}], "[]"),
    ],
)
def test_only_blocks_of_text_are_the_answer(content: list[dict[str, str]], text: str) -> None:
    reply = read_reply(200, json.dumps({**MESSAGE, "content": content}).encode(), None)
    assert isinstance(reply, Answered)
    assert reply.answer.text == text


@pytest.mark.parametrize(
    ("status", "trouble", "billed", "retried"),
    [
        (429, "overloaded", False, True),
        (529, "overloaded", False, True),
        (500, "server_error", True, True),
        (503, "server_error", True, True),
        (400, "refused", False, False),
        (401, "denied", False, False),
        (404, "refused", False, False),
        (413, "refused", False, False),
    ],
)
def test_what_an_error_answer_costs_and_whether_it_is_retried(
    status: int, trouble: str, billed: bool, retried: bool
) -> None:
    reply = read_reply(status, b"", None)
    assert isinstance(reply, Unanswered)
    assert (reply.trouble, reply.may_have_been_billed, reply.worth_retrying) == (trouble, billed, retried)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b"{}",
        json.dumps({**MESSAGE, "usage": {}}).encode(),
        json.dumps({**MESSAGE, "usage": {"input_tokens": -1, "output_tokens": 1}}).encode(),
        json.dumps({**MESSAGE, "usage": {"input_tokens": True, "output_tokens": 1}}).encode(),
        json.dumps({**MESSAGE, "content": "text"}).encode(),
        json.dumps({**MESSAGE, "content": [{"type": "text"}]}).encode(),
    ],
)
def test_a_200_that_is_no_message_keeps_its_charge_and_is_not_retried(body: bytes) -> None:
    reply = read_reply(200, body, None)
    assert isinstance(reply, Unanswered)
    assert (reply.trouble, reply.may_have_been_billed, reply.worth_retrying) == ("malformed", True, False)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.0), ("0.5", 0.5), (None, None), ("soon", None), ("-1", None), ("nan", None), ("1e9", None)],
)
def test_retry_after_is_read_or_ignored(header: str | None, seconds: float | None) -> None:
    reply = read_reply(429, b"", header)
    assert isinstance(reply, Unanswered)
    assert reply.retry_after == seconds
