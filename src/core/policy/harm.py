"""Steps that would harm the person who follows them. A person decides: a security test may need such words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from core.policy.data_files import load
from core.policy.disguises import START, starts
from core.policy.found import Hit
from core.policy.readings import Readings
from core.policy.sentences import harmful_sentences


@dataclass(frozen=True)
class _Harm:
    rule: str
    why: str
    needs: tuple[str, ...]
    patterns: tuple[str, ...]


_compiled: Final = cache(re.compile)
"""Compiled when first needed: a cold start pays only for what the text calls for."""


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
_NEEDS: Final = frozenset(word for harm in _HARMS for word in harm.needs)


def harmful_steps(text: Readings) -> Iterator[Hit]:
    """Instructions whose honest execution damages the tester, the repository or its protections."""
    lowered = {reading: reading.lower() for reading in text.fresh}
    whole = "\n".join(lowered.values())
    begun = starts(whole)
    found = frozenset(word for word in _NEEDS if (len(word) < START or word[:START] in begun) and word in whole)
    for harm in _HARMS:
        if not found.isdisjoint(harm.needs):
            match = next(_matches(harm, lowered), None)
            if match:
                yield Hit(harm.rule, "ask", match, harm.why)
    yield from harmful_sentences(text)


def _matches(harm: _Harm, lowered: Mapping[str, str]) -> Iterator[str]:
    """As they stand in the reading; patterns know small letters only."""
    for pattern in map(_compiled, harm.patterns):
        for reading, lower in lowered.items():
            match = pattern.search(lower)
            if match:
                yield reading[slice(*match.span())]
