"""Between API Gateway and the core: authenticate, read, call, render. The one file that knows HTTP status codes.

Powertools' event classes would parse no more than this does, and add 50 ms to each cold start.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from aws_lambda_powertools.logging import Logger

from core import bootstrap
from core.app import App
from core.audit import alone, events
from core.callers import auth
from core.callers.auth import Principal
from core.errors import OrchestratorError, OutOfReach, StoreUnavailable, Unauthorized
from core.types import Json
from handlers import snapshot
from handlers.request import NOBODY, Request, is_id, read_json, read_raw

logger = Logger(service="dfg-orchestrator")
snapshot.hook_in()

STATUS: Final[Mapping[tuple[str, str], int]] = {
    ("accepted", ""): 202,
    ("in_progress", ""): 409,
    ("skipped", "comment_storm"): 200,
    ("skipped", "untrusted"): 200,
    ("skipped", "circuit_open"): 503,
    ("skipped", "budget_exhausted"): 429,
    ("skipped", "task_limit"): 429,
    ("skipped", "phase"): 403,
    ("skipped", "older_version"): 503,
    ("rejected", ""): 422,
    ("failed", "model_error"): 502,
    ("failed", "worker_unavailable"): 503,
}
"""HTTP status by the body's `status` and `reason`; what is not listed is 200."""


@dataclass(frozen=True)
class Reply:
    """A body and, where the table above does not say it, its status."""

    body: Json
    status: int | None = None
    headers: Mapping[str, str] | None = None


Respond = Callable[[App, Request], Reply]


@dataclass(frozen=True)
class Endpoint:
    """A Lambda handler around one core call."""

    respond: Respond
    right: str | None
    """What the token must allow; None makes the route public."""
    command: bool = False
    """It would change something: its refusal, to a known principal, is an audit event."""
    signed: bool = False
    """The route itself checks the body's signature and reads it then: the request has it as `raw` alone."""

    def __call__(self, event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        try:
            app = bootstrap.app()
        except OrchestratorError as error:
            logger.error("the service is not configured", extra={"code": error.code, "detail": error.message})
            return _render(_request_id(event), _error(error))
        return self.answer(app, event, context)

    def answer(self, app: App, event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        """The response to one API Gateway event (payload format 2.0)."""
        request_id = _request_id(event)
        principal = NOBODY
        try:
            headers = {str(k).lower(): str(v) for k, v in (event.get("headers") or {}).items()}
            if self.right is not None:
                principal = self.identify(app, event, headers)
                auth.require_right(principal, self.right)
            started = app.now()
            raw = read_raw(event, signed=self.signed)
            request = Request(
                id=request_id,
                principal=principal,
                body={} if self.signed else read_json(raw),
                path=event.get("pathParameters") or {},
                query=event.get("queryStringParameters") or {},
                headers=headers,
                started=started,
                deadline=started + int(context.get_remaining_time_in_millis()) - 500,
                raw=raw,
                event=event,
            )
            reply = self.respond(app, request)
        except OrchestratorError as error:
            self._note_refusal(app, event, principal, error)
            reply = _error(error)
        return _render(request_id, reply)

    def identify(self, app: App, event: Mapping[str, Any], headers: Mapping[str, str]) -> Principal:
        """Who asks. Raises Unauthorized."""
        return auth.authenticate(headers.get("authorization"), app.credentials())

    def _note_refusal(self, app: App, event: Mapping[str, Any], principal: Principal, error: OrchestratorError) -> None:
        if isinstance(error, Unauthorized):
            app.measure("Unauthorized", 1)
        level = logger.error if error.status >= 500 else logger.info
        level("refused", extra={"code": error.code, "principal": principal.name, "detail": error.message})
        if not self.command or principal is NOBODY or isinstance(error, OutOfReach):
            return  # who has no token writes nothing: the audit is not a stranger's to fill
        # What is no id may be anything, a secret too, and the audit keeps it for ever.
        target = {n: str(v) if is_id(str(v)) else "not an id" for n, v in (event.get("pathParameters") or {}).items()}
        route = str(event.get("routeKey", ""))[:200]
        try:
            alone.append(app, events.request_refused(principal.name, route, target, error.code, error.message))
        except StoreUnavailable:
            logger.error("the refusal could not be recorded", extra={"code": error.code})


@dataclass(frozen=True)
class Endpoints:
    """Several of them as the one handler of a Lambda function, told apart by the route's key."""

    routes: Mapping[str, Endpoint]

    def __call__(self, event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        return self.routes[event["routeKey"]](event, context)

    def answer(self, app: App, event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        return self.routes[event["routeKey"]].answer(app, event, context)


def _error(error: OrchestratorError) -> Reply:
    detail = dict(error.detail)
    retry_after = detail.pop("retry_after", None)
    if error.status == 503 and retry_after is None:
        retry_after = 5
    body = {"status": "error", "error": {"code": error.code, "message": error.message}, **detail}
    return Reply(body, error.status, {"retry-after": str(retry_after)} if retry_after is not None else None)


def _render(request_id: str, reply: Reply) -> dict[str, Any]:
    status = reply.status or STATUS.get((reply.body.get("status", ""), reply.body.get("reason", "")), 200)
    headers = {"content-type": "application/json", "x-request-id": request_id, "cache-control": "no-store"}
    if "retryAfter" in reply.body:
        headers["retry-after"] = str(reply.body["retryAfter"])
    return {"statusCode": status, "headers": {**headers, **(reply.headers or {})}, "body": json.dumps(reply.body)}


def _request_id(event: Mapping[str, Any]) -> str:
    return str((event.get("requestContext") or {}).get("requestId") or bootstrap.new_id())
