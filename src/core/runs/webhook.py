"""What GitHub delivers to the webhook: whether GitHub signed it, and whether it asks for a QA plan. Pure.

Only the body is signed. The headers, the kind of event and the delivery's id among them, are anybody's
to change, so what is asked for is judged by the body's own fields.
Source: "Validating webhook deliveries" and "Webhook events and payloads", docs.github.com.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from core.config import LOGIN, Settings
from core.context.labels import Labels
from core.context.team import TriageRules
from core.errors import BadRequest, ConfigurationError
from core.types import Json

MIN_SECRET_CHARACTERS: Final = 16
OLDEST_MS: Final = 24 * 3_600_000
"""What was asked longer ago is refused: the records that tell a replay are kept longer than this."""
EARLIEST_MS: Final = 5 * 60_000
"""How far GitHub's clock may be ahead of ours."""
MOST_NUMBER: Final = 2**31 - 1


@dataclass(frozen=True)
class Ask:
    """An allowed person asks for a plan."""

    number: int
    login: str
    by: str
    """`label`, `comment`, or `open`: nobody asked, a pull request was opened or made ready for review."""


@dataclass(frozen=True)
class Ignored:
    """A delivery that asks for nothing, or by somebody who may not."""

    reason: str
    stranger: bool = False


def read_secret(text: str) -> str:
    """The secret that deliveries are signed with. Raises ConfigurationError, which never repeats it."""
    secret = text.strip()
    if not secret:
        raise ConfigurationError("GITHUB_WEBHOOK_SECRET is not set")
    if len(secret) < MIN_SECRET_CHARACTERS:
        raise ConfigurationError(f"GITHUB_WEBHOOK_SECRET has fewer than {MIN_SECRET_CHARACTERS} characters")
    return secret


def is_signed(body: bytes, header: str | None, secret: str) -> bool:
    """Whether `X-Hub-Signature-256` is that of these bytes. Takes the same time whatever is wrong with it."""
    expected = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), (header or "").encode("utf-8", "surrogatepass"))


def judge(kind: str, payload: Json, settings: Settings, rules: TriageRules, now: int) -> Ask | Ignored:
    """What a signed delivery asks for at `now` (milliseconds). Raises BadRequest where it is old or lacks a field."""
    match kind, payload.get("action"):
        case "pull_request", "labeled":
            asked = _by_label(payload, rules.webhook_label)
        case "pull_request", "opened" | "ready_for_review" if settings.webhook_on_open:
            return _by_opening(payload, settings, now)
        case "issue_comment", "created":
            asked = _by_comment(payload, rules.webhook_comment)
        case _:
            return Ignored("no event that asks for a plan")
    if isinstance(asked, Ignored):
        return asked
    ask, state, at = asked
    if _text(payload, "repository", "full_name").lower() != settings.repository.lower():
        return Ignored("another repository")
    person = _text(payload, "sender", "type") == "User" and LOGIN.fullmatch(ask.login) is not None
    if not person or ask.login.lower() not in settings.webhook_allowed:
        return Ignored("not a person of WEBHOOK_ALLOWED", stranger=True)
    if state != "open":
        return Ignored("the pull request is not open")
    _require_fresh(at, now)
    return ask


_Asked = tuple[Ask, str, str]
"""What is asked, with the pull request's state and the time of asking."""


def _by_label(payload: Json, wanted: str | None) -> _Asked | Ignored:
    if wanted is None or _text(payload, "label", "name") not in Labels([wanted]):
        return Ignored("not the label that asks for a plan")
    ask = Ask(_number(payload, "pull_request", "number"), _text(payload, "sender", "login"), "label")
    return ask, _text(payload, "pull_request", "state"), _text(payload, "pull_request", "updated_at")


def _by_opening(payload: Json, settings: Settings, now: int) -> Ask | Ignored:
    """Whether its author is trusted is judged when GitHub has been read, before anything is paid."""
    if _text(payload, "repository", "full_name").lower() != settings.repository.lower():
        return Ignored("another repository")
    if _field(payload, "pull_request", "draft") is True or _text(payload, "pull_request", "state") != "open":
        return Ignored("not ready for review")
    if _text(payload, "pull_request", "user", "type") != "User":
        return Ignored("not opened by a person")
    _require_fresh(_text(payload, "pull_request", "updated_at"), now)
    login = _text(payload, "pull_request", "user", "login")
    return Ask(_number(payload, "pull_request", "number"), login, "open")


def _by_comment(payload: Json, wanted: str | None) -> _Asked | Ignored:
    if wanted is None or _text(payload, "comment", "body").strip() != wanted:
        return Ignored("not the comment that asks for a plan")
    if "pull_request" not in _table(payload, "issue"):
        return Ignored("a comment on an issue")
    login = _text(payload, "comment", "user", "login")
    if login != _text(payload, "sender", "login"):
        return Ignored("not sent by who wrote the comment", stranger=True)
    ask = Ask(_number(payload, "issue", "number"), login, "comment")
    return ask, _text(payload, "issue", "state"), _text(payload, "comment", "created_at")


def _require_fresh(at: str, now: int) -> None:
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise BadRequest("the delivery does not say when it was asked for")
    age = now - int(moment.timestamp() * 1000)
    if age > OLDEST_MS:
        raise BadRequest("this was asked for more than 24 hours ago: ask again")
    if age < -EARLIEST_MS:
        raise BadRequest("this was asked for in the future: a clock is wrong")


def _field(payload: Json, *path: str) -> Any:
    value: Any = payload
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _table(payload: Json, *path: str) -> Json:
    value = _field(payload, *path)
    if not isinstance(value, Mapping):
        raise BadRequest(f"the delivery has no {'.'.join(path)}")
    return value


def _text(payload: Json, *path: str) -> str:
    value = _field(payload, *path)
    if not isinstance(value, str):
        raise BadRequest(f"the delivery has no {'.'.join(path)}")
    return value


def _number(payload: Json, *path: str) -> int:
    value = _field(payload, *path)
    if type(value) is not int or not 1 <= value <= MOST_NUMBER:
        raise BadRequest(f"the delivery has no {'.'.join(path)}")
    return value
