"""What GitHub delivers to the webhook: whether GitHub signed it, and whether it asks for a QA plan. Pure.

Only the body is signed. The headers, the kind of event and the delivery's id among them, are anybody's
to change, so what is asked for is judged by the body's own fields.
Source: "Validating webhook deliveries" and "Webhook events and payloads", docs.github.com.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

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
Field = TypeVar("Field", str, int, dict[str, Any])


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


@dataclass(frozen=True)
class _Event:
    """A kind of event that may ask, and where its body says of which pull request, who asks and when."""

    by: str
    item: str
    person: str
    at: str


_OPENED: Final = _Event("open", "pull_request", "pull_request.user", "pull_request.updated_at")
_EVENTS: Final = {
    ("pull_request", "labeled"): _Event("label", "pull_request", "sender", "pull_request.updated_at"),
    ("pull_request", "opened"): _OPENED,
    ("pull_request", "ready_for_review"): _OPENED,
    ("issue_comment", "created"): _Event("comment", "issue", "sender", "comment.created_at"),
}


def judge(kind: str, payload: Json, settings: Settings, rules: TriageRules, now: int) -> Ask | Ignored:
    """What a signed delivery asks for at `now` (milliseconds). Raises BadRequest where it is old or lacks a field."""
    event = _EVENTS.get((kind, str(payload.get("action"))))
    if event is None or (event.by == "open" and not settings.webhook_on_open):
        return Ignored("no event that asks for a plan")
    if ignored := _not_asked(event.by, payload, rules):
        return ignored
    if _read(payload, "repository.full_name", str).lower() != settings.repository.lower():
        return Ignored("another repository")
    person, is_open = f"{event.person}.type", _read(payload, f"{event.item}.state", str) == "open"
    login = _read(payload, f"{event.person}.login", str)
    is_person = _read(payload, person, str) == "User" and LOGIN.fullmatch(login) is not None
    if event.by == "open":  # whether its author is trusted is judged when GitHub has been read, before anything is paid
        if not is_open or payload["pull_request"].get("draft") is True:
            return Ignored("not ready for review")
        if not is_person:
            return Ignored("not opened by a person")
    elif not is_person or login.lower() not in settings.webhook_allowed:
        return Ignored("not a person of WEBHOOK_ALLOWED", stranger=True)
    elif not is_open:
        return Ignored("the pull request is not open")
    _require_fresh(_read(payload, event.at, str), now)
    number = _read(payload, f"{event.item}.number", int)
    if not 1 <= number <= MOST_NUMBER:
        raise BadRequest(f"the delivery has no {event.item}.number")
    return Ask(number, login, event.by)


def _not_asked(by: str, payload: Json, rules: TriageRules) -> Ignored | None:
    """Why a label or a comment asks for nothing."""
    if by == "label":
        asks = rules.webhook_label is not None and _read(payload, "label.name", str) in Labels([rules.webhook_label])
        return None if asks else Ignored("not the label that asks for a plan")
    if by == "open":
        return None
    if rules.webhook_comment is None or _read(payload, "comment.body", str).strip() != rules.webhook_comment:
        return Ignored("not the comment that asks for a plan")
    if "pull_request" not in _read(payload, "issue", dict):
        return Ignored("a comment on an issue")
    if _read(payload, "comment.user.login", str) != _read(payload, "sender.login", str):
        return Ignored("not sent by who wrote the comment", stranger=True)
    return None


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


def _read(payload: Json, path: str, kind: type[Field]) -> Field:
    """The field at `path`. Raises BadRequest where there is none of that kind."""
    value: Any = payload
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    if type(value) is not kind:
        raise BadRequest(f"the delivery has no {path}")
    return value
