"""Steps that would harm the person who follows them. A person decides: a security test may need such words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

from core.policy.data_files import load
from core.policy.found import Hit
from core.policy.readings import Readings


@dataclass(frozen=True)
class _Harm:
    rule: str
    why: str
    needs: tuple[str, ...]
    patterns: tuple[str, ...]


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Compiled when it is first needed: a cold start pays only for what the text calls for."""
    return re.compile(pattern, re.IGNORECASE)


def _harms() -> tuple[_Harm, ...]:
    data = load("harm")

    def pattern(text: str) -> str:
        for name, words in data["words"].items():
            text = text.replace("{" + name + "}", words)
        return text

    return tuple(
        _Harm(entry["rule"], entry["why"], tuple(entry["needs"]), tuple(map(pattern, entry["patterns"])))
        for entry in data["rules"]
    )


_HARMS: Final[tuple[_Harm, ...]] = _harms()


def harmful_steps(text: Readings) -> Iterator[Hit]:
    """Instructions whose honest execution damages the tester, the repository or its protections."""
    readings = {reading: reading.lower() for reading in (text.all[-1], *text.bare)}
    for harm in _HARMS:
        for reading, lower in readings.items():
            if not any(word in lower for word in harm.needs):
                continue
            match = next(filter(None, (_compiled(pattern).search(reading) for pattern in harm.patterns)), None)
            if match:
                yield Hit(harm.rule, "ask", match[0], harm.why)
                break
