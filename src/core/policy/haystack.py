"""Many words looked for in one text at once: only those whose first bytes stand in it are looked for at all."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Generic, TypeVar

from core.policy.disguises import START, start, starts

Thing = TypeVar("Thing")


class Haystack:
    """A text that many words are looked for in."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def starts(self) -> frozenset[int]:
        return starts(self.text)


class Needles(Generic[Thing]):
    """Things in an order, and the words that call for each."""

    def __init__(self, things: Iterable[tuple[Thing, Iterable[str]]]) -> None:
        self._things: list[Thing] = []
        self._short: list[tuple[str, int]] = []
        self._long: dict[int, list[tuple[str, int]]] = {}
        for place, (thing, words) in enumerate(things):
            self._things.append(thing)
            for word in dict.fromkeys(words):
                same = self._long.setdefault(start(word), []) if len(word) >= START else self._short
                same.append((word, place))

    def found(self, haystack: Haystack) -> list[Thing]:
        """Those of which the text holds a word."""
        places = {place for word, place in self._short if word in haystack.text}
        for begun in self._long.keys() & haystack.starts:
            places.update(place for word, place in self._long[begun] if word in haystack.text)
        return [self._things[place] for place in sorted(places)]
