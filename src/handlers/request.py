"""A request as the handlers see it: its body, ids, pages and filters, read strictly or refused."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from core.callers.auth import Principal
from core.config import MAX_BODY_BYTES, MAX_WEBHOOK_BYTES
from core.errors import BadRequest, NotFound, TooLarge
from core.store import Item
from core.text import strict_json
from core.types import Json

UUID: Final = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
"""The form of every id that this service gives out."""
MOMENT: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z"
"""The form of every time that it writes."""
NOBODY: Final = Principal("", frozenset())
MOST_ROWS: Final = 100


@dataclass(frozen=True)
class Form:
    """What a value has to look like, for programs and in words."""

    pattern: str
    words: str


TARGET: Final = Form(r"(pull_request|issue):[1-9][0-9]{0,9}", "pull_request:N or issue:N, such as pull_request:42")
PRINCIPAL: Final = Form(r"\S.{0,199}", "the name of a token, or github:LOGIN, actions:WORKFLOW and the like")


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

    def id_of(self, what: str, name: str = "id") -> str:
        """An id of the path. Raises NotFound for a text that is no id of ours: it is not looked up."""
        value = self.path.get(name, "")
        if not is_id(value):
            raise NotFound(f"no {what} has this id")
        return value

    def number(self, name: str, default: int, most: int) -> int:
        """A whole number of the query, of at least 1. Raises BadRequest."""
        raw = self.query.get(name, str(default))
        if not raw.isascii() or not raw.isdigit() or not 1 <= int(raw[:6]) <= most:
            raise BadRequest(f"{name} must be a whole number from 1 to {most}")
        return int(raw)

    def refuse_unknown(self, *known: str) -> None:
        """Raises BadRequest naming a query parameter that the route does not have."""
        unknown = sorted(set(self.query) - set(known))
        if unknown:
            allowed = f"it may have {', '.join(known)}" if known else "it takes none"
            raise BadRequest(f"unknown query parameter {unknown[0][:60]!r}: {allowed}")


@dataclass(frozen=True)
class Listing:
    """How a list may be asked for."""

    key: Mapping[str, str | int]
    """The attributes of the key at which a page starts, each with the pattern of its text or its one number."""
    filters: Mapping[str, Sequence[str] | Form]
    """By query parameter, the values that may stand there."""
    others: tuple[str, ...] = ()
    """Its further query parameters."""

    def read(self, request: Request) -> Asked:
        """The page that is asked for. Raises BadRequest."""
        request.refuse_unknown("limit", "cursor", *self.others, *self.filters)
        return Asked(
            limit=request.number("limit", 20, MOST_ROWS),
            start=self._start(request.query.get("cursor")),
            where={name: self._filter(name, request.query[name]) for name in self.filters if name in request.query},
        )

    def _filter(self, name: str, value: str) -> str:
        """A value that nothing can match is refused by naming what may stand there."""
        allowed = self.filters[name]
        if isinstance(allowed, Form):
            if not re.fullmatch(allowed.pattern, value):
                raise BadRequest(f"{name} must be {allowed.words}")
        elif value not in allowed:
            raise BadRequest(f"{name} must be one of {', '.join(allowed)}")
        return value

    def _start(self, cursor: str | None) -> Item | None:
        """DynamoDB refuses a key of another form as an error of ours, so it must not get there."""
        if cursor is None:
            return None
        try:
            key = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        except (ValueError, binascii.Error, RecursionError):
            key = None
        known = isinstance(key, dict) and set(key) == set(self.key)
        if known and all(_fits(key[name], form) for name, form in self.key.items()):
            return dict(key)
        raise BadRequest("cursor is not one that this API has given out")


@dataclass(frozen=True)
class Asked:
    """One page of a list."""

    limit: int
    start: Item | None
    where: Mapping[str, str]


def write_cursor(key: Item | None) -> str | None:
    """What `Listing.read` takes back for the page that starts there."""
    return None if key is None else base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def is_id(value: str) -> bool:
    """Whether it has the form of an id of ours."""
    return re.fullmatch(UUID, value) is not None


def read_raw(event: Mapping[str, Any], *, signed: bool) -> bytes:
    """The body as it came. GitHub signs deliveries, which may be larger. Raises BadRequest, TooLarge."""
    most = MAX_WEBHOOK_BYTES if signed else MAX_BODY_BYTES
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
    value = strict_json.read(text, most=MAX_WEBHOOK_BYTES) if text.strip() else {}
    if isinstance(value, strict_json.Fault):
        place = f" (at {value.path})" if value.path else ""
        raise BadRequest(f"the body cannot be read as JSON: {value.why}{place}")
    return value


def _fits(value: object, form: str | int) -> bool:
    if isinstance(form, int):
        return type(value) is int and value == form
    return isinstance(value, str) and re.fullmatch(form, value) is not None
