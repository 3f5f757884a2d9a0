"""The readings of a text: what a lenient renderer or bot may take it for. For detection only; nothing of it is posted.

Each reading builds on the one before: as written, NFKC, entities decoded, invisible characters
removed, tags and comments removed, look-alikes folded. Every rule about words looks at all of them,
since removing something can hide a command as well as make one.
"""

from __future__ import annotations

import html
import json
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from core.policy.invisible import removed

_ENTITY_ROUNDS: Final = 4
_TAG: Final = re.compile(r"<!--.{0,2000}?--!?>|</?[A-Za-z][^<>\n]{0,500}>", re.DOTALL)
_BREAK: Final = re.compile(
    r"<\s*(?:br|/?p|/?div|/?li|/?tr|/?td|hr|/?h[1-6]|/?blockquote|/?summary|/?details)\b[^<>\n]{0,200}>", re.IGNORECASE
)
_ENDS: Final = re.compile("\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_LEAD: Final = re.compile(
    r"(?:\[[ xX]\]|\[\^?\w{1,20}\]:|[^\w/@.!\n]|_|\d{1,9}[.)]|[ivxIVX]{1,4}[.)](?=\s)|[a-zA-Z][.)](?=\s))+"
)
"""What may stand between the start of a line and a command: blanks, list and quote marks, boxes, signs, code."""
_TAIL: Final = " \t\u00a0`*_~|\"'”’»)]}<>\\"
"""Marks that may follow a command: the other side of code, emphasis, quotes and table cells."""
_MARKUP: Final = re.compile(r"[`*_~\\]+")


def _confusables() -> dict[int, str]:
    path = Path(__file__).parent / "data" / "confusables.json"
    table: dict[str, str] = json.loads(path.read_text("utf-8"))["map"]
    return {ord(char): plain for char, plain in table.items()}


_FOLD: Final = _confusables()
_MARKS: Final = dict.fromkeys(range(0x300, 0x370))


def decoded(text: str) -> str:
    """Entities decoded until nothing changes, at most a few rounds."""
    for _ in range(_ENTITY_ROUNDS):
        if "&" not in text:
            return text
        again = html.unescape(text)
        if again == text:
            return text
        text = again
    return text


def folded(text: str) -> str:
    """Look-alikes replaced by what they pass for, accents dropped. Breaks other scripts: for detection only."""
    if text.isascii():
        return text
    first = text.translate(_FOLD)
    return unicodedata.normalize("NFD", first).translate(_MARKS).translate(_FOLD)


@dataclass(frozen=True)
class Readings:
    """One text in all its readings, each distinct one once."""

    raw: str
    all: tuple[str, ...]
    lines: tuple[str, ...]
    """Distinct lines of all readings, without what may stand before or after a command."""
    bare: tuple[str, ...]
    """All readings without the marks of code and emphasis."""


def _line_starts(text: str) -> list[str]:
    result: list[str] = []
    for line in _ENDS.split(_BREAK.sub("\n", text)):
        lead = _LEAD.match(line)
        result.append((line[lead.end() :] if lead else line).rstrip(_TAIL))
    return result


def read(text: str) -> Readings:
    """All readings of `text`. Time is linear in its length."""
    steps = [text]
    for step in (
        lambda value: unicodedata.normalize("NFKC", value),
        lambda value: unicodedata.normalize("NFKC", decoded(value)),
        removed,
        lambda value: _TAG.sub("", _BREAK.sub("\n", value)),
        folded,
    ):
        steps.append(step(steps[-1]))
    distinct = tuple(dict.fromkeys(steps))
    bare = tuple(dict.fromkeys(_MARKUP.sub("", reading) for reading in distinct))
    lines = dict.fromkeys(line for reading in (*distinct, *bare) for line in _line_starts(reading) if line)
    return Readings(raw=text, all=distinct, lines=tuple(lines), bare=bare)
