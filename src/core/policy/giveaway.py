"""Whether what the model sent gives one of the service's own secrets away. Such an answer is not kept."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

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


def gives_away(raw: bytes, secrets: tuple[str, ...], judged: str = "") -> bool:
    """Whether a body of the Messages API tells a secret, in any of its strings and in any disguise that rules know.

    The answer is JSON inside of JSON, and may be cut short or broken: its escapes are read without parsing it.
    What is too long to be looked through counts as if it did. `judged` is the text that policy has looked through.
    """
    if not secrets:
        return False
    if len(raw) > _MOST:
        return True
    try:
        said = "\n\n".join(text for text in _strings(json.loads(raw)) if text != judged)
    except (ValueError, RecursionError):
        said = raw.decode("utf-8", "replace")
    said = _SURROGATE.sub(" ", said)
    return any(tells(form, secrets) for form in dict.fromkeys((said, unescaped(said))))


def _strings(value: Any) -> Iterator[str]:
    """Every string of a JSON value, keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, child in value.items():
            yield key
            yield from _strings(child)
    elif isinstance(value, list):
        for child in value:
            yield from _strings(child)
