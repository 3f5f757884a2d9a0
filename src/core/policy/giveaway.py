"""Whether what the model sent gives one of the service's own secrets away. Such an answer is not kept."""

from __future__ import annotations

import re
from typing import Final

from core.config import MAX_ANSWER_BYTES
from core.policy.secrets import tells

_MOST: Final = 2 * MAX_ANSWER_BYTES
"""Bytes that are looked through: an answer of MAX_ANSWER_BYTES and its frame."""
_ESCAPE: Final = re.compile(r'\\(?:u([0-9a-fA-F]{4})|(["\\/bfnrt]))')
_SHORT: Final = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def unescaped(text: str) -> str:
    """The text with JSON's escapes read, whether or not it is JSON. Half a surrogate pair becomes a blank."""
    plain = _ESCAPE.sub(lambda match: chr(int(match[1], 16)) if match[1] else _SHORT.get(match[2], match[2]), text)
    return _SURROGATE.sub(" ", plain)


def gives_away(raw: bytes, secrets: tuple[str, ...]) -> bool:
    """Whether a body of the Messages API tells a secret. What is too long to be looked through counts as if it did.

    The answer is JSON inside of JSON, and may be cut short or broken: its escapes are read twice, without parsing it.
    """
    if not secrets or len(raw) > _MOST:
        return bool(secrets)
    text = raw.decode("utf-8", "replace")
    once = unescaped(text)
    return any(tells(form, secrets) for form in dict.fromkeys((text, once, unescaped(once))))
