"""Characters that a reader cannot see: they hide commands, split secrets and smuggle instructions.

What scripts and emoji need is let through where they need it: joiners inside emoji and inside
Persian, Arabic and Indic words, variation selectors after what they vary, tag sequences of real
flags, direction marks beside right-to-left letters (UAX #9, UTS #51).
"""

from __future__ import annotations

import bisect
import re
import unicodedata
from collections.abc import Iterator
from typing import Final

_RANGES: Final = (
    (0x00, 0x08), (0x0B, 0x0C), (0x0E, 0x1F), (0x7F, 0x9F),  # controls; tab, LF and CR are judged apart
    (0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F),
    (0x200B, 0x200F), (0x2028, 0x202E), (0x2060, 0x206F), (0x2800, 0x2800), (0x3164, 0x3164),
    (0xD800, 0xF8FF),  # surrogates and private use
    (0xFDD0, 0xFDEF), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFFB), (0xFFFE, 0xFFFF),
    (0x13430, 0x1343F), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A),
    (0xE0000, 0x10FFFF),  # tags, variation selectors, private use
)  # fmt: skip
_CLASS: Final = "".join(f"{chr(first)}-{chr(last)}" for first, last in _RANGES).replace("\\", "\\\\")
_SUSPECT: Final = re.compile(f"[{_CLASS}]")
_LONE_CR: Final = re.compile(r"\r(?!\n|\Z)")
_STACKED_MARKS: Final = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{4,}"
)
_PADDING: Final = re.compile(r"[^\S\n]{256,}|\n(?:[^\S\n]*\n){30,}")
_FLAG: Final = re.compile("\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f")
_REAL_FLAGS: Final = frozenset(
    "\U0001f3f4" + "".join(chr(0xE0000 + ord(char)) for char in region) + "\U000e007f"
    for region in ("gbeng", "gbsct", "gbwls", "ustx", "usca")
)
_JOINED_SCRIPTS: Final = (
    (0x600, 0x8FF), (0x900, 0xDFF), (0xF00, 0xFFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x1800, 0x18AF),
    (0xA8E0, 0xA8FF), (0xFB50, 0xFDFF), (0xFE70, 0xFEFC), (0x11000, 0x11FFF),
)  # fmt: skip
_JOINED_STARTS: Final = [first for first, _ in _JOINED_SCRIPTS]


def removed(text: str) -> str:
    """The text without its invisible characters."""
    return text if text.isascii() and text.isprintable() else _SUSPECT.sub("", text)


def _pictographic(char: str) -> bool:
    code = ord(char)
    return (
        0x1F000 <= code <= 0x1FAFF
        or 0x2190 <= code <= 0x2BFF
        or code in (0xA9, 0xAE, 0x203C, 0x2049, 0x2122, 0x2139, 0x3030, 0x303D, 0x3297, 0x3299)
    )


def _joining(char: str) -> bool:
    code = ord(char)
    index = bisect.bisect_right(_JOINED_STARTS, code) - 1
    return index >= 0 and code <= _JOINED_SCRIPTS[index][1]


def _right_to_left(text: str) -> bool:
    return any(char.isalpha() and unicodedata.bidirectional(char) in ("R", "AL") for char in text)


def _allowed(text: str, at: int) -> bool:
    char = text[at]
    before = text[at - 1] if at else ""
    after = text[at + 1] if at + 1 < len(text) else ""
    if char == "\u200d":
        bases = before in ("\ufe0f", "\u200d") or _pictographic(before) if before else False
        emoji = bool(after) and bases and before != "\u200d" and _pictographic(after)
        return emoji or (bool(before) and _joining(before))
    if char == "\u200c":
        return bool(before) and bool(after) and _joining(before) and (_joining(after) or after.isspace())
    if char == "\ufe0f" or char == "\ufe0e":
        return bool(before) and (_pictographic(before) or before in "0123456789#*")
    if "\ufe00" <= char <= "\ufe02" or "\U000e0100" <= char <= "\U000e01ef":
        return "\u3400" <= before <= "\u9fff" or "\U00020000" <= before <= "\U0003ffff"
    if char in "\u200e\u200f\u061c":
        near = text[max(0, at - 3) : at] + text[at + 1 : at + 4]
        return _right_to_left(near) and not any(other.isascii() and other.isalnum() for other in before + after)
    return "\u180b" <= char <= "\u180e" and "\u1800" <= before <= "\u18af"


def found(text: str) -> Iterator[tuple[int, str]]:
    """Position and reason of each invisible or padding character that nothing justifies."""
    if not (text.isascii() and text.isprintable()):
        flags = {
            position
            for flag in _FLAG.finditer(text)
            if flag[0] in _REAL_FLAGS
            for position in range(flag.start(), flag.end())
        }
        for match in _SUSPECT.finditer(text):
            if match.start() not in flags and not _allowed(text, match.start()):
                yield match.start(), f"U+{ord(match[0]):04X} cannot be seen"
        for match in _LONE_CR.finditer(text):
            yield match.start(), "a carriage return that ends no line"
        for match in _STACKED_MARKS.finditer(text):
            yield match.start(), "combining marks piled up"
    for match in _PADDING.finditer(text):
        yield match.start(), "blank padding"
