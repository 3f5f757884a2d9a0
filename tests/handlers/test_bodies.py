"""Bodies that are wrong in every way: the exact refusal, and nothing written but that refusal."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.caller import error_of
from tests.support.records import only_refusal
from tests.support.service import DISPATCH, Service

LIMIT = 16 * 1024


def padded(size: int) -> bytes:
    """A valid dispatch of exactly `size` bytes."""
    body = b'{"prNumber": 777}'
    return body + b" " * (size - len(body))


NOT_JSON: dict[str, bytes] = {
    "broken": b'{"prNumber": 42,',
    "words": b"prNumber=42",
    "two values": b'{"prNumber": 42} {"prNumber": 43}',
    "trailing comma": b'{"prNumber": 42,}',
    "single quotes": b"{'prNumber': 42}",
    "comment": b'{"prNumber": 42 /* the answer */}',
    "NaN": b'{"prNumber": NaN}',
    "Infinity": b'{"prNumber": Infinity}',
    "-Infinity": b'{"prNumber": -Infinity}',
    "duplicate key": b'{"prNumber": 42, "prNumber": 43}',
    "duplicate key by escape": b'{"prNumber": 42, "pr\\u004eumber": 43}',
    "array": b"[42]",
    "number": b"42",
    "string": b'"prNumber"',
    "null": b"null",
    "true": b"true",
    "byte order mark": b'\xef\xbb\xbf{"prNumber": 42}',
    "UTF-16": '{"prNumber": 42}'.encode("utf-16"),
    "invalid UTF-8": b'{"prNumber": 42, "linkedIssue": "\xff\xfe"}',
    "overlong UTF-8": b'{"prNumber": \xc0\xb4}',
    "surrogate in UTF-8": b'{"\xed\xa0\x80": 42}',
    "lone surrogate": b'{"prNumber": 42, "\\ud800": 1}',
    "lone surrogate as value": b'{"prNumber": "\\udc00"}',
    "control character": b'{"prNumber": "4\x002"}',
    "deep nesting": b'{"prNumber": ' + b"[" * 7_000 + b"]" * 7_000 + b"}",
    "deep objects": b'{"a":' * 2_000 + b"1" + b"}" * 2_000,
    "endless number": b'{"prNumber": ' + b"9" * 10_000 + b"}",
}

WRONG_FIELDS: dict[str, Any] = {
    "nothing": {},
    "unknown field": {"prNumber": 42, "model": "claude-opus-5-5"},
    "unknown case": {"PRNUMBER": 42},
    "prototype": {"prNumber": 42, "__proto__": {"force": True}},
    "string": {"prNumber": "42"},
    "boolean": {"prNumber": True},
    "float": {"prNumber": 42.0},
    "fraction": {"prNumber": 41.5},
    "null": {"prNumber": None},
    "array": {"prNumber": [42]},
    "object": {"prNumber": {"$ne": 0}},
    "zero": {"prNumber": 0},
    "negative": {"prNumber": -42},
    "minus zero": {"prNumber": -0.0},
    "above 31 bits": {"prNumber": 2**31},
    "above 64 bits": {"prNumber": 2**64},
    "exponent": {"prNumber": 1e300},
    "issue as string": {"prNumber": 42, "linkedIssue": "100"},
    "issue zero": {"prNumber": 42, "linkedIssue": 0},
    "issue as list": {"prNumber": 42, "linkedIssue": [100]},
    "force as string": {"prNumber": 42, "force": "true"},
    "force as number": {"prNumber": 42, "force": 1},
    "force null": {"prNumber": 42, "force": None},
}


def refused(service: Service, body: bytes, status: int, code: str) -> str:
    """The message of the refusal, which is all that was written."""
    before = service.contents()
    asked, read = service.asked(), len(service.github.faults.calls.entries())
    reply = service.api.send("POST", DISPATCH, body)
    assert error_of(reply) == (status, code)
    assert set(reply.body) == {"status", "error"}
    refusal = only_refusal(before, service.contents())
    assert (refusal["code"], refusal["route"]) == (code, f"POST {DISPATCH}")
    assert (service.asked(), len(service.github.faults.calls.entries())) == (asked, read)
    return str(reply.body["error"]["message"])


@pytest.mark.parametrize("name", NOT_JSON)
def test_a_body_that_is_not_a_json_object_is_refused(steady: Service, name: str) -> None:
    message = refused(steady, NOT_JSON[name], 400, "bad_request")
    assert len(message) < 300


@pytest.mark.parametrize("name", WRONG_FIELDS)
def test_a_field_that_is_wrong_is_refused_by_name(steady: Service, name: str) -> None:
    message = refused(steady, json.dumps(WRONG_FIELDS[name]).encode(), 400, "bad_request")
    assert any(
        f"{field}:" in message for field in ("prNumber", "linkedIssue", "force", "model", "PRNUMBER", "__proto__")
    )


def test_a_body_of_16_kib_is_read_and_a_byte_more_is_not(steady: Service) -> None:
    assert error_of(steady.api.send("POST", DISPATCH, padded(LIMIT))) == (404, "not_found")
    refused(steady, padded(LIMIT + 1), 413, "too_large")
    refused(steady, padded(5_000_000), 413, "too_large")


def test_size_is_counted_in_bytes(steady: Service) -> None:
    text = '{"prNumber": 42, "x": "' + "é" * (LIMIT // 2) + '"}'
    assert len(text) < LIMIT
    refused(steady, text.encode(), 413, "too_large")


def test_bytes_that_are_no_text_count_too(steady: Service) -> None:
    refused(steady, b"\xff" * (LIMIT + 1), 413, "too_large")


def test_an_empty_body_lacks_its_field(steady: Service) -> None:
    assert "prNumber" in refused(steady, b"", 400, "bad_request")
    assert "prNumber" in refused(steady, b" \n\t", 400, "bad_request")


def test_an_unknown_field_is_told_with_those_that_there_are(steady: Service) -> None:
    message = refused(steady, b'{"prNumber": 1, "issue": 2}', 400, "bad_request")
    assert message == "issue: no such field; the body may have force, prNumber, linkedIssue"


def test_a_long_unknown_field_is_not_repeated_in_full(steady: Service) -> None:
    assert len(refused(steady, json.dumps({"x" * 10_000: 1}).encode(), 400, "bad_request")) < 300


def test_many_wrong_fields_are_told_briefly(steady: Service) -> None:
    assert len(refused(steady, json.dumps({f"field{n}": n for n in range(500)}).encode(), 400, "bad_request")) < 1_000


def test_numbers_at_the_ends_of_the_range_are_looked_up(steady: Service) -> None:
    for number in (1, 2**31 - 1):
        assert error_of(steady.dispatch(number)) == (404, "not_found")


@pytest.mark.parametrize("route", ["/approve/{id}", "/reject/{id}", "/circuit/reset"])
@pytest.mark.parametrize("body", [b"{", b"[]", b'{"unknown": 1}', b'{"a": 1, "a": 2}', b"\xff"])
def test_every_command_reads_its_body_strictly(steady: Service, route: str, body: bytes) -> None:
    before = steady.contents()
    path = route.replace("{id}", "5f0c1a52-7f43-5d0e-9a6b-0c6f7b1d2e3f")
    assert error_of(steady.api.send("POST", path, body)) == (400, "bad_request")
    assert only_refusal(before, steady.contents())["route"] == f"POST {route}"


@pytest.mark.parametrize("reason", [42, None, ["x"], "x" * 1_001])
def test_a_reason_that_is_none_is_refused(steady: Service, reason: object) -> None:
    reply = steady.api.post("/reject/5f0c1a52-7f43-5d0e-9a6b-0c6f7b1d2e3f", {"reason": reason})
    assert error_of(reply) == (400, "bad_request")
    assert "reason" in reply.body["error"]["message"]
