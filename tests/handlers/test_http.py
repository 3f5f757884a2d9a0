"""What no HTTP client can send, but an event can hold: the front of every handler by itself."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from core.app import App
from core.errors import ConfigurationError
from handlers import approve, audit, circuit_reset, health, pending, qa_plan, reject
from handlers.http import Endpoint, Reply
from handlers.request import Request
from local.function import Context, new_context
from local.template import Template
from tests.support.fakes import TOKEN, World, make_world

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

ID = "5f0c1a52-7f43-5d0e-9a6b-0c6f7b1d2e3f"


@pytest.fixture
def world(dynamodb_client: DynamoDBClient, tables: dict[str, str]) -> World:
    return make_world(dynamodb_client, tables)


@pytest.fixture
def context(template: Template) -> Context:
    return new_context(template.functions["DispatchFunction"], "request")


def event(**fields: Any) -> dict[str, Any]:
    """A minimal event with the captain's token; fields replace what is there, None removes it."""
    whole = {
        "version": "2.0",
        "routeKey": "POST /x",
        "headers": {"authorization": f"Bearer {TOKEN}"},
        "requestContext": {"requestId": "given-id"},
        "isBase64Encoded": False,
        **fields,
    }
    return {name: value for name, value in whole.items() if value is not None}


def answer(endpoint: Endpoint, world: World, context: Context, **fields: Any) -> tuple[int, Any]:
    """Status and body; the headers that every answer has are asserted."""
    response = endpoint.answer(world.app, event(**fields), context)
    assert set(response) == {"statusCode", "headers", "body"}
    assert response["headers"]["content-type"] == "application/json"
    assert response["headers"]["cache-control"] == "no-store"
    assert response["headers"]["x-request-id"]
    json.dumps(response)
    response["body"].encode("ascii")
    return response["statusCode"], json.loads(response["body"])


def code(reply: tuple[int, Any]) -> tuple[int, str]:
    status, body = reply
    return status, body["error"]["code"]


def encoded(body: bytes) -> dict[str, Any]:
    return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}


def test_the_request_id_is_the_gateways(world: World, context: Context) -> None:
    assert health.handler.answer(world.app, event(), context)["headers"]["x-request-id"] == "given-id"


@pytest.mark.parametrize("request_context", [None, {}, {"requestId": ""}, {"requestId": None}])
def test_without_a_request_id_one_is_made(world: World, context: Context, request_context: Any) -> None:
    response = health.handler.answer(world.app, event(requestContext=request_context), context)
    assert len(response["headers"]["x-request-id"]) == 36


@pytest.mark.parametrize("headers", [None, {}])
def test_without_headers_there_is_no_token(world: World, context: Context, headers: Any) -> None:
    assert code(answer(audit.handler, world, context, headers=headers)) == (401, "unauthorized")


@pytest.mark.parametrize("authorization", ["", None, 5, "\ud800", "Bearer \ud800"])
def test_an_odd_header_is_no_token(world: World, context: Context, authorization: Any) -> None:
    headers = {"authorization": authorization}
    assert code(answer(audit.handler, world, context, headers=headers)) == (401, "unauthorized")


def test_header_names_are_read_in_any_case(world: World, context: Context) -> None:
    status, _ = answer(audit.handler, world, context, headers={"AUTHORIZATION": f"Bearer {TOKEN}"})
    assert status == 200


def test_a_base64_body_is_decoded(world: World, context: Context) -> None:
    status, body = answer(qa_plan.handler, world, context, **encoded(b'{"prNumber": 42}'))
    assert (status, body["status"]) == (200, "success")


@pytest.mark.parametrize("body", ["=", "é", "a", "\ud800", "AAA"])
def test_base64_that_is_none_is_refused(world: World, context: Context, body: str) -> None:
    assert code(answer(qa_plan.handler, world, context, body=body, isBase64Encoded=True)) == (400, "bad_request")


@pytest.mark.parametrize("body", ["\ud800", '{"prNumber": "\udfff"}', '{"\ud83d": 1}'])
def test_half_a_surrogate_pair_in_a_body_is_refused(world: World, context: Context, body: str) -> None:
    assert code(answer(qa_plan.handler, world, context, body=body)) == (400, "bad_request")


def test_a_base64_body_is_measured_decoded(world: World, context: Context) -> None:
    body = b'{"prNumber": 777}'
    fits = encoded(body + b" " * (16 * 1024 - len(body)))
    assert code(answer(qa_plan.handler, world, context, **fits)) == (404, "not_found")
    larger = encoded(body + b" " * (16 * 1024 + 1 - len(body)))
    assert code(answer(qa_plan.handler, world, context, **larger)) == (413, "too_large")


@pytest.mark.parametrize("body", [None, "", " \r\n"])
def test_no_body_is_an_empty_object(world: World, context: Context, body: str | None) -> None:
    assert answer(circuit_reset.handler, world, context, body=body)[0] == 200


@pytest.mark.parametrize("parameters", [None, {}, {"id": ""}, {"id": "\ud800"}, {"id": "\0"}, {"other": ID}])
@pytest.mark.parametrize("endpoint", [approve.handler, reject.handler], ids=["approve", "reject"])
def test_a_path_without_an_id_is_not_found(world: World, context: Context, endpoint: Endpoint, parameters: Any) -> None:
    assert code(answer(endpoint, world, context, pathParameters=parameters)) == (404, "not_found")


@pytest.mark.parametrize("query", [{"\ud800": "1"}, {"limit": "\ud800"}, {"cursor": "\ud800"}, {"cursor": "\0"}])
@pytest.mark.parametrize("endpoint", [pending.handler, audit.handler], ids=["pending", "audit"])
def test_a_query_that_is_no_text_is_refused(world: World, context: Context, endpoint: Endpoint, query: Any) -> None:
    assert code(answer(endpoint, world, context, queryStringParameters=query)) == (400, "bad_request")


def test_a_refusal_is_recorded_with_who_asked_for_what(world: World, context: Context) -> None:
    answer(approve.handler, world, context, pathParameters={"id": ID}, routeKey="POST /approve/{id}")
    _, listed = answer(audit.handler, world, context)
    [run] = listed["runs"]
    assert (run["event"], run["kind"], run["principal"]) == ("request.refused", "refusal", "captain")
    assert (run["status"], run["code"], run["route"]) == ("refused", "not_found", "POST /approve/{id}")
    assert run["target"] == {"id": ID}
    _, refused = answer(audit.handler, world, context, queryStringParameters={"status": "refused"})
    assert refused["runs"] == [run]


def test_a_service_that_is_not_configured_says_no_more_than_what_is_missing(world: World, context: Context) -> None:
    def unset() -> Any:
        raise ConfigurationError("ORCHESTRATOR_SECRET is not set")

    lacking = replace(world, app=replace(world.app, credentials=unset))
    status, body = answer(audit.handler, lacking, context)
    assert (status, body["error"]) == (500, {"code": "configuration", "message": "ORCHESTRATOR_SECRET is not set"})


def test_an_error_that_is_none_of_ours_reaches_the_runtime(world: World, context: Context) -> None:
    def broken(app: App, request: Request) -> Reply:
        raise KeyError("a fault in the code")

    with pytest.raises(KeyError):
        Endpoint(broken, right=None).answer(world.app, event(), context)


def test_the_deadline_follows_from_the_invocations_time(world: World, context: Context) -> None:
    seen: list[Request] = []

    def look(app: App, request: Request) -> Reply:
        seen.append(request)
        return Reply({})

    Endpoint(look, right=None).answer(world.app, event(), context)
    [request] = seen
    assert request.started == world.clock.at
    assert request.started < request.deadline <= request.started + context.get_remaining_time_in_millis() + 1_000
