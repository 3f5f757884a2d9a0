"""Labels by GitHub's rule, by which `Status:Ready` and `status:ready` are one. Nothing else compares labels."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Set
from typing import Any


class Labels(Set[str]):
    """A set in which all spellings of one label are one, which is spelled as it came first.

    GitHub has no two labels that differ in case alone, and does not publish how it folds case. What Unicode holds for
    the same but for case, in any normal form, is the same here: never are two spellings that GitHub takes for one two.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._spellings: dict[str, str] = {}
        for name in names:
            self._spellings.setdefault(_fold(name), name)

    def spelled(self, name: str) -> str:
        """The label as this set spells it; as it is where it is none of the set."""
        return self._spellings.get(_fold(name), name)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and _fold(name) in self._spellings

    def __iter__(self) -> Iterator[str]:
        return iter(self._spellings.values())

    def __len__(self) -> int:
        return len(self._spellings)

    def __and__(self, other: Iterable[Any]) -> Labels:
        there = Labels(other)
        return Labels(name for name in self if name in there)

    def __or__(self, other: Iterable[Any]) -> Labels:
        return Labels((*self, *other))

    def __sub__(self, other: Iterable[Any]) -> Labels:
        gone = Labels(other)
        return Labels(name for name in self if name not in gone)

    def __repr__(self) -> str:
        return f"Labels({list(self)})"


def _fold(name: str) -> str:
    """The canonical caseless form: section 3.13 of the Unicode Standard, D145."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())
