"""Values as people read them. What strangers wrote loses what a terminal would act on."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

UNSEEN: Final = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    r"\ud800-\udfff\U000e0000-\U000e007f]"
)
STYLES: Final = {
    "pending": "yellow",
    "executing": "yellow",
    "executed": "green",
    "success": "green",
    "failed": "red",
    "outcome_unknown": "red",
    "rejected": "red",
}
STEPS: Final = ((86_400, "d"), (3600, "h"), (60, "min"))


@dataclass(frozen=True)
class Cell:
    """A value: as a terminal shows it, and whole, as a pipe gets it."""

    shown: str
    whole: str
    style: str = ""


@dataclass(frozen=True)
class Line:
    """A sentence of an answer."""

    text: str
    style: str = ""


def safe(text: object) -> str:
    """Control, bidi and invisible characters by number, so that no terminal obeys them."""
    return UNSEEN.sub(lambda match: f"<U+{ord(match[0]):04X}>", str(text))


def to_json(value: object, *, indent: int | None = None) -> str:
    """JSON that reads back as `value`; what a terminal would act on is escaped."""
    separators = (",", ":") if indent is None else None
    return safe_json(json.dumps(value, indent=indent, separators=separators, ensure_ascii=False))


def safe_json(text: str) -> str:
    """JSON that means the same: outside of its strings none of these characters may stand."""
    return UNSEEN.sub(lambda match: _escape(ord(match[0])), text)


def _escape(code: int) -> str:
    if code < 0x10000:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"


def count(number: int, noun: str) -> str:
    """`1 run`, `2 runs`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def state(value: str) -> Cell:
    return Cell(value.replace("_", " "), value, STYLES.get(value, ""))


def name_of(identifier: str) -> Cell:
    """An id: enough of it to name it on a terminal, all of it for a program."""
    return Cell(identifier[:8], identifier)


def moment(iso: str) -> Cell:
    return Cell(ago(iso), iso)


def money(dollars: str) -> Cell:
    return Cell(f"${dollars}", dollars)


def target(action: Mapping[str, Any]) -> str:
    return f"{str(action['targetType']).replace('_', ' ')} #{action['targetId']}"


def ago(iso: str, now: datetime | None = None) -> str:
    """`3 min ago`, `in 7 d`."""
    seconds = (datetime.fromisoformat(iso) - (now or datetime.now(UTC))).total_seconds()
    distance = abs(seconds)
    found = next((f"{round(distance / size)} {unit}" for size, unit in STEPS if distance >= size * 0.95), None)
    found = found or f"{int(distance)} s"
    return f"in {found}" if seconds > 0 else f"{found} ago"


def dollars(micro: int) -> str:
    return f"{micro // 1_000_000}.{micro % 1_000_000:06d}"


def checks(found: Sequence[Mapping[str, Any]]) -> list[str]:
    return [f"- {check['severity']}: {check['why']} ({check['field']}, {check['rule']})" for check in found]
