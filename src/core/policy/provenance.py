"""Forged provenance: words by which people and tools recognise a verdict, a notice or a footer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from core.policy.data_files import load
from core.policy.found import Hit
from core.policy.wanted import Patterns, chances, patterns
from core.text.readings import Readings
from core.types import Severity

_NOT_WORDS: Final = re.compile(
    r"^(?:[^\w@:]|(?:white_check_mark|heavy_check_mark|check_mark|rocket|tada|robot|lock|warning|sparkles|x):|:){1,20}"
)
"""Signs and emoji, also by name, before the words of a line."""


@dataclass(frozen=True)
class _Notices:
    severity: Severity
    first: Patterns
    """What a line begins with."""
    anywhere: Patterns


@cache
def _notices() -> tuple[_Notices, ...]:
    """Those that refuse, and those that ask: these have other readings too."""
    data: Any = load("notices")
    entries = [*data["ours"], *data["others"]]

    def notices(severity: Severity) -> _Notices:
        own = [entry for entry in entries if bool(entry.get("ask")) == (severity == "ask")]
        return _Notices(severity, patterns(own), patterns(entry for entry in own if entry.get("anywhere")))

    return notices("refuse"), notices("ask")


def forged_provenance(text: Readings) -> Iterator[Hit]:
    """Only the tool itself may say what the tool says."""
    lines = [_NOT_WORDS.sub("", line.lower()) for line in text.lines]
    for kind in _notices():
        first, anywhere = chances(kind.first, text), chances(kind.anywhere, text)
        for line in lines:
            looked_for = (*(one.match(line) for one in first), *(one.search(line) for one in anywhere))
            match = next(filter(None, looked_for), None)
            if match:
                yield Hit(
                    "provenance.forged",
                    kind.severity,
                    match[0],
                    "reads as a notice or verdict that only its tool may write",
                )
                return
