"""The gateway and the worker's delivery: what handlers receive, what callers get back, what is tried again."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from local import function
from local.function import Handler
from local.gateway import Gateway
from local.invoke import InvokeStandIn
from local.template import Function, Route, Template, Throttle
from local.throttle import Bucket
from local.web import Request, Server

HTTP = httpx.Client()

FUNCTION = Function("EchoFunction", "echo", Path("src"), 10, 256, {})
ROUTES = (Route("POST", "/approve/{id}", FUNCTION), Route("GET", "/audit", FUNCTION))


def serve(handler: Handler) -> Server:
    server = Server(Gateway(ROUTES, lambda _: handler).answer)
    server.start()
    return server


@pytest.fixture
def echo() -> Iterator[str]:
    """Answers with the event it got."""
    server = serve(lambda event, _: event)
    yield server.url
    server.stop()


def test_the_event_is_payload_version_2(echo: str) -> None:
    headers = [("Authorization", "Bearer x"), ("X-Twice", "a"), ("X-Twice", "b"), ("Cookie", "one=1; two=2")]
    event = HTTP.post(f"{echo}/approve/a%20b?limit=5&tag=x&tag=y", content=b"{}", headers=headers).json()
    assert event["version"] == "2.0"
    assert event["routeKey"] == "POST /approve/{id}"
    assert event["rawPath"] == "/approve/a b"
    assert event["rawQueryString"] == "limit=5&tag=x&tag=y"
    assert event["queryStringParameters"] == {"limit": "5", "tag": "x,y"}
    assert event["pathParameters"] == {"id": "a b"}
    assert event["headers"]["authorization"] == "Bearer x"
    assert event["headers"]["x-twice"] == "a,b"
    assert event["cookies"] == ["one=1", "two=2"]
    assert (event["body"], event["isBase64Encoded"]) == ("{}", False)
    assert event["requestContext"]["http"]["method"] == "POST"
    assert event["requestContext"]["stage"] == "$default"


def test_a_body_that_is_not_text_is_base64(echo: str) -> None:
    event = HTTP.post(f"{echo}/approve/1", content=b"\xff\x00").json()
    assert (event["isBase64Encoded"], base64.b64decode(event["body"])) == (True, b"\xff\x00")


def test_what_is_absent_is_left_out(echo: str) -> None:
    event = HTTP.get(f"{echo}/audit").json()
    assert not {"body", "cookies", "queryStringParameters", "pathParameters"} & set(event)


@pytest.mark.parametrize(("method", "path"), [("GET", "/nothing"), ("GET", "/approve/1"), ("POST", "/approve/1/2")])
def test_unknown_routes_are_not_found(echo: str, method: str, path: str) -> None:
    response = HTTP.request(method, echo + path)
    assert (response.status_code, response.json()) == (404, {"message": "Not Found"})


def test_a_result_with_a_status_is_rendered() -> None:
    result = {"statusCode": 202, "headers": {"Location": "/audit/1", "Content-Type": "text/x"}, "body": "late"}
    server = serve(lambda *_: result)
    response = HTTP.get(f"{server.url}/audit")
    server.stop()
    assert (response.status_code, response.text) == (202, "late")
    assert (response.headers["location"], response.headers["content-type"]) == ("/audit/1", "text/x")


def test_a_handler_that_raises_is_an_internal_error(capfd: pytest.CaptureFixture[str]) -> None:
    def broken(*_: Any) -> None:
        raise KeyError("secret detail")

    server = serve(broken)
    response = HTTP.get(f"{server.url}/audit")
    server.stop()
    assert (response.status_code, response.json()) == (500, {"message": "Internal Server Error"})
    assert "secret detail" in capfd.readouterr().err


def test_the_context_knows_how_much_time_is_left() -> None:
    server = serve(lambda _, context: [context.function_name, context.get_remaining_time_in_millis()])
    name, left = HTTP.get(f"{server.url}/audit").json()
    server.stop()
    assert name == "EchoFunction"
    assert 0 < left <= 10_000


def test_every_route_of_the_template_has_its_handler(template: Template) -> None:
    routes = {f"{route.method} {route.path}": route.function.handler for route in template.routes}
    assert routes == {
        "GET /health": "handlers.health.handler",
        "GET /": "handlers.console.handler",
        "GET /console": "handlers.console.handler",
        "POST /dispatch/qa-plan": "handlers.dispatch.handler",
        "POST /dispatch/triage": "handlers.dispatch.handler",
        "POST /dispatch/agent-brief": "handlers.dispatch.handler",
        "POST /dispatch/sprint-plan": "handlers.dispatch.handler",
        "POST /webhook/github": "handlers.webhook.handler",
        "POST /oidc/dispatch/qa-plan": "handlers.oidc.handler",
        "POST /oidc/dispatch/triage": "handlers.oidc.handler",
        "POST /oidc/dispatch/agent-brief": "handlers.oidc.handler",
        "POST /oidc/dispatch/sprint-plan": "handlers.oidc.handler",
        "GET /oidc/audit/{runId}": "handlers.oidc.handler",
        "GET /pending": "handlers.pending.handler",
        "GET /pending/{id}": "handlers.pending.handler",
        "POST /approve/{id}": "handlers.approve.handler",
        "POST /reject/{id}": "handlers.reject.handler",
        "GET /audit": "handlers.audit.handler",
        "GET /phases": "handlers.phases.handler",
        "GET /audit/checkpoint": "handlers.audit_checkpoint.handler",
        "POST /audit/{runId}/erase": "handlers.erase.handler",
        "GET /audit/{runId}": "handlers.audit_run.handler",
        "POST /circuit/reset": "handlers.circuit_reset.handler",
    }


# --- the worker ------------------------------------------------------------------------------


class Scripted:
    """A worker's handler that fails as often as told, and counts the attempts that came."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.events: list[Any] = []

    def __call__(self, event: Any, context: Any) -> dict[str, str]:
        self.events.append((event, context.aws_request_id))
        if len(self.events) <= self.failures:
            raise RuntimeError("crash")
        return {"status": "success"}


class Delivering:
    """An Invoke stand-in in front of a worker in this process."""

    def __init__(self, handler: Handler) -> None:
        self._worker = Server(lambda request: function.answer(FUNCTION, handler, request))
        self._worker.start()
        self.invoke = InvokeStandIn("EchoFunction", self._worker.url, lambda: None, delays=(0.0, 0.0))
        self.invoke.start()

    def send(self, kind: str, function: str = "EchoFunction") -> httpx.Response:
        url = f"{self.invoke.url}/2015-03-31/functions/{function}/invocations"
        return HTTP.post(url, json={"runId": "r"}, headers={"x-amz-invocation-type": kind})

    def close(self) -> None:
        self.invoke.close()
        self._worker.stop()


def test_an_event_is_accepted_at_once_and_delivered_in_the_background() -> None:
    handler = Scripted(failures=0)
    delivering = Delivering(handler)
    assert delivering.send("Event").status_code == 202
    assert delivering.invoke.deliveries.wait_for(lambda all_: len(all_) == 1, timeout=10)
    delivering.close()
    assert [event for event, _ in handler.events] == [{"runId": "r"}]


def test_a_failing_event_is_delivered_three_times_with_one_id_and_is_then_a_dead_letter() -> None:
    handler = Scripted(failures=9)
    delivering = Delivering(handler)
    delivering.send("Event")
    assert delivering.invoke.dead_letters.wait_for(lambda all_: len(all_) == 1, timeout=10)
    delivering.close()
    assert delivering.invoke.waiting == frozenset()
    assert len(handler.events) == 3
    assert len({identifier for _, identifier in handler.events}) == 1
    assert [d.succeeded for d in delivering.invoke.deliveries.entries()] == [False, False, False]


def test_an_event_that_succeeds_at_last_is_not_delivered_again() -> None:
    handler = Scripted(failures=1)
    delivering = Delivering(handler)
    delivering.send("Event")
    assert delivering.invoke.deliveries.wait_for(lambda all_: any(d.succeeded for d in all_), timeout=10)
    delivering.close()
    assert len(handler.events) == 2


def test_an_event_waits_until_it_is_taken_or_given_up() -> None:
    goes_on = threading.Event()
    delivering = Delivering(lambda event, _: goes_on.wait(10) and {})
    delivering.send("Event")
    assert delivering.invoke.attempts.wait_for(lambda all_: len(all_) == 1, timeout=10)
    assert [json.loads(event) for event in delivering.invoke.waiting] == [{"runId": "r"}]
    goes_on.set()
    assert delivering.invoke.deliveries.wait_for(lambda all_: len(all_) == 1, timeout=10)
    delivering.close()
    assert delivering.invoke.waiting == frozenset()


def test_several_events_are_worked_on_at_once() -> None:
    together = threading.Barrier(3, timeout=10)
    delivering = Delivering(lambda *_: together.wait())
    for _ in range(3):
        delivering.send("Event")
    assert delivering.invoke.deliveries.wait_for(lambda all_: len(all_) == 3, timeout=10)
    delivering.close()
    assert all(d.succeeded for d in delivering.invoke.deliveries.entries())


def test_a_direct_invocation_waits_for_the_result() -> None:
    delivering = Delivering(Scripted(failures=1))
    failed, succeeded = delivering.send("RequestResponse"), delivering.send("RequestResponse")
    unknown = delivering.send("Event", function="Other")
    delivering.close()
    assert failed.headers["x-amz-function-error"] == "Unhandled"
    assert failed.json()["errorType"] == "RuntimeError"
    assert succeeded.json() == {"status": "success"}
    assert unknown.status_code == 404


def test_requests_without_a_length_are_refused(echo: str) -> None:
    assert HTTP.post(f"{echo}/approve/1", content=iter([b"in", b"pieces"])).status_code == 411


def test_a_route_without_variables_goes_before_one_with(template: Template) -> None:
    gateway = Gateway(template.routes[::-1], lambda name: lambda event, context: [name, event.get("pathParameters")])
    for path, handler in {"/audit/checkpoint": "audit_checkpoint", "/audit/x": "audit_run"}.items():
        answer = gateway.answer(Request("GET", path, "", {}, b""))
        assert json.loads(answer.body)[0] == f"handlers.{handler}.handler"


def test_beyond_its_throttle_a_route_is_refused_as_api_gateway_does_and_others_are_not() -> None:
    throttled = Route("GET", "/audit", FUNCTION, throttle=Throttle(0.001, 2))
    gateway = Gateway((throttled, ROUTES[0]), lambda _: lambda event, context: "done", throttled=True)
    audit = Request("GET", "/audit", "", {}, b"")
    assert [gateway.answer(audit).status for _ in range(3)] == [200, 200, 429]
    assert json.loads(gateway.answer(audit).body) == {"message": "Too Many Requests"}
    assert gateway.answer(Request("POST", "/approve/1", "", {}, b"")).status == 200


def test_unless_told_nobody_is_throttled() -> None:
    gateway = Gateway((Route("GET", "/audit", FUNCTION, throttle=Throttle(0.001, 1)),), lambda _: lambda *_: "done")
    assert [gateway.answer(Request("GET", "/audit", "", {}, b"")).status for _ in range(3)] == [200, 200, 200]


def test_a_bucket_fills_with_time_and_no_further_than_its_burst() -> None:
    at = [0.0]
    bucket = Bucket(Throttle(2.0, 3), lambda: at[0])
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]
    at[0] = 0.5
    assert [bucket.take() for _ in range(2)] == [True, False]
    at[0] = 100.0
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]


def test_every_route_has_the_throttle_that_the_template_gives_it(template: Template) -> None:
    throttles = {f"{route.method} {route.path}": route.throttle for route in template.routes}
    assert throttles["POST /dispatch/qa-plan"] == throttles["POST /oidc/dispatch/qa-plan"] == Throttle(5.0, 10)
    assert throttles["GET /health"] == Throttle(20.0, 40)
    assert None not in throttles.values()
