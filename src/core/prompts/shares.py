"""Dividing a bounded room among texts, and cutting each to its share. Room is in `estimate.UNITS`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from core.prompts.tokens import character_units, units
from core.text.invisible import visible

LONG_LINE: Final = 1_000
"""Characters of one line that are shown: a longer one is data, or minified."""

_FEWEST_UNITS: Final = 3
"""No character counts less, nor half a CRLF: of ordinary text, nothing beyond room / 3 characters can fit."""


_PIECE: Final = 4_096


@dataclass(frozen=True)
class Cut:
    """The part of a text that fits: `shown` of `total` characters."""

    text: str
    shown: int
    total: int

    @property
    def whole(self) -> bool:
        return self.shown == self.total


def fair_shares(room: int, demands: Sequence[int], weights: Sequence[int] | None = None) -> list[int]:
    """Weighted max-min shares: nobody gets more than it asks, what it leaves goes to the others."""
    heavy = list(weights) if weights is not None else [1] * len(demands)
    shares = [0] * len(demands)
    left, weight_left = max(room, 0), sum(heavy)
    for index in sorted(range(len(demands)), key=lambda i: demands[i] / heavy[i]):
        shares[index] = min(demands[index], left * heavy[index] // weight_left)
        left -= shares[index]
        weight_left -= heavy[index]
    return shares


def cut_prose(text: str, room: int) -> Cut:
    """The start of the text that fits, made visible; ended at a line or word where one is near."""
    start = text[: enough(room)]
    shown = visible(start)
    used = 0
    for position, character in enumerate(shown):
        used += character_units(character)
        if used > room:
            near = max(shown.rfind("\n", position * 4 // 5, position), shown.rfind(" ", position * 9 // 10, position))
            kept = shown[: near if near > 0 else position]
            return Cut(kept, min(len(kept), len(text) - 1), len(text))
    return Cut(shown, len(start), len(text))


def prose_demand(text: str, room: int) -> int:
    """Units that `cut_prose` needs for the part of the text that it looks at."""
    return units(visible(text[: enough(room)]))


def rough_demand(text: str, room: int) -> int:
    """The same for a text among many: no less than it needs, and past `room` it looks no further."""
    used = 0
    for start in range(0, min(len(text), enough(room)), _PIECE):
        used += units(visible(text[start : start + _PIECE]))
        if used > room:
            break
    return used


def shown_line(line: str) -> tuple[str, bool]:
    """A line as it is shown, and whether it was shortened."""
    if len(line) <= LONG_LINE:
        return visible(line.removesuffix("\r")), False
    return f"{visible(line[:LONG_LINE])} … (a line of {len(line):,} characters)", True


def enough(room: int) -> int:
    """Characters of a text beyond which nothing can fit."""
    return max(room, 0) // _FEWEST_UNITS + 2
