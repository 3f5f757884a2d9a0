"""Steps that would harm the person who follows them. A person decides: a security test may need such words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from core.policy.data_files import load
from core.policy.found import Hit
from core.policy.haystack import Needles
from core.policy.readings import Readings
from core.policy.sentences import harmful_sentences
from core.policy.wanted import Wanted

_PARAGRAPH: Final = "\n\0\n"
"""What stands between paragraphs here, so that no step goes on from one to the next."""
_BLANKS: Final = r"[ \t]{1,4}"
_MAYBE_BLANKS: Final = r"[ \t]{0,4}"


@dataclass(frozen=True)
class _Harm:
    rule: str
    why: str
    patterns: tuple[Wanted, ...]


@cache
def _harms() -> Needles[_Harm]:
    data = load("harm")

    def pattern(text: str) -> str:
        for name, words in data["words"].items():
            text = text.replace("{" + name + "}", words)
        return text

    steps = (
        _Harm(
            entry["rule"],
            entry["why"],
            tuple(Wanted(pattern(text), tuple(entry["needs"])) for text in entry["patterns"]),
        )
        for entry in data["rules"]
    )
    programs = (
        _Harm(entry["rule"], entry["why"], tuple(_program(*one) for one in entry["programs"].items()))
        for entry in load("programs")["rules"]
    )
    harms = (*steps, *programs)
    return Needles((harm, (word for one in harm.patterns for word in one.needs)) for harm in harms)


def _program(names: str, arguments: Sequence[str]) -> Wanted:
    """A program, by one or more names, and what stands behind it on the line when it does harm."""
    harmful = re.sub(r" (\??)", lambda blank: _MAYBE_BLANKS if blank[1] else _BLANKS, "|".join(arguments))
    return Wanted(
        rf"(?<![\w.$/-])(?:/\S{{1,40}}/)?(?:{names})(?:\.exe)?(?:=|{_BLANKS})"
        rf"(?:[^\s`;|&]{{1,60}}{_BLANKS}){{0,8}}?(?:{harmful})",
        tuple(names.split("|")),
    )


def harmful_steps(text: Readings) -> Iterator[Hit]:
    """Instructions whose honest execution damages the tester, the repository or its protections."""
    apart = (reading.replace("\n\n", _PARAGRAPH) for reading in text.fresh)
    lowered = {reading: reading.lower() for reading in apart}
    for harm in _harms().found(text.small):
        likely = filter(None, (one.within(text) for one in harm.patterns))
        match = next(_matches(likely, lowered), None)
        if match:
            yield Hit(harm.rule, "ask", match, harm.why)
    yield from harmful_sentences(text)


def _matches(patterns: Iterable[re.Pattern[str]], lowered: Mapping[str, str]) -> Iterator[str]:
    """As they stand in the reading; patterns know small letters only."""
    for pattern in patterns:
        for reading, lower in lowered.items():
            match = pattern.search(lower)
            if match:
                yield reading[slice(*match.span())]
