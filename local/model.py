"""A stand-in for the Anthropic Messages API. It is not Claude, and every answer says so.

A real HTTP server for the real SDK. Tests order its behaviour in the process (`order`), others by
POST /__control with the fields of `Order`, e.g. `{"status": 529, "times": 2}` or `{"clear": true}`.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from local.claude_rules import Objection, objection
from local.drafts import draft
from local.orders import EVERY, Gate, Journal, Orders
from local.web import Answer, HangUp, Request, StandIn, json_answer

HEADERS: Final = {"x-stand-in": "This is the local model stand-in, not Claude"}

WORKSPACE_GEOGRAPHY: Final = "us"
"""Where a request that names no geography runs: the dearer one, as a workspace may have it."""

_ERROR_TYPES: Final = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
}


@dataclass(frozen=True)
class Order:
    """How to answer a call. Everything left out is as an ordinary answer has it."""

    status: int = 200
    retry_after: str | None = None
    delay_seconds: float = 0.0
    hold: bool = False
    """Wait, after the request was recorded, until `release`."""
    hang_up: bool = False
    """Close the connection without an answer."""
    text: str | None = None
    stop_reason: str = "end_turn"
    """`max_tokens` cuts the text in the middle, `refusal` empties it."""
    input_tokens: int | None = None
    output_tokens: int | None = None
    inference_geo: str | None = "as asked"
    """What usage says of where it ran."""


class ModelStandIn(StandIn):
    """Serves between `start` and `stop`. `api_key` is the only key it takes."""

    def __init__(self) -> None:
        self.api_key = secrets.token_hex(16)
        self.calls: Journal[bytes] = Journal()
        """The exact bytes of every request for a message, refused ones included."""
        self._orders = Orders(Order)
        self._gate = Gate()
        super().__init__(self._answer, self._gate.close)

    def order(self, order: Order, times: int | None = 1) -> None:
        """The next `times` calls are answered so; None: all until `clear`."""
        self._orders.add(EVERY, order, times)

    def release(self) -> None:
        """Lets the calls go on that are held."""
        self._gate.release()

    def clear(self) -> None:
        """Forgets all orders and calls."""
        self._orders.clear()
        self.calls.clear()
        self._gate.release()

    def _answer(self, request: Request) -> Answer:
        if request.path == "/__control":
            return self._orders.control(request.json(), {"clear": self.clear, "release": self.release})
        if (request.method, request.path) != ("POST", "/v1/messages"):
            return _error(Objection(404, "not_found_error", "Not found: this stand-in has POST /v1/messages only"))
        releases = self._gate.releases()
        self.calls.add(request.body)
        # The API takes a key in either header; the SDK uses the second.
        key = request.headers.get("x-api-key") or request.headers.get("authorization", "").removeprefix("Bearer ")
        if key != self.api_key:
            return _error(
                Objection(401, "authentication_error", "invalid x-api-key" if key else "x-api-key is required")
            )
        if "anthropic-version" not in request.headers:
            return _error(Objection(400, "invalid_request_error", "anthropic-version: header is required"))
        try:
            body = request.json()
        except ValueError as error:
            return _error(Objection(400, "invalid_request_error", f"The request body is not valid JSON: {error}"))
        refused = objection(body)
        if refused is not None:
            return _error(refused)
        return self._follow(self._orders.take(EVERY) or Order(), body, releases)

    def _follow(self, order: Order, body: Mapping[str, Any], releases: int) -> Answer:
        if order.hold:
            self._gate.hold(releases)
        self._gate.pause(order.delay_seconds)
        if order.hang_up:
            raise HangUp
        if order.status != 200:
            kind = _ERROR_TYPES.get(order.status, "api_error")
            headers = {} if order.retry_after is None else {"retry-after": order.retry_after}
            return _error(Objection(order.status, kind, "Ordered from the stand-in"), headers)
        return json_answer(200, _message(order, body, len(self.calls.entries())), HEADERS)


def _error(refused: Objection, headers: Mapping[str, str] | None = None) -> Answer:
    body = {
        "type": "error",
        "error": {"type": refused.type, "message": refused.message},
        "request_id": "req_stand_in",
    }
    return json_answer(refused.status, body, {"request-id": "req_stand_in", **HEADERS, **(headers or {})})


def _message(order: Order, body: Mapping[str, Any], number: int) -> dict[str, Any]:
    """A message in the API's shape. Thinking precedes the text, as it does with adaptive thinking."""
    schema = ((body.get("output_config") or {}).get("format") or {}).get("schema")
    text = order.text
    if text is None:
        text = draft(_text(body["messages"][-1]["content"]), schema, _text(body.get("system", "")))
    stop_reason = order.stop_reason
    output_tokens = _tokens(text) + _THINKING_TOKENS
    if output_tokens > body["max_tokens"]:
        stop_reason, output_tokens = "max_tokens", body["max_tokens"]
    if stop_reason == "max_tokens":
        text = text[: len(text) // 2]
    if stop_reason == "refusal":
        text = ""
    content = [{"type": "thinking", "thinking": "", "signature": "c3RhbmQtaW4="}]
    return {
        "id": f"msg_standin_not_claude_{number:04d}",
        "type": "message",
        "role": "assistant",
        "model": body["model"],
        "content": [*content, {"type": "text", "text": text}] if text else [],
        "stop_reason": stop_reason,
        "stop_sequence": None,
        "usage": {
            "input_tokens": _tokens(_prompt_text(body)) if order.input_tokens is None else order.input_tokens,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": output_tokens if order.output_tokens is None else order.output_tokens,
            "service_tier": "standard",
            "inference_geo": (
                body.get("inference_geo", WORKSPACE_GEOGRAPHY)
                if order.inference_geo == "as asked"
                else order.inference_geo
            ),
        },
    }


_THINKING_TOKENS: Final = 60
_BYTES_PER_TOKEN: Final = 3.6
"""A usual ratio for English and code. Far below the bound of one token per byte."""


def _tokens(text: str) -> int:
    return int(len(text.encode()) / _BYTES_PER_TOKEN) + 8


def _prompt_text(body: Mapping[str, Any]) -> str:
    system = _text(body.get("system", ""))
    schema = json.dumps(body.get("output_config", {}), ensure_ascii=False)
    return system + schema + "".join(_text(message["content"]) for message in body["messages"])


def _text(content: Any) -> str:
    return content if isinstance(content, str) else "\n".join(block["text"] for block in content)
