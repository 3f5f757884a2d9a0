"""The changed files as the prompt shows them: each named, the largest real changes with their diffs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from core.prompts.changes import READ, Kind
from core.prompts.estimate import UNITS, units
from core.prompts.patches import cut_patch
from core.prompts.shares import fair_shares, lines_demand
from core.text.visible import visible_line
from core.types import ChangedFile

Ranked = Sequence[tuple[ChangedFile, Kind]]
"""Files in the order of `changes.largest_first`."""

_LEAST_PIECE: Final = 300 * UNITS
"""Less of a diff than this tells nothing: then rather fewer files."""
_SMALLEST_DIFF: Final = 12 * UNITS


@dataclass(frozen=True)
class Named:
    """The list of changed files. `left_out` did not fit."""

    text: str
    left_out: int


@dataclass(frozen=True)
class Shown:
    """The diffs, and how much of them could be shown. Lines are of the files in `partly` alone."""

    text: str
    whole: int
    partly: int
    lines_shown: int
    lines_total: int
    unshown: int
    """Files worth reading that have a diff, of which nothing fitted."""
    read: frozenset[str]
    """Paths of the files of which at least a line is shown."""


def entry(file: ChangedFile, its_kind: Kind) -> str:
    """How the list names a file: `modified +10 -2 [source] app/main.py`."""
    line = f"{visible_line(file.status)} +{file.additions} -{file.deletions} [{its_kind}] {visible_line(file.path)}\n"
    if file.previous_path is not None:
        line += f"    was {visible_line(file.previous_path)}\n"
    return line


def name_files(ranked: Ranked, room: int) -> Named:
    """As many entries as fit."""
    lines: list[str] = []
    left_out = 0
    for file, its_kind in ranked:
        line = entry(file, its_kind)
        cost = units(line)
        if cost > room:
            left_out += 1
            continue
        room -= cost
        lines.append(line)
    return Named("".join(lines), left_out)


def diffs_demand(ranked: Ranked, room: int) -> int:
    """Units that all diffs worth reading need, or something above `room`."""
    used = 0
    for file in _readable(ranked):
        used += _demand(file, room - used)
        if used > room:
            break
    return used


def show_diffs(ranked: Ranked, room: int) -> Shown:
    """Diffs in fair shares, cut at line ends. What a small file leaves of its share goes on to the next."""
    readable = _readable(ranked)
    chosen: list[ChangedFile] = []
    demands: list[int] = []
    least = 0
    for file in readable:
        if room - least < _SMALLEST_DIFF:
            break
        piece = min(_demand(file, min(_LEAST_PIECE, room - least)), _LEAST_PIECE)
        if least + piece <= room:
            least += piece
            chosen.append(file)
            demands.append(_demand(file, room))
    pieces: list[str] = []
    read: list[str] = []
    whole = partly = lines_shown = lines_total = carry = 0
    for file, share in zip(chosen, fair_shares(room, demands), strict=True):
        head = _head(file)
        available = share + carry
        cut = cut_patch(file.patch or "", available - units(head) - units("\n"))
        if cut.shown == 0:
            carry = available
            continue
        text = f"{head}{cut.text}\n"
        carry = available - units(text)
        pieces.append(text)
        read.append(file.path)
        if cut.whole:
            whole += 1
        else:
            partly += 1
            lines_shown += cut.shown - cut.shortened
            lines_total += cut.total
    unshown = len(readable) - whole - partly
    return Shown("".join(pieces), whole, partly, lines_shown, lines_total, unshown, frozenset(read))


def _readable(ranked: Ranked) -> list[ChangedFile]:
    return [file for file, its_kind in ranked if its_kind in READ and file.patch]


def _head(file: ChangedFile) -> str:
    return f"file: {visible_line(file.path)}\n"


def _demand(file: ChangedFile, room: int) -> int:
    head = units(_head(file))
    return head + units("\n") + lines_demand(file.patch or "", room - head)
