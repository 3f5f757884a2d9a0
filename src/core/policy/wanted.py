"""Patterns that are compiled and tried only where they have a chance: most texts call for few of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from core.policy.haystack import Needles
from core.text.readings import Readings

compiled: Final = cache(re.compile)
"""Once, when it is first needed."""


@dataclass(frozen=True)
class Wanted:
    """A pattern and the words, in small letters, of which each of its matches holds one."""

    pattern: str
    needs: tuple[str, ...]
    flags: int = 0

    def within(self, text: Readings) -> re.Pattern[str] | None:
        """The pattern, unless no reading of the text can match it."""
        return compiled(self.pattern, self.flags) if text.holds(self.needs) else None

    def matches(self, text: Readings, readings: Iterable[str] | None = None) -> Iterator[re.Match[str]]:
        """All of them in these readings of the text, or in the fresh ones."""
        pattern = self.within(text)
        if pattern:
            for reading in text.fresh if readings is None else readings:
                yield from pattern.finditer(reading)


Patterns = Needles[Wanted]


def patterns(entries: Iterable[Mapping[str, Any]], flags: int = 0) -> Patterns:
    """Those of a data file's entries."""
    all_of = (Wanted(entry["pattern"], tuple(entry["needs"]), flags) for entry in entries)
    return Needles((one, one.needs) for one in all_of)


def chances(patterns: Patterns, text: Readings) -> list[re.Pattern[str]]:
    """Those that a reading of the text may match."""
    return [compiled(one.pattern, one.flags) for one in patterns.found(text.small)]
