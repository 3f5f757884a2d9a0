"""A pattern is tried only where one of its words stands: so each of its matches must hold one of them.

Shown from the pattern's own parse: on every way through it there is a run of fixed characters with such a word.
The patterns of harm are left out: there the words are a condition of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from importlib import import_module
from re import _constants as c  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

import pytest

from core.policy import commands, provenance
from core.policy.wanted import Wanted
from core.text.readings import read

MOST = 64
"""Spellings of a run of characters that are told apart."""
MODULES = ("commands", "credentials", "links", "markup")


def spellings(parsed: Any) -> list[str] | None:
    """All that this part can be, if that is little: for what is too much, None."""
    told = [""]
    for item in parsed:
        own = spelled(*item)
        if own is None or len(told) * len(own) > MOST:
            return None
        told = [first + then for first in told for then in own]
    return told


def spelled(kind: Any, value: Any) -> list[str] | None:
    if kind is c.LITERAL:
        return [chr(value)]
    if kind in (c.AT, c.ASSERT, c.ASSERT_NOT):
        return [""]
    if kind is c.IN and all(member is c.LITERAL for member, _ in value):
        return [chr(char) for _, char in value]
    if kind is c.SUBPATTERN:
        return spellings(value[3])
    if kind is c.BRANCH:
        ways = [spellings(way) for way in value[1]]
        return None if None in ways else [word for way in ways for word in way or ()]
    if kind in (c.MAX_REPEAT, c.MIN_REPEAT, c.POSSESSIVE_REPEAT) and value[1] == 1:
        once = spellings(value[2])
        return once and [*([""] if value[0] == 0 else []), *once]
    return None


def holds(parsed: Sequence[Any], needs: tuple[str, ...]) -> bool:
    """Whether one of the words stands in whatever this matches."""
    for at in range(len(parsed)):
        run = [""]
        for item in parsed[at:]:
            own = spelled(*item)
            if own is None or len(run) * len(own) > MOST * MOST:
                break
            run = [first + then for first in run for then in own]
            if all(any(need in way.lower() for need in needs) for way in run):
                return True
    return any(inside(*item, needs) for item in parsed)


def inside(kind: Any, value: Any, needs: tuple[str, ...]) -> bool:
    if kind is c.SUBPATTERN:
        return holds(value[3], needs)
    if kind is c.BRANCH:
        return all(holds(way, needs) for way in value[1])
    if kind in (c.MAX_REPEAT, c.MIN_REPEAT, c.POSSESSIVE_REPEAT):
        return value[0] >= 1 and holds(value[2], needs)
    return False


def found(value: Any) -> Iterator[Wanted]:
    if isinstance(value, Wanted):
        yield value
    elif isinstance(value, (tuple, list)):
        for one in value:
            yield from found(one)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from found(getattr(value, field.name))


def all_patterns() -> list[Wanted]:
    modules = [import_module(f"core.policy.{name}") for name in MODULES]
    made = [value for module in modules for value in vars(module).values()]
    return list(dict.fromkeys(found([*made, commands._commands(), provenance._notices()])))


@pytest.mark.parametrize("one", all_patterns(), ids=lambda one: one.pattern[:40])
def test_each_match_holds_one_of_the_words(one: Wanted) -> None:
    assert one.needs
    assert all(need == need.lower() for need in one.needs)
    assert holds(parser.parse(one.pattern, one.flags), one.needs)


def test_a_word_too_many_ways_past_it_is_seen() -> None:
    assert holds(parser.parse(r"(?:re)?test\s+this"), ("test",))
    assert holds(parser.parse(r"a(?:bc|bd)e"), ("abce", "bde"))
    assert not holds(parser.parse(r"(?:test)?\s+this"), ("test",))
    assert not holds(parser.parse(r"\w+test|thing"), ("test",))


def test_words_are_looked_for_in_all_readings_and_cases() -> None:
    assert read("Ｐlease MERGE").holds(("please",))
    assert read("me\u200brge").holds(("merge",))
    assert read("m\u0435rge").holds(("merge",))  # Cyrillic
    assert not read("merge").holds(("please",))
