"""Keyless callers: real RS256 tokens, verified against keys that this serves, as the gateway would."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from core.callers.oidc import ISSUER
from local.model import Order
from local.web import Answer, Request, Server, json_answer
from tests.handlers.conftest import MakeService
from tests.support.answers import answer
from tests.support.caller import Caller, error_of
from tests.support.fakes import TOKEN
from tests.support.records import only_refusal
from tests.support.service import Service

AUDIENCE: Final = "dfg-orchestrator-tests"
PLAN: Final = "/oidc/dispatch/qa-plan"
BODY: Final = {"prNumber": 42, "linkedIssue": 100}
MAIN: Final = "dfg-team/dfg/.github/workflows/qa.yml@refs/heads/main"
KEY: Final = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ANOTHER_KEY: Final = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SETTINGS: Final = {
    "GITHUB_OIDC_AUDIENCE": AUDIENCE,
    "GITHUB_OIDC_REPOSITORY_ID": "1296269",
    "GITHUB_OIDC_OWNER_ID": "583231",
}
PULL_7: Final = {"event_name": "pull_request", "ref": "refs/pull/7/merge"}
PULL_42: Final = {"event_name": "pull_request", "ref": "refs/pull/42/merge"}


def claims(**other: Any) -> dict[str, Any]:
    """What GitHub says of a job on main; `None` leaves a claim out."""
    now = int(time.time())
    said = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "iat": now - 5,
        "nbf": now - 5,
        "exp": now + 300,
        "repository": "dfg-team/dfg",
        "repository_id": "1296269",
        "repository_owner_id": "583231",
        "event_name": "workflow_dispatch",
        "ref": "refs/heads/main",
        "workflow_ref": MAIN,
        "job_workflow_ref": MAIN,
        **other,
    }
    return {name: value for name, value in said.items() if value is not None}


def token(key: Any = KEY, **other: Any) -> str:
    return jwt.encode(claims(**other), key, algorithm="RS256", headers={"kid": "k1"})


@pytest.fixture(scope="module")
def jwks() -> Iterator[str]:
    """Where the issuer's keys are."""
    public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))

    def serve(request: Request) -> Answer:
        return json_answer(200, {"keys": [{**public, "kid": "k1", "use": "sig", "alg": "RS256"}]})

    server = Server(serve)
    server.start()
    yield f"{server.url}/.well-known/jwks"
    server.stop()


@pytest.fixture
def make_keyless(make_service: MakeService, jwks: str) -> Callable[..., Service]:
    return lambda **more: make_service(**{**SETTINGS, "GITHUB_OIDC_JWKS_URL": jwks, "PHASE": "phase1", **more})


@pytest.fixture
def keyless(make_keyless: Callable[..., Service]) -> Service:
    return make_keyless()


def workflow(service: Service, **other: Any) -> Caller:
    return service.api.known_as(token(**other))


def test_a_workflow_has_a_plan_posted_and_reads_its_run(keyless: Service) -> None:
    keyless.model.order(Order(text=answer()))
    reply = workflow(keyless).post(PLAN, BODY)
    assert (reply.status, reply.body["status"], reply.body["executed"]) == (200, "success", True)
    assert len(keyless.comments()) == 1
    run = workflow(keyless).get(f"/oidc/audit/{reply.body['runId']}")
    assert run.status == 200
    assert run.body["events"][0]["data"]["principal"] == f"actions:{MAIN}"
    assert keyless.api.get("/audit").body["runs"][0]["principal"] == f"actions:{MAIN}"


def test_a_workflow_reads_no_run_of_others(keyless: Service) -> None:
    keyless.model.order(Order(text=answer()))
    run_id = keyless.dispatch().body["runId"]
    assert error_of(workflow(keyless).get(f"/oidc/audit/{run_id}")) == (404, "not_found")
    assert workflow(keyless).get(f"/oidc/audit/{run_id}?proof=2").status == 400


def test_what_goes_on_is_found_where_the_workflow_may_read(keyless: Service) -> None:
    keyless.model.order(Order(text=answer()))
    reply = workflow(keyless).post(PLAN, BODY, prefer="respond-async")
    assert reply.status == 202
    assert reply.headers["location"] == f"/oidc/audit/{reply.body['runId']}"
    assert workflow(keyless).get(reply.headers["location"]).status == 200


def unsigned() -> str:
    """`alg: none`: a token that nobody has signed."""
    return jwt.encode(claims(), None, algorithm="none", headers={"kid": "k1"})


def signed_by_the_public_key() -> str:
    """HS256 with what everybody knows as the secret."""
    head, body, _ = token().split(".")
    forged = base64.urlsafe_b64encode(json.dumps({"alg": "HS256", "typ": "JWT", "kid": "k1"}).encode()).rstrip(b"=")
    return f"{forged.decode()}.{body}.{head}"


NOT_VERIFIED: Final[dict[str, Callable[[], str | None]]] = {
    "no token": lambda: None,
    "a bearer token of ours": lambda: TOKEN,
    "another issuer": lambda: token(iss="https://token.actions.example.com"),
    "an issuer that begins as the right one": lambda: token(iss=f"{ISSUER}.example.com"),
    "no issuer": lambda: token(iss=None),
    "another audience": lambda: token(aud="https://github.com/dfg-team"),
    "no audience": lambda: token(aud=None),
    "expired": lambda: token(exp=int(time.time()) - 60),
    "without an end": lambda: token(exp=None),
    "not valid yet": lambda: token(nbf=int(time.time()) + 600),
    "alg none": unsigned,
    "alg HS256": signed_by_the_public_key,
    "another key": lambda: token(ANOTHER_KEY),
    "claims changed after signing": lambda: _spliced(token(), token(ANOTHER_KEY, repository_id="666")),
}


def _spliced(one: str, other: str) -> str:
    head, _, signature = one.split(".")
    return f"{head}.{other.split('.')[1]}.{signature}"


@pytest.mark.parametrize("why", NOT_VERIFIED)
def test_a_token_that_is_not_verified_writes_nothing(why: str, keyless: Service) -> None:
    before = keyless.contents()
    reply = keyless.api.known_as(NOT_VERIFIED[why]()).post(PLAN, BODY)
    assert reply.status == 401
    assert keyless.contents() == before
    assert keyless.asked() == 0


NOT_FITTING: Final[dict[str, dict[str, Any]]] = {
    "another repository": {"repository_id": "1296270"},
    "no repository": {"repository_id": None},
    "another owner": {"repository_owner_id": "583232"},
    "no owner": {"repository_owner_id": None},
    "another event": {"event_name": "release"},
    "an event of strangers": {"event_name": "pull_request_target"},
    "a comment of strangers": {"event_name": "issue_comment"},
    "no event": {"event_name": None},
    "another branch": {"ref": "refs/heads/try"},
    "a branch that begins as the right one": {"ref": "refs/heads/main2"},
    "a tag": {"ref": "refs/tags/v1"},
    "no ref": {"ref": None},
    "a pull request's event on a branch": {"event_name": "pull_request"},
    "a pull request's ref with another event": {"ref": "refs/pull/42/merge"},
    "a pull request's head": {"event_name": "pull_request", "ref": "refs/pull/42/head"},
    "no workflow": {"workflow_ref": None},
    "a workflow that is no line": {"workflow_ref": "a\nb"},
}


@pytest.mark.parametrize("why", NOT_FITTING)
def test_a_token_whose_claims_do_not_fit_writes_nothing(why: str, keyless: Service) -> None:
    before = keyless.contents()
    reply = workflow(keyless, **NOT_FITTING[why]).post(PLAN, BODY)
    assert error_of(reply) == (403, "forbidden")
    assert keyless.contents() == before
    assert keyless.asked() == 0


def test_a_token_of_a_pull_request_asks_for_that_one_alone(keyless: Service) -> None:
    before = keyless.contents()
    assert error_of(workflow(keyless, **PULL_7).post(PLAN, {"prNumber": 8})) == (403, "forbidden")
    assert error_of(workflow(keyless, **PULL_7).post(PLAN, {})) == (403, "forbidden")
    for path, body in (
        ("triage", {"issueNumber": 7}),
        ("agent-brief", {"issueNumber": 7}),
        ("sprint-plan", {"planningIssue": 7}),
    ):
        assert error_of(workflow(keyless, **PULL_7).post(f"/oidc/dispatch/{path}", body)) == (403, "forbidden")
    assert keyless.contents() == before
    keyless.model.order(Order(text=answer()))
    assert workflow(keyless, **PULL_42).post(PLAN, BODY).body["status"] == "success"


def test_events_of_strangers_are_let_in_by_name_alone(make_keyless: Callable[..., Service]) -> None:
    service = make_keyless(GITHUB_OIDC_EVENTS="pull_request,pull_request_target")
    service.model.order(Order(text=answer()))
    assert workflow(service, event_name="pull_request_target").post(PLAN, BODY).status == 200
    assert workflow(service).post(PLAN, BODY).status == 403


def test_where_an_environment_is_asked_for_the_ref_is_not_but_a_pull_requests(
    make_keyless: Callable[..., Service],
) -> None:
    """The way out where a private repository gives writing tokens to forks: an environment has its own rules."""
    service = make_keyless(GITHUB_OIDC_ENVIRONMENTS="qa, staging")
    service.model.order(Order(text=answer()))
    for other in ({}, PULL_42, {"environment": "production"}):
        assert workflow(service, **other).post(PLAN, BODY).status == 403
    assert workflow(service, **PULL_7, environment="qa").post(PLAN, BODY).status == 403
    assert workflow(service, ref="refs/heads/try", environment="staging").post(PLAN, BODY).status == 200


def test_where_workflows_are_named_no_other_may_call(make_keyless: Callable[..., Service]) -> None:
    service = make_keyless(GITHUB_OIDC_WORKFLOWS="dfg-team/dfg/.github/workflows/qa.yml@*")
    service.model.order(Order(text=answer()))
    other = MAIN.replace("qa.yml", "other.yml")
    assert workflow(service, job_workflow_ref=other).post(PLAN, BODY).status == 403
    assert workflow(service, job_workflow_ref=None).post(PLAN, BODY).status == 403
    assert workflow(service).post(PLAN, BODY).status == 200


def test_refs_may_be_named_by_how_they_begin(make_keyless: Callable[..., Service]) -> None:
    service = make_keyless(GITHUB_OIDC_REFS="refs/heads/main,refs/heads/release/*")
    service.model.order(Order(text=answer()))
    assert workflow(service, ref="refs/heads/releases").post(PLAN, BODY).status == 403
    assert workflow(service, ref="refs/heads/release/7").post(PLAN, BODY).status == 200


def test_a_workflow_may_not_force(keyless: Service) -> None:
    """It is known, so this refusal is recorded as anybody's."""
    before = keyless.contents()
    assert error_of(workflow(keyless).post(PLAN, {**BODY, "force": True})) == (403, "forbidden")
    assert only_refusal(before, keyless.contents())["principal"] == f"actions:{MAIN}"


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/dispatch/qa-plan"), ("GET", "/audit"), ("GET", "/pending"), ("POST", "/circuit/reset")],
)
def test_no_jwt_is_taken_elsewhere(method: str, path: str, keyless: Service) -> None:
    before = keyless.contents()
    assert error_of(workflow(keyless).send(method, path, b"{}" if method == "POST" else None))[0] == 401
    assert keyless.contents() == before


def test_without_the_setting_the_routes_are_not_there(service: Service) -> None:
    assert service.api.known_as(token()).post(PLAN, BODY).status == 404


def test_the_phase_holds_for_workflows_too(keyless: Service) -> None:
    reply = workflow(keyless).post("/oidc/dispatch/sprint-plan", {"planningIssue": 300})
    assert error_of(reply) == (403, "phase")


def test_claims_are_taken_from_the_gateway_alone(keyless: Service) -> None:
    """A header that names them is a header."""
    reply = keyless.api.known_as(None).post(PLAN, BODY, x_amzn_oidc_data=json.dumps(claims()))
    assert reply.status == 401
