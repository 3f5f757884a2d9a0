"""Strict reading of an answer or a request: one JSON object, each key once, nothing repaired or coerced.

Readers of JSON differ in what they make of duplicate keys, NaN, lone surrogates and numbers without end (RFC 8259
section 4 calls such texts unpredictable): all of that is a fault here.

What the text itself says stays out of a fault: its keys are repeated only where they are known names.
"""

import math
import re
from collections.abc import Container, Iterable
from dataclasses import dataclass
from typing import Any, Final

from core.config import MAX_ANSWER_BYTES

MAX_DEPTH: Final = 16
"""Levels of nesting. The deepest schema has five."""

_TWICE: Final = re.compile(r'duplicate key "(.*)" at line', re.DOTALL)
_FAULTS: Final = (
    ("duplicate key", "a key appears twice"),
    ("recursion limit", f"nested deeper than {MAX_DEPTH} levels"),
    ("trailing characters", "text follows the JSON value"),
    ("number out of range", "holds a number of absurd length"),
    ("hex escape", "holds half of a surrogate pair"),
)
"""What the parser says, and our words for it; all else is `not JSON`."""
_PLACE: Final = re.compile(r"line \d+ column \d+$")


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


def read(raw: str | bytes, names: Container[str] = (), most: int = MAX_ANSWER_BYTES) -> dict[str, Any] | Fault:
    """The one JSON object of `raw`, or why there is none. Never raises; never looks at more than `most` bytes.

    `names` are the keys that a fault may repeat.
    """
    import jiter  # what never reads an answer does not load it

    try:
        data = raw if isinstance(raw, bytes) else raw[: most + 1].encode()
        data[: most + 1].decode()
    except UnicodeEncodeError:
        return Fault("", "holds half of a surrogate pair")
    except UnicodeDecodeError as error:
        return Fault("", f"not UTF-8 at byte {error.start}")
    if len(data) > most:
        return Fault("", f"longer than {most} bytes")
    if data.startswith(b"\xef\xbb\xbf"):
        return Fault("", "begins with a byte order mark")
    try:
        value = jiter.from_json(data, allow_inf_nan=False, catch_duplicate_keys=True)
    except ValueError as error:
        return Fault("", _why(str(error), names))
    if not isinstance(value, dict):
        return Fault("", "not a JSON object")
    return _objection(value, (), names) or value


def _why(message: str, names: Container[str]) -> str:
    twice = _TWICE.search(message)
    if twice and twice[1] in names:
        return f"the key {twice[1]!r} appears twice"
    place = _PLACE.search(message)
    return next(
        (ours for theirs, ours in _FAULTS if theirs in message), f"not JSON at {place[0] if place else 'the end'}"
    )


def _objection(value: Any, at: tuple[int | str, ...], names: Container[str]) -> Fault | None:
    if isinstance(value, float) and math.isinf(value):
        return Fault(path_of(at, names), "holds a number without end")
    if not isinstance(value, (dict, list)):
        return None
    if len(at) >= MAX_DEPTH:
        return Fault("", f"nested deeper than {MAX_DEPTH} levels")
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    return next(filter(None, (_objection(child, (*at, key), names) for key, child in inner)), None)
