"""Ids that nobody has given out: a plain 404, whatever they look like."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.support.caller import error_of
from tests.support.records import only_refusals
from tests.support.service import Service

UNKNOWN = {
    "well formed": "5f0c1a52-7f43-5d0e-9a6b-0c6f7b1d2e3f",
    "another form": "5F0C1A52-7F43-5D0E-9A6B-0C6F7B1D2E3F",
    "in braces": "{5f0c1a52-7f43-5d0e-9a6b-0c6f7b1d2e3f}",
    "with a line end": "5f0c1a52-7f43-5d0e-9a6b-0c6f7b1d2e3f\n",
    "word": "breaker",
    "number": "42",
    "blank": " ",
    "dots": "..",
    "path": "../../audit",
    "absolute path": "/etc/passwd",
    "windows path": "..\\..\\audit",
    "NUL": "\0",
    "NUL inside": "5f0c1a52\0",
    "line ends": "a\r\nx-injected: 1",
    "unicode": "行動-🤖-ü",
    "right to left": "\u202eabc",
    "quotes": "\"'`",
    "PartiQL": "x' OR '1'='1",
    "expression": "#id = :id",
    "JSON": '{"id": {"S": "x"}}',
    "markup": "<script>alert(1)</script>",
    "wildcard": "*",
    "storm key": "run#5f0c1a52-7f43-5d0e-9a6b-0c6f7b1d2e3f",
    "2 kB": "x" * 2_049,
    "10 kB": "x" * 10_000,
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_an_unknown_id_is_a_404_and_only_the_refusals_of_commands_are_written(steady: Service, name: str) -> None:
    path = quote(UNKNOWN[name], safe="")
    before = steady.contents()
    replies = [
        steady.api.send("POST", f"/approve/{path}", b"{}"),
        steady.api.send("POST", f"/reject/{path}", b"{}"),
        steady.api.get(f"/audit/{path}"),
    ]
    for reply in replies:
        assert error_of(reply) == (404, "not_found")
        assert "x-injected" not in reply.headers
        assert len(reply.text) < 300
    refusals = only_refusals(before, steady.contents())
    assert {refusal["route"] for refusal in refusals} == {"POST /approve/{id}", "POST /reject/{id}"}
    kept = UNKNOWN[name] if name == "well formed" else "not an id"
    assert [(refusal["code"], refusal["target"]) for refusal in refusals] == [("not_found", {"id": kept})] * 2


@pytest.mark.parametrize("path", ["/approve/%ff%fe", "/approve/%ED%A0%80", "/approve/%", "/approve/%zz"])
def test_an_id_that_is_no_text_is_a_404(steady: Service, path: str) -> None:
    assert error_of(steady.api.send("POST", path, b"{}")) == (404, "not_found")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/approve/"),
        ("POST", "/approve"),
        ("GET", "/approve/5f0c1a52-7f43-5d0e-9a6b-0c6f7b1d2e3f"),
        ("POST", "/approve/a/b"),
        ("GET", "/dispatch/qa-plan"),
        ("POST", "/dispatch/unknown"),
        ("DELETE", "/audit"),
        ("PUT", "/circuit/reset"),
    ],
)
def test_a_route_that_is_none_is_not_found(steady: Service, method: str, path: str) -> None:
    before = steady.contents()
    reply = steady.api.send(method, path)
    assert (reply.status, reply.body) == (404, {"message": "Not Found"})
    assert steady.contents() == before
