"""Who may do what: named principals, their rights, and refusals that say nothing."""

from __future__ import annotations

import json

import pytest

from core.callers import auth
from tests.handlers.conftest import MakeService
from tests.support.caller import Caller, Reply
from tests.support.fakes import TOKEN
from tests.support.records import only_refusal
from tests.support.service import DISPATCH, Service

ID = "5f0c1a52-7f43-5d0e-9a6b-0c6f7b1d2e3f"
ROUTES = [
    ("POST", DISPATCH, "dispatch"),
    ("GET", "/pending", "read"),
    ("POST", f"/approve/{ID}", "approve"),
    ("POST", f"/reject/{ID}", "approve"),
    ("GET", "/audit", "read"),
    ("GET", f"/audit/{ID}", "read"),
    ("POST", "/circuit/reset", "reset"),
]
NAMES = [f"{method} {path.split('/')[1]}" for method, path, _ in ROUTES]
TOKENS = {right: f"token-that-may-{right}-0123456789" for right in ("dispatch", "read", "approve", "reset")}
SECRET = json.dumps({right: {"tokens": [token], "may": [right]} for right, token in TOKENS.items()})
UNAUTHORIZED = {"status": "error", "error": {"code": "unauthorized", "message": auth.UNAUTHORIZED}}
FORBIDDEN = {"status": "error", "error": {"code": "forbidden", "message": auth.FORBIDDEN}}


def call(api: Caller, method: str, path: str, **headers: str) -> Reply:
    return api.send(method, path, b"{}" if method == "POST" else None, headers)


@pytest.mark.parametrize(("method", "path", "_"), ROUTES, ids=NAMES)
def test_without_a_valid_token_nothing_is_told_and_nothing_written(
    steady: Service, method: str, path: str, _: str
) -> None:
    before = steady.contents()
    for token in (None, "", "wrong", TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "null", '{"captain": 1}'):
        reply = call(steady.api.known_as(token), method, path)
        assert (reply.status, reply.body) == (401, UNAUTHORIZED), token
    assert steady.contents() == before


@pytest.mark.parametrize(
    "header",
    [
        TOKEN,
        f"Basic {TOKEN}",
        f"Token {TOKEN}",
        f"Bearer{TOKEN}",
        f"Bearer {TOKEN}, Bearer {TOKEN}",
        "Bearer",
        "é" * 99,
    ],
)
def test_a_header_in_another_form_is_no_token(steady: Service, header: str) -> None:
    reply = call(steady.api.known_as(None), "GET", "/audit", authorization=header)
    assert (reply.status, reply.body) == (401, UNAUTHORIZED)


def test_the_scheme_is_read_in_any_case(steady: Service) -> None:
    assert call(steady.api.known_as(None), "GET", "/audit", authorization=f"bEARER {TOKEN}").status == 200


def test_a_token_is_checked_before_the_body_is_read(steady: Service) -> None:
    assert steady.api.known_as(None).send("POST", DISPATCH, b"x" * 100_000).status == 401


def test_health_is_public(steady: Service) -> None:
    assert steady.api.known_as(None).get("/health").status == 200


@pytest.mark.parametrize(("method", "path", "right"), ROUTES, ids=NAMES)
def test_a_token_without_the_right_is_forbidden_without_detail(
    make_service: MakeService, method: str, path: str, right: str
) -> None:
    service = make_service(secret=SECRET)
    for other in set(TOKENS) - {right}:
        before = service.contents()
        reply = call(service.api.known_as(TOKENS[other]), method, path)
        assert (reply.status, reply.body) == (403, FORBIDDEN)
        if method == "GET":
            assert service.contents() == before
        else:
            refusal = only_refusal(before, service.contents())
            assert (refusal["code"], refusal["principal"]) == ("forbidden", other)
    allowed = call(service.api.known_as(TOKENS[right]), method, path)
    assert allowed.status not in (401, 403)


def test_force_takes_the_right_to_approve(make_service: MakeService) -> None:
    secret = json.dumps(
        {
            "ci": {"tokens": [TOKENS["dispatch"]], "may": ["dispatch"]},
            "lead": {"tokens": [TOKENS["approve"]], "may": ["dispatch", "approve", "read"]},
        }
    )
    service = make_service(secret=secret)
    body = {"prNumber": 42, "force": True}
    before = service.contents()
    reply = service.api.known_as(TOKENS["dispatch"]).post(DISPATCH, body)
    assert (reply.status, reply.body) == (403, FORBIDDEN)
    assert only_refusal(before, service.contents())["principal"] == "ci"
    assert service.asked() == 0
    assert service.api.known_as(TOKENS["dispatch"]).post(DISPATCH, {"prNumber": 42, "force": False}).status == 200
    service.api = service.api.known_as(TOKENS["approve"])
    forced = service.api.post(DISPATCH, body)
    assert forced.body["status"] == "success"
    [started] = service.events(forced.body["runId"], "run.started")
    assert started["principal"] == "lead"


def test_two_tokens_of_one_name_carry_a_rotation(make_service: MakeService) -> None:
    old, new = "token-of-last-month-0123456789", "token-of-this-month-0123456789"
    service = make_service(secret=json.dumps({"ci": {"tokens": [old, new], "may": ["read"]}}))
    assert [service.api.known_as(token).get("/audit").status for token in (old, new)] == [200, 200]


def test_the_principals_name_is_in_the_audit(make_service: MakeService) -> None:
    service = make_service(secret=SECRET)
    service.api.known_as(TOKENS["reset"]).post("/circuit/reset")
    [run] = service.api.known_as(TOKENS["read"]).get("/audit").body["runs"]
    assert (run["event"], run["principal"]) == ("breaker.reset", "reset")
