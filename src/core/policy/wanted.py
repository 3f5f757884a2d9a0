"""Patterns that are compiled and tried only where they have a chance: most texts call for few of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from core.policy.readings import Readings

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


def wanted(entries: Iterable[Mapping[str, Any]], flags: int = 0) -> tuple[Wanted, ...]:
    """The patterns of a data file's entries."""
    return tuple(Wanted(entry["pattern"], tuple(entry["needs"]), flags) for entry in entries)


def chances(patterns: Iterable[Wanted], text: Readings) -> list[re.Pattern[str]]:
    """Those that a reading of the text may match."""
    return list(filter(None, (pattern.within(text) for pattern in patterns)))
