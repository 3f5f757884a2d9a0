"""Strict reading of a model's answer: one JSON value, each key once, nothing repaired.

The standard library's parser accepts NaN, the last of duplicate keys and lone surrogates; other
readers of the same bytes would see something else. All of that is a fault here (RFC 8259 section 4
calls such texts unpredictable).

What the text itself says stays out of a fault: its keys are told only where they are known names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from core.config import MAX_ANSWER_BYTES

MAX_DEPTH: Final = 16
"""Levels of nesting. The deepest schema has four."""

_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*+"')
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_LONG_NUMBER: Final = re.compile(r"\d{64}")


@dataclass(frozen=True)
class Fault:
    """Why an answer cannot be read, and where: a path such as `test_plan[2].steps[0]`, or empty for the whole."""

    path: str
    why: str


def path_of(location: Iterable[int | str], names: Container[str]) -> str:
    """A place in an answer, such as `test_plan[2].steps[0]`. A key that is not one of `names` is not repeated."""
    path = ""
    for part in location:
        word = f"[{part}]" if isinstance(part, int) else part if part in names else "<unknown field>"
        path += f".{word}" if path and isinstance(part, str) else word
    return path


class _Unreadable(Exception):
    """Carries a reason out of the standard library's parser."""


def _refuse_constant(name: str) -> NoReturn:
    raise _Unreadable(f"{name} is not JSON")


def _each_key_once(names: Container[str]) -> Callable[[list[tuple[str, Any]]], dict[str, Any]]:
    def take(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key, value in pairs:
            if key in result:
                raise _Unreadable(f"the key {key!r} appears twice" if key in names else "a key appears twice")
            result[key] = value
        return result

    return take


def _too_deep(text: str) -> bool:
    depth = 0
    for char in _STRING.sub("", text):
        if char in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                return True
        elif char in "]}":
            depth -= 1
    return False


def _bad_string(value: Any) -> tuple[int | str, ...] | None:
    """Where the first string stands that cannot be encoded as UTF-8."""
    if isinstance(value, str):
        return () if _SURROGATE.search(value) else None
    if isinstance(value, dict) and any(map(_SURROGATE.search, value)):
        return ()
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for at, child in inner:
        found = _bad_string(child)
        if found is not None:
            return (at, *found)
    return None


def read(raw: str | bytes, names: Container[str] = ()) -> dict[str, Any] | Fault:
    """The one JSON object of `raw`, or why there is none. Never raises; never looks at more than the limit.

    `names` are the keys that a fault may repeat.
    """
    if len(raw) > MAX_ANSWER_BYTES:
        return Fault("", f"longer than {MAX_ANSWER_BYTES} bytes")
    if isinstance(raw, bytes):
        try:
            text = raw.decode("utf-8", errors="strict")
        except UnicodeDecodeError as error:
            return Fault("", f"not UTF-8 at byte {error.start}")
    else:
        text = raw
    if _SURROGATE.search(text):
        return Fault("", "holds half of a surrogate pair")
    if len(text.encode()) > MAX_ANSWER_BYTES:
        return Fault("", f"longer than {MAX_ANSWER_BYTES} bytes")
    if text.startswith("\ufeff"):
        return Fault("", "begins with a byte order mark")
    if _too_deep(text):
        return Fault("", f"nested deeper than {MAX_DEPTH} levels")
    if _LONG_NUMBER.search(_STRING.sub("", text)):
        return Fault("", "holds a number of absurd length")
    body = text.strip(" \t\r\n")
    try:
        value, end = json.JSONDecoder(
            object_pairs_hook=_each_key_once(names), parse_constant=_refuse_constant
        ).raw_decode(body)
    except _Unreadable as error:
        return Fault("", str(error))
    except json.JSONDecodeError as error:
        return Fault("", f"not JSON: {error.msg} at character {error.pos}")
    if end != len(body):
        return Fault("", f"text follows the JSON value at character {end}")
    if not isinstance(value, dict):
        return Fault("", "not a JSON object")
    place = _bad_string(value)
    return value if place is None else Fault(path_of(place, names), "holds half of a surrogate pair")
