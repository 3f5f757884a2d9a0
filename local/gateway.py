"""A stand-in for API Gateway's HTTP API: the routes of template.yaml in front of the real handlers.

    python -m local.gateway FD [throttled]

serves on the listening socket FD with the environment it was given; `throttled` as the template says. Real HTTP becomes
an event of payload version 2.0, as described in "Create AWS Lambda proxy integrations for HTTP APIs".
"""

from __future__ import annotations

import base64
import os
import re
import socket
import sys
import threading
import traceback
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from local import checkpoint
from local.child import ROOT, PartFailed
from local.function import Handler, load, new_context
from local.schedule import Scheduler
from local.template import Route, read_template
from local.throttle import Bucket
from local.web import Answer, Request, Server, json_answer

INTEGRATION_TIMEOUT_SECONDS: Final = 30.0
MAX_PAYLOAD_BYTES: Final = 10 * 1024 * 1024


@dataclass(frozen=True)
class Match:
    """A route that fits a request, with its handler and its path parameters, decoded."""

    route: Route
    handler: Handler
    parameters: Mapping[str, str]


Verify = Callable[[str], Mapping[str, str] | None]
"""The claims of an `Authorization` header's token; None where it is not to be let in."""


class Gateway:
    """Answers requests through the handlers of its routes, found at once by `handler_of`, which may raise.

    Without `verify`, routes behind the template's authorizer are not there, as in a stack that is deployed without.
    `throttled`: requests beyond a route's throttle are refused, as API Gateway does.
    """

    def __init__(
        self,
        routes: Sequence[Route],
        handler_of: Callable[[str], Handler] = load,
        verify: Verify | None = None,
        *,
        throttled: bool = False,
    ) -> None:
        # API Gateway takes the most specific route: one without variables goes before one with.
        ordered = sorted(routes, key=lambda route: route.path.count("{"))
        self._routes = [(route, _pattern(route.path), handler_of(route.function.handler)) for route in ordered]
        self._threads = ThreadPoolExecutor(max_workers=128)
        self._verify = verify
        self._buckets = {_key(route): Bucket(route.throttle) for route in routes if throttled and route.throttle}

    def answer(self, request: Request) -> Answer:
        if (request.method, request.path) == ("POST", checkpoint.PATH):
            return _checkpoint()
        match = self._match(request)
        if match is None or (match.route.verified and self._verify is None):
            return json_answer(404, {"message": "Not Found"})
        bucket = self._buckets.get(_key(match.route))
        if bucket is not None and not bucket.take():
            return json_answer(429, {"message": "Too Many Requests"})
        if len(request.body) > MAX_PAYLOAD_BYTES:
            return json_answer(413, {"message": "Request Entity Too Large"})
        identifier = str(uuid.uuid4())
        event = proxy_event(request, match, identifier, datetime.now(UTC))
        if match.route.verified and self._verify is not None:
            claims = self._verify(request.headers.get("authorization", ""))
            if claims is None:
                return json_answer(401, {"message": "Unauthorized"})
            event["requestContext"]["authorizer"] = {"jwt": {"claims": dict(claims), "scopes": None}}
        context = new_context(match.route.function)
        running: Future[Any] = self._threads.submit(match.handler, event, context)
        headers = {"apigw-requestid": identifier}
        try:
            return render(running.result(INTEGRATION_TIMEOUT_SECONDS), headers)
        except TookTooLong:
            return json_answer(503, {"message": "Service Unavailable"}, headers)
        except Exception:  # noqa: BLE001 - whatever a handler raises, Lambda reports and the gateway hides
            traceback.print_exc()
            return json_answer(500, {"message": "Internal Server Error"}, headers)

    def _match(self, request: Request) -> Match | None:
        for route, pattern, handler in self._routes:
            found = pattern.fullmatch(request.path)
            if found and route.method in (request.method, "ANY"):
                return Match(route, handler, {name: unquote(value) for name, value in found.groupdict().items()})
        return None


def _key(route: Route) -> str:
    return f"{route.method} {route.path}"


def _checkpoint() -> Answer:
    try:
        return json_answer(200, checkpoint.invoke(os.environ))
    except PartFailed as error:
        return json_answer(500, {"message": str(error)})


def _pattern(path: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", path)
    return re.compile("".join(f"(?P<{part}>[^/]+)" if n % 2 else re.escape(part) for n, part in enumerate(parts)))


def proxy_event(request: Request, match: Match, identifier: str, now: datetime) -> dict[str, Any]:
    """The event of payload version 2.0 for one request. Pure."""
    headers = dict(request.headers)
    cookies = headers.pop("cookie", "")
    try:
        body, encoded = request.body.decode(), False
    except UnicodeDecodeError:
        body, encoded = base64.b64encode(request.body).decode(), True
    arguments: dict[str, str] = {}
    for name, value in parse_qsl(request.query, keep_blank_values=True):
        arguments[name] = f"{arguments[name]},{value}" if name in arguments else value
    route_key = _key(match.route)
    path = unquote(request.path)
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": route_key,
        "rawPath": path,
        "rawQueryString": request.query,
        "headers": headers,
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "local",
            "domainName": headers.get("host", "localhost"),
            "domainPrefix": "localhost",
            "http": {
                "method": request.method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": identifier,
            "routeKey": route_key,
            "stage": "$default",
            "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "timeEpoch": int(now.timestamp() * 1000),
        },
        "isBase64Encoded": encoded,
    }
    optional = {
        "body": body,
        "cookies": cookies.split("; ") if cookies else [],
        "queryStringParameters": arguments,
        "pathParameters": dict(match.parameters),
    }
    return {**event, **{name: value for name, value in optional.items() if value}}


def render(result: Any, headers: Mapping[str, str]) -> Answer:
    """What the gateway makes of a handler's result: without a statusCode it is the body of a 200."""
    if not isinstance(result, dict) or "statusCode" not in result:
        return json_answer(200, result, headers)
    body = result.get("body") or ""
    content = base64.b64decode(body) if result.get("isBase64Encoded") else body.encode()
    own = {name.lower(): str(value) for name, value in (result.get("headers") or {}).items()}
    return Answer(int(result["statusCode"]), content, {"content-type": "text/plain; charset=utf-8", **own, **headers})


def main() -> None:
    template = read_template(ROOT / "template.yaml")
    for code in {str(route.function.code) for route in template.routes}:
        sys.path.insert(0, code)
    from local.github_oidc import verifier  # it needs the core, which is on the path by now

    gateway = Gateway(template.routes, verify=verifier(os.environ), throttled="throttled" in sys.argv[2:])
    server = Server(gateway.answer, socket.socket(fileno=int(sys.argv[1])))
    server.start()
    Scheduler(template.schedules).start()
    threading.Event().wait()


if __name__ == "__main__":
    main()
