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
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from core.policy.haystack import Haystack
from core.text.invisible import removed

_ENTITY_ROUNDS: Final = 4
_TAG: Final = re.compile(r"<!--.{0,2000}?--!?>|</?[A-Za-z][^<>\n]{0,500}>", re.DOTALL)
_BREAK: Final = re.compile(
    r"<\s*(?:br|/?p|/?div|/?li|/?tr|/?td|hr|/?h[1-6]|/?blockquote|/?summary|/?details)\b[^<>]{0,200}>", re.IGNORECASE
)
_ENDS: Final = re.compile("\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]|(?:\\\\[nr]){1,4}(?=[/@])")
"""Line ends, also those that a relay makes of an escaped one."""
_LEAD: Final = re.compile(
    r"(?:(?!</[A-Za-z][\w-]{0,20}\s?>)"
    r"(?:\[[ xX]\]|\[\^?\w{1,20}\]:|[^\w/@.!\n]|_|\d{1,9}[.)]|[ivxIVX]{1,4}[.)](?=\s)|[a-zA-Z][.)](?=\s)))+"
)
"""What may stand between the start of a line and a command: blanks, list and quote marks, boxes, signs, code.

The end of an element is no command."""
_TAIL: Final = " \t\u00a0`*_~|\"'”’»)]}<>\\"
"""Marks that may follow a command: the other side of code, emphasis, quotes and table cells."""
_MARKUP: Final = re.compile(r"[`*_~\\]+")
_NEIGHBOURS: Final = 2


def _confusables() -> dict[int, str]:
    path = Path(__file__).parents[1] / "policy" / "data" / "confusables.json"
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

    @cached_property
    def fresh(self) -> tuple[str, ...]:
        """All of `all` and `bare`, each after the first only where it differs from those before it.

        For rules that look at no more than a few lines at once: each line that is new comes with its neighbours.
        """
        seen: set[str] = set()
        result: list[str] = []
        for reading in (*self.all, *self.bare):
            lines = reading.split("\n")
            kept = _with_neighbours(lines, seen) if seen else range(len(lines))
            seen.update(lines)
            result.append("\n".join(lines[index] for index in kept))
        return tuple(filter(None, result))

    @cached_property
    def small(self) -> Haystack:
        """What any reading holds, in small letters."""
        return Haystack("\n".join(self.fresh).lower())

    def holds(self, words: tuple[str, ...]) -> bool:
        """Whether any reading holds one of these words, which are in small letters."""
        return any(word in self.small.text for word in words)


def _with_neighbours(lines: Sequence[str], seen: set[str]) -> list[int]:
    """The indices of the lines not seen before, and of the _NEIGHBOURS written lines before and after each."""
    kept: set[int] = set()
    for index, line in enumerate(lines):
        if line in seen:
            continue
        kept.add(index)
        for step in (-1, 1):
            at, written = index + step, 0
            while 0 <= at < len(lines) and written < _NEIGHBOURS:
                kept.add(at)
                written += not lines[at].isspace() and lines[at] != ""
                at += step
    return sorted(kept)


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
