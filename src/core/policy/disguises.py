"""What a text may hold in disguise: split, spelled out, encoded or with its letters exchanged. For detection only.

Several texts are looked at as one, joined by `BETWEEN`, which no credential holds: a search over the
whole costs little more than a search over one. What can only be found where some four bytes stand is
looked for when they do (`starts`).
"""

from __future__ import annotations

import base64
import binascii
import re
import sys
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Final

BETWEEN: Final = " \0 "
START: Final = 4
RUN: Final = re.compile(r"[A-Za-z0-9+/_=-]{18,}")

_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
_PRINTED: Final = "".join(map(chr, range(33, 127)))
ROTATIONS: Final = (
    *(
        str.maketrans(
            _LETTERS + _LETTERS.upper(),
            _LETTERS[n:] + _LETTERS[:n] + _LETTERS.upper()[n:] + _LETTERS.upper()[:n],
        )
        for n in range(1, 26)
    ),
    str.maketrans(_PRINTED, _PRINTED[47:] + _PRINTED[:47]),
)
"""Caesar's alphabets, and ROT47, which turns digits and signs too."""

_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
_BASE32: Final = re.compile(r"[A-Z2-7]{24,}")
_CODES: Final = re.compile(r"[0-9a-fA-Fxu\\%=\s:,;]{20,}")
"""A run of what character codes are written with, whatever their base."""
_BASES: Final = (
    (
        16,
        re.compile(r"(?:(?:\\u00|\\x|%|=|0x)?[0-9a-fA-F]{2}[\s:,;]{0,2}){10,}"),
        re.compile(r"(?:\\u00|\\x|%|=|0x)?(..)"),
    ),
    (10, re.compile(r"(?:\d{2,3}[\s,;]{1,2}){10,}\d{2,3}"), re.compile(r"(\d+)")),
    (8, re.compile(r"(?:\\[01]?[0-7]{2}){10,}"), re.compile(r"(\d+)")),
    (2, re.compile(r"(?:[01]{8}[\s,]{0,2}){10,}"), re.compile(r"([01]{8})")),
)
"""Base, codes in a row, one code."""
_BLANK: Final = re.compile(r"[\s:,;]")
_SPELLED: Final = re.compile(r"(?<!\S)\S(?:[ \t]\S){11,}(?!\S)|(?<!\w)\w(?:[.,|/:+-]\w){11,}(?!\w)")

_LISTED: Final = re.compile(
    r"(?:^[ \t>]{0,6}(?:(?:[-*+]|\d{1,3}[.):]|\[[ xX]\])[ \t]{1,3}){1,4}[`*_]{0,2}\S[`*_]{0,2}[ \t]{0,3}"
    r"(?:\n|\Z)){12,}",
    re.MULTILINE,
)
_LISTED_ONE: Final = re.compile(r"(\S)[`*]{0,2}[ \t]{0,3}$", re.MULTILINE)
_WRAPPED: Final = re.compile(
    r"(?:^[ \t>]{0,6}[A-Za-z0-9+/]{12,76}[ \t]{0,2}\n){1,60}[ \t>]{0,6}[A-Za-z0-9+/]{2,76}={0,2}[ \t]{0,2}$",
    re.MULTILINE,
)
_OFFSET: Final = re.compile(r"(?<![0-9a-fA-F])[0-9a-fA-F]{7,8}:?[ \t]{1,4}(?=(?:[0-9a-fA-F]{2}){1,2}[ \t])")
"""The place that stands before each line of a hex dump."""
_WRAPS: Final = re.compile(r"[\s>]+")

_NOT_WORDS: Final = bytes(code for code in range(128) if not (chr(code).isalnum() or chr(code) == "_"))
_NOT_GLUE: Final = bytes(code for code in _NOT_WORDS if chr(code) not in "/.=-")
_ITEM: Final = re.compile(
    r"^[^\S\n]*+(?:[>*+-][^\S\n]++|\d{1,3}[.)][^\S\n]++"
    r"|(?:part|piece|chunk|segment|half|step)?+[^\S\n]*+\w{1,6}[^\S\n]*+[:=][^\S\n]*+)++",
    re.MULTILINE | re.IGNORECASE,
)


def _kept(text: str, left_out: bytes) -> str:
    """The ASCII of `text` without some of it."""
    return text.encode("ascii", "ignore").translate(None, left_out).decode()


@lru_cache(maxsize=32)
def packed(text: str) -> tuple[str, ...]:
    """The text with what stands between the pieces of a split secret taken out."""
    return (_kept(text, _NOT_GLUE), _kept(text, _NOT_WORDS), _kept(_ITEM.sub("", text), _NOT_GLUE))


def start(word: str) -> int:
    """The number of a word's first START bytes."""
    return int.from_bytes(word.encode("utf-8", "surrogatepass")[:START], sys.byteorder)


def starts(text: str) -> frozenset[int]:
    """The numbers of all words of START bytes and more that may stand in the text."""
    raw = text.encode("utf-8", "surrogatepass")
    shifted = (raw[at : len(raw) - (len(raw) - at) % START] for at in range(START))
    return frozenset().union(*(memoryview(part).cast("I") for part in shifted))


def spelled(text: str) -> str:
    """What is written one character at a time, in a row or as a list, whose first may stand at the end of a line."""
    listed = [(match.start(), "".join(_LISTED_ONE.findall(match[0]))) for match in _LISTED.finditer(text)]
    led = (text[max(0, start - 80) : start].rstrip()[-1:] + letters for start, letters in listed)
    return BETWEEN.join(
        [*(match[0][::2] for match in _SPELLED.finditer(text)), *(letters for _, letters in listed), *led]
    )


def rotated(words: str, text: str) -> str:
    """The words in every other alphabet, and the whole text in the one that turns signs too."""
    return BETWEEN.join([*(words.translate(table) for table in ROTATIONS[:-1] if words), text.translate(ROTATIONS[-1])])


def from_base64(word: str) -> Iterator[str]:
    """The word as base64, from each of the four alignments."""
    clean = word.replace("-", "+").replace("_", "/").rstrip("=")
    for start in range(4):
        part = clean[start:]
        part = part[: len(part) - (len(part) % 4 == 1)]
        if len(part) < 12:
            return
        try:
            yield binascii.a2b_base64(part + "=" * (-len(part) % 4)).decode("latin-1")
        except (binascii.Error, ValueError):
            continue


def _from_base32(word: str) -> Iterator[str]:
    clean = word.rstrip("=")
    if _BASE32.fullmatch(clean):
        whole = clean[:-1] if len(clean) % 8 in (1, 3, 6) else clean
        yield base64.b32decode(whole + "=" * (-len(whole) % 8)).decode("latin-1")


def _from_codes(text: str) -> Iterator[str]:
    for base, run, one in _BASES:
        for match in run.finditer(text):
            codes = [int(code, base) for code in one.findall(_BLANK.sub("", match[0]) if base == 16 else match[0])]
            if base == 16 or all(9 <= code < 127 for code in codes):
                yield bytes(codes).decode("latin-1")


_ENCODINGS: Final[tuple[tuple[re.Pattern[str], Callable[[str], Iterator[str]]], ...]] = (
    (_BASE64, from_base64),
    (_BASE64, _from_base32),
    (_CODES, _from_codes),
)


def _decoded(text: str, rounds: int) -> Iterator[str]:
    for pattern, decode in _ENCODINGS:
        for match in pattern.finditer(text):
            for plain in decode(match[0]):
                yield plain
                if "\0" in plain:
                    yield plain.replace("\0", "")  # two bytes a character
                if rounds > 1 and plain.isascii():
                    yield from _decoded(plain, rounds - 1)


@lru_cache(maxsize=32)
def decoded(text: str) -> tuple[str, ...]:
    """What stands in base64, base32, hex or character codes, also twice. Several rules ask for the same texts."""
    unwrapped = (_WRAPS.sub("", match[0]) for match in _WRAPPED.finditer(text)) if "\n" in text else ()
    dumped = (_OFFSET.sub("", text),) if _OFFSET.search(text) else ()
    return tuple(dict.fromkeys(plain for form in (text, *unwrapped, *dumped) for plain in _decoded(form, rounds=2)))
