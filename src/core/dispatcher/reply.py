"""What can come back from the model, and how to read it. Pure: no SDK here."""

import json
from dataclasses import dataclass
from typing import Any, Final, Literal

from core.dispatcher.pricing import Usage

NORMAL_END: Final = "end_turn"

Trouble = Literal["overloaded", "server_error", "no_answer", "not_sent", "denied", "refused", "malformed"]


@dataclass(frozen=True)
class Answer:
    """What the model wrote: untrusted text."""

    text: str
    stop_reason: str
    usage: Usage
    model: str


@dataclass(frozen=True)
class Answered:
    """A 200 with reported usage. `raw` is the body, byte for byte."""

    raw: bytes
    answer: Answer


@dataclass(frozen=True)
class Unanswered:
    """An attempt without reported usage."""

    trouble: Trouble
    detail: str
    retry_after: float | None = None

    @property
    def may_have_been_billed(self) -> bool:
        """Whether the worst case stays charged: only what was refused or never sent is free for certain."""
        return self.trouble in ("server_error", "no_answer", "malformed")

    @property
    def worth_retrying(self) -> bool:
        return self.trouble in ("overloaded", "server_error", "no_answer", "not_sent")


Reply = Answered | Unanswered


def read_reply(status: int, body: bytes, retry_after: str | None) -> Reply:
    """An HTTP answer of the Messages API as a Reply. https://docs.claude.com/en/api/errors"""
    wait = _seconds(retry_after)
    if status in (429, 529):
        return Unanswered("overloaded", f"the model answered {status}", wait)
    if status >= 500:
        return Unanswered("server_error", f"the model answered {status}", wait)
    if status != 200:
        trouble: Trouble = "denied" if status in (401, 403) else "refused"
        return Unanswered(trouble, f"the model refused the request with {status}: {_error_type(body)}")
    answer = read_answer(body)
    return Answered(body, answer) if answer else Unanswered("malformed", "the model's answer is not a message")


def read_answer(body: bytes) -> Answer | None:
    """The message in a 200, or None when it is not one."""
    try:
        message = json.loads(body)
        usage = message["usage"]
        counts = [
            usage.get("input_tokens"),
            usage.get("output_tokens"),
            usage.get("cache_read_input_tokens") or 0,
            usage.get("cache_creation_input_tokens") or 0,
        ]
        if not all(type(count) is int and count >= 0 for count in counts):
            return None
        geo = usage.get("inference_geo")
        return Answer(
            text="".join(block["text"] for block in message["content"] if block["type"] == "text"),
            stop_reason=_plain(message["stop_reason"]),
            usage=Usage(counts[0], counts[1], counts[2], counts[3], None if geo is None else _plain(geo)),
            model=_plain(message["model"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _error_type(body: bytes) -> str:
    try:
        return _plain(json.loads(body)["error"]["type"])
    except (ValueError, KeyError, TypeError):
        return "unknown error"


def _plain(value: Any) -> str:
    """A short identifier of the other side's, safe to log."""
    return str(value)[:80].encode("ascii", "replace").decode()


def _seconds(header: str | None) -> float | None:
    try:
        value: Any = float(header or "")
    except ValueError:
        return None
    return value if 0 <= value < 86_400 else None
