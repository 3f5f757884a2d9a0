"""Cutting one patch to its room: something of each large hunk rather than all of the first."""

from __future__ import annotations

import re
from typing import Final

from core.prompts.estimate import UNITS, units
from core.prompts.shares import Cut, cut_lines, fair_shares, lines_demand

_LEAST_HUNK: Final = 60 * UNITS
_MARK: Final = units("(9,999,999 lines not shown)\n")

_HUNK_START: Final = re.compile(r"^(?=@@ )", re.MULTILINE)
_LICENCE: Final = re.compile(
    r"(@@ -0,0 [^\n]*\n)"
    r"(\+/\*[^\n]*\n(?:\+(?![^\n]*\*/)[^\n]*\n){0,40}\+[^\n]*\*/[ \t]*\n"
    r"|(?:\+[ \t]*(?:(?://|\#|--)[^\n]*)?\n){3,40})"
)
_LICENCE_WORDS: Final = re.compile(r"copyright|licen[cs]e", re.IGNORECASE)


def cut_patch(text: str, room: int) -> Cut:
    """The patch as far as it fits, made visible. Where lines are missing it says how many; `shown` counts lines.

    Of a patch that does not fit, a new file's licence header is the first thing to go.
    """
    whole = cut_lines(text, room)
    if whole.to_the_end:
        return whole
    hunks = [hunk for hunk in _HUNK_START.split(text.removesuffix("\n")) if hunk]
    skipped = _licence_lines(hunks[0]) if hunks else 0
    if skipped:
        first_line, rest = hunks[0].split("\n", 1)
        hunks[0] = f"{first_line}\n" + rest.split("\n", skipped)[skipped]
    shares = _shares(hunks, room - _MARK)
    pieces: list[str] = []
    shown = hidden = carry = shortened = 0
    for hunk, share in zip(hunks, shares, strict=True):
        total = hunk.removesuffix("\n").count("\n") + 1
        cut = cut_lines(hunk.removesuffix("\n"), share + carry - _MARK)
        if cut.shown:
            pieces += [_mark(hidden)] if hidden else []
            pieces.append(cut.text)
            carry += share - units(cut.text) - units("\n") - (_MARK if hidden else 0)
            hidden = 0
        hidden += total - cut.shown
        shown += cut.shown
        shortened += cut.shortened
    hidden += skipped
    if not shown:
        return Cut("", 0, whole.total)
    pieces += [_mark(hidden)] if hidden else []
    return Cut("\n".join(pieces), shown, whole.total, shortened)


def _shares(hunks: list[str], room: int) -> list[int]:
    """Fair shares for as many hunks, the largest first, as can have a piece worth reading; zero for the others."""
    demands = [0] * len(hunks)
    least = 0
    for index in sorted(range(len(hunks)), key=lambda i: (-len(hunks[i]), i)):
        piece = min(lines_demand(hunks[index], _LEAST_HUNK), _LEAST_HUNK) + _MARK
        if least + piece <= room:
            least += piece
            demands[index] = lines_demand(hunks[index], room) + _MARK
    return fair_shares(room, demands)


def _licence_lines(hunk: str) -> int:
    """Lines of the licence header that a new file begins with."""
    header = _LICENCE.match(hunk)
    if header is None or not _LICENCE_WORDS.search(header[2]):
        return 0
    return header[2].count("\n")


def _mark(lines: int) -> str:
    return f"({lines:,} lines not shown)"
