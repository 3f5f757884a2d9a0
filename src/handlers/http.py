"""Between API Gateway and the core: parse, authenticate, call, render. The one file that knows HTTP status codes."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from aws_lambda_powertools.logging import Logger

from core import auth, bootstrap
from core.app import App
from core.audit import alone, events
from core.config import MAX_BODY_BYTES, MAX_WEBHOOK_BYTES
from core.errors import BadRequest, NotFound, OrchestratorError, OutOfReach, StoreUnavailable, TooLarge, Unauthorized
from core.store import Item
from core.text import strict_json
from core.types import Json, Principal
from handlers import snapshot

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
    ("rejected", ""): 422,
    ("failed", "model_error"): 502,
    ("failed", "worker_unavailable"): 503,
}
"""HTTP status by the body's `status` and `reason`; what is not listed is 200."""

UUID: Final = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
"""The form of every id that this service gives out."""
MOMENT: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z"
"""The form of every time that it writes."""


@dataclass(frozen=True)
class Form:
    """What a value has to look like, for programs and in words."""

    pattern: str
    words: str


TARGET: Final = Form(r"(pull_request|issue):[1-9][0-9]{0,9}", "pull_request:N or issue:N, such as pull_request:42")
PRINCIPAL: Final = Form(r"\S.{0,199}", "the name of a token, or github:LOGIN, actions:WORKFLOW and the like")

Filters = Mapping[str, Sequence[str] | Form]
"""A list's filters, each with the values that may stand there."""
KeyShape = Mapping[str, str | int]
"""The attributes of a cursor's key, each with the pattern of its text or the one number that it holds."""


@dataclass(frozen=True)
class Request:
    """One request, as the handlers see it."""

    id: str
    principal: Principal
    body: Json
    path: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    started: int
    """Milliseconds."""
    deadline: int
    """Milliseconds: when this invocation ends."""
    raw: bytes = b""
    """The body as it came."""
    event: Json = field(default_factory=dict)
    """What the gateway made of the request."""


@dataclass(frozen=True)
class Reply:
    """A body and, where the table above does not say it, its status."""

    body: Json
    status: int | None = None
    headers: Mapping[str, str] | None = None


NOBODY: Final = Principal("", frozenset())


class Endpoint:
    """A Lambda handler around one core call.

    `right` is what the token must allow; None makes the route public. The refusal of a `command` (a
    request that would change something) by a known principal is an audit event. Where the body is
    `signed`, the route itself checks the signature and reads it then: the request has it as `raw` alone.
    """

    def __init__(
        self,
        respond: Callable[[App, Request], Reply],
        *,
        right: str | None,
        command: bool = False,
        signed: bool = False,
    ) -> None:
        self._respond = respond
        self._right = right
        self._command = command
        self._signed = signed

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
            if self._right is not None:
                principal = self.identify(app, event, headers)
                auth.require_right(principal, self._right)
            started = app.now()
            raw = _raw_body(event, MAX_WEBHOOK_BYTES if self._signed else MAX_BODY_BYTES)
            request = Request(
                id=request_id,
                principal=principal,
                body={} if self._signed else read_json(raw),
                path=event.get("pathParameters") or {},
                query=event.get("queryStringParameters") or {},
                headers=headers,
                started=started,
                deadline=started + int(context.get_remaining_time_in_millis()) - 500,
                raw=raw,
                event=event,
            )
            reply = self._respond(app, request)
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
        if not self._command or principal is NOBODY or isinstance(error, OutOfReach):
            return  # who has no token writes nothing: the audit is not a stranger's to fill
        target = {name: _id_or_not(value) for name, value in (event.get("pathParameters") or {}).items()}
        route = str(event.get("routeKey", ""))[:200]
        try:
            alone.append(app, events.request_refused(principal.name, route, target, error.code, error.message))
        except StoreUnavailable:
            logger.error("the refusal could not be recorded", extra={"code": error.code})


class Endpoints:
    """Several of them as the one handler of a Lambda function, told apart by the route's key."""

    def __init__(self, routes: Mapping[str, Endpoint]) -> None:
        self.routes = routes

    def __call__(self, event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        return self.routes[event["routeKey"]](event, context)

    def answer(self, app: App, event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        return self.routes[event["routeKey"]].answer(app, event, context)


def page_limit(request: Request, default: int = 20, most: int = 100) -> int:
    """The `limit` of a list. Raises BadRequest."""
    raw = request.query.get("limit", str(default))
    if not raw.isascii() or not raw.isdigit() or not 1 <= int(raw[:6]) <= most:
        raise BadRequest(f"limit must be a whole number from 1 to {most}")
    return int(raw)


def read_filters(request: Request, filters: Filters) -> dict[str, str]:
    """The filters of the query. Raises BadRequest for a value that nothing can match, naming what may stand there."""
    where = {name: request.query[name] for name in filters if name in request.query}
    for name, value in where.items():
        allowed = filters[name]
        if isinstance(allowed, Form):
            if not re.fullmatch(allowed.pattern, value):
                raise BadRequest(f"{name} must be {allowed.words}")
        elif value not in allowed:
            raise BadRequest(f"{name} must be one of {', '.join(allowed)}")
    return where


def path_id(request: Request, name: str, what: str) -> str:
    """An id of the path. Raises NotFound for a text that is no id of ours: it is not looked up."""
    value = request.path.get(name, "")
    if not re.fullmatch(UUID, value):
        raise NotFound(f"no {what} has this id")
    return value


def read_cursor(request: Request, shape: KeyShape) -> Item | None:
    """The key that a `cursor` stands for. Raises BadRequest for one that this API has not made.

    DynamoDB refuses a key of another form as an error of ours, so it must not get there.
    """
    raw = request.query.get("cursor")
    if raw is None:
        return None
    try:
        key = json.loads(base64.urlsafe_b64decode(raw.encode()))
    except (ValueError, binascii.Error, RecursionError):
        key = None
    if not isinstance(key, dict) or set(key) != set(shape) or not all(_fits(key[n], form) for n, form in shape.items()):
        raise BadRequest("cursor is not one that this API has given out")
    return key


def _fits(value: object, form: str | int) -> bool:
    if isinstance(form, int):
        return type(value) is int and value == form
    return isinstance(value, str) and re.fullmatch(form, value) is not None


def write_cursor(key: Item | None) -> str | None:
    return None if key is None else base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def no_unknown(given: Mapping[str, Any], known: tuple[str, ...], what: str) -> None:
    """Raises BadRequest naming a field that the route does not have."""
    unknown = sorted(set(given) - set(known))
    if unknown:
        allowed = f"it may have {', '.join(known)}" if known else "it takes none"
        raise BadRequest(f"unknown {what} {unknown[0][:60]!r}: {allowed}")


def _raw_body(event: Mapping[str, Any], most: int) -> bytes:
    given = event.get("body") or ""
    if len(given) > 2 * most:
        raise TooLarge(f"the body is larger than {most} bytes")
    try:
        raw = base64.b64decode(given) if event.get("isBase64Encoded") else given.encode()
    except ValueError:
        raise BadRequest("the body is not UTF-8 text") from None
    if len(raw) > most:
        raise TooLarge(f"the body is larger than {most} bytes")
    return bytes(raw)


def read_json(raw: bytes) -> Json:
    """The one JSON object of a body; none at all reads as an empty one. Raises BadRequest."""
    try:
        text = raw.decode("utf-8")
    except ValueError:
        raise BadRequest("the body is not UTF-8 text") from None
    if not text.strip():
        return {}
    value = strict_json.read(text, most=MAX_WEBHOOK_BYTES)
    if isinstance(value, strict_json.Fault):
        raise BadRequest(
            f"the body cannot be read as JSON: {value.why}" + (f" (at {value.path})" if value.path else "")
        )
    return value


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


def _id_or_not(value: object) -> str:
    """An id of a path as the audit keeps it for ever: what is none may be anything, a secret too."""
    return str(value) if re.fullmatch(UUID, str(value)) else "not an id"


def _request_id(event: Mapping[str, Any]) -> str:
    return str((event.get("requestContext") or {}).get("requestId") or bootstrap.new_id())
