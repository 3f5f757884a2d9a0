"""Steps that would harm the person who follows them. A person decides: a security test may need such words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from core.policy.data_files import load
from core.policy.found import Hit
from core.policy.haystack import Needles
from core.policy.sentences import harmful_sentences
from core.policy.wanted import compiled
from core.text.readings import Readings

_BLANKS: Final = r"[ \t]{1,4}"
_MAYBE_BLANKS: Final = r"[ \t]{0,4}"


@dataclass(frozen=True)
class _Harm:
    rule: str
    why: str
    needs: tuple[str, ...]
    """Words in small letters; a step that does this holds one of them."""
    patterns: tuple[str, ...]


@cache
def _harms() -> Needles[_Harm]:
    data = load("harm")

    def pattern(text: str) -> str:
        for name, words in data["words"].items():
            text = text.replace("{" + name + "}", words)
        return text

    steps = (
        _Harm(entry["rule"], entry["why"], tuple(entry["needs"]), tuple(map(pattern, entry["patterns"])))
        for entry in data["rules"]
    )
    programs = (
        _Harm(entry["rule"], entry["why"], tuple(names.split("|")), (_program(names, arguments),))
        for entry in load("programs")["rules"]
        for names, arguments in entry["programs"].items()
    )
    return Needles((harm, harm.needs) for harm in (*steps, *programs))


def _program(names: str, arguments: Sequence[str]) -> str:
    """A program, by one or more names, and what stands behind it on the line when it does harm."""
    harmful = re.sub(r" (\??)", lambda blank: _MAYBE_BLANKS if blank[1] else _BLANKS, "|".join(arguments))
    return (
        rf"(?<![\w.$/-])(?:/\S{{1,40}}/)?(?:{names})(?:\.exe)?(?:=|{_BLANKS})"
        rf"(?:[^\s`;|&]{{1,60}}{_BLANKS}){{0,8}}?(?:{harmful})"
    )


def harmful_steps(text: Readings) -> Iterator[Hit]:
    """Instructions whose honest execution damages the tester, the repository or its protections."""
    # No step goes on from one paragraph to the next.
    paragraphs = {written: written.lower() for reading in text.fresh for written in reading.split("\n\n")}
    for harm in _harms().found(text.small):
        likely = [pair for pair in paragraphs.items() if any(word in pair[1] for word in harm.needs)]
        match = next(_matches(harm.patterns, likely), None)
        if match:
            yield Hit(harm.rule, "ask", match, harm.why)
    yield from harmful_sentences(text)


def _matches(patterns: Iterable[str], paragraphs: Sequence[tuple[str, str]]) -> Iterator[str]:
    """As they are written; patterns know small letters only, in which each paragraph stands beside it."""
    for pattern in patterns:
        for written, lower in paragraphs:
            match = compiled(pattern).search(lower)
            if match:
                yield written[slice(*match.span())]
