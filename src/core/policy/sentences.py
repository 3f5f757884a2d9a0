"""Harmful sentences in any language: words of a few kinds beside each other make an order.

A grammar would be longer and no surer: what is asked about is read by a person.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from core.policy.data_files import load
from core.policy.found import Hit
from core.policy.haystack import Haystack, Needles
from core.policy.readings import Readings

_ENDS: Final = re.compile(r"[.!?](?=\s|$)|[\n。！？।؟۔]")
SIGNS: Final = str.maketrans(dict.fromkeys("`*~:;,\"“”„«»'’()[]{}<>「」、，：；（）-|", " "))
_ACCENTS: Final = dict.fromkeys(range(0x300, 0x370))
_Needed = tuple[tuple[str, ...], ...]
_ORDERS: Final[tuple[tuple[str, _Needed], ...]] = (
    ("gives a secret away", (("send",), ("out", "own"), ("secret",))),
    ("gives a secret away", (("put",), ("out", "own"), ("secret",))),
    ("switches a protection off", (("off",), ("guard",))),
    ("destroys what is in use", (("destroy",), ("store",), ("live",))),
)
"""What a sentence does, and the kinds of words that it then has, the verb first."""
_KINDS: Final = frozenset(name for _, needed in _ORDERS for names in needed for name in names)


@dataclass(frozen=True, eq=False)
class _Words:
    """Words of one kind: those that stand alone, and beginnings and phrases."""

    whole: frozenset[str]
    parts: tuple[str, ...]

    def are_in(self, text: str, words: frozenset[str]) -> bool:
        return not self.whole.isdisjoint(words) or any(part in text for part in self.parts)


_NONE: Final = _Words(frozenset(), ())


@dataclass(frozen=True)
class _Language:
    name: str
    marked: bool
    """Whether words differ by nothing but their accents."""
    orders: tuple[tuple[str, tuple[_Words, ...], _Words], ...]
    """What a sentence does, the words that it then has, what excuses it."""


def _without_accents(text: str) -> str:
    if unicodedata.is_normalized("NFD", text):
        return text
    return unicodedata.normalize("NFD", text).translate(_ACCENTS)


def _words(text: str, *, marked: bool) -> _Words:
    words = (text if marked else _without_accents(text)).split("|")
    whole = frozenset(word.strip() for word in words if word[0] == word[-1] == " " and " " not in word.strip())
    return _Words(whole, tuple(word for word in words if word.strip() not in whole))


def _language(entry: Mapping[str, Any], excuses: _Words) -> _Language:
    marked = bool(entry.get("marked"))

    words = {name: _words(text, marked=marked) for name, text in entry.items() if name in _KINDS}

    def kind(names: tuple[str, ...]) -> _Words:
        return _Words(
            frozenset().union(*(words[name].whole for name in names)),
            tuple(part for name in names for part in words[name].parts),
        )

    orders = tuple(
        (why, tuple(map(kind, needed)), _NONE if needed[-1] == ("secret",) else excuses) for why, needed in _ORDERS
    )
    return _Language(entry["name"], marked, orders)


class _Kinds:
    """All kinds of words that are looked for in one form of a text."""

    def __init__(self, kinds: Iterable[_Words]) -> None:
        every = dict.fromkeys(kinds)
        self._parts = Needles((kind, kind.parts) for kind in every)
        self._whole: dict[str, list[_Words]] = {}
        for kind in every:
            for word in kind.whole:
                self._whole.setdefault(word, []).append(kind)

    def within(self, text: str, words: frozenset[str]) -> frozenset[_Words]:
        """Those of which a word stands in the text."""
        whole = (self._whole[word] for word in self._whole.keys() & words)
        return frozenset(self._parts.found(Haystack(text))).union(*whole)


@dataclass(frozen=True)
class _Data:
    languages: tuple[_Language, ...]
    english: tuple[tuple[str, str, tuple[_Words, ...], _Words], ...]
    """Further orders: rule, what a sentence does, the words that it then has, what excuses it."""
    kinds: Mapping[bool, _Kinds]
    """Of the languages whose words differ by their accents, and of the others."""


@cache
def _data() -> _Data:
    """Read when first needed: who judges nothing does not pay."""
    data: Any = load("sentences")
    excuses = _Words(
        frozenset(),
        tuple(part for marked in (True, False) for part in _words(data["excuses"]["words"], marked=marked).parts),
    )
    languages = tuple(_language(entry, excuses) for entry in data["languages"])
    english = tuple(
        (
            order["rule"],
            order["why"],
            tuple(_words(words, marked=False) for words in order["words"]),
            _words(order["unless"], marked=False) if "unless" in order else _NONE,
        )
        for order in data["orders"]
    )
    kinds = {
        marked: [kind for one in languages if one.marked == marked for _, kinds, _ in one.orders for kind in kinds]
        for marked in (True, False)
    }
    kinds[False] += [kind for _, _, kinds, _ in english for kind in kinds]
    return _Data(languages, english, {marked: _Kinds(of_both) for marked, of_both in kinds.items()})


def harmful_sentences(text: Readings) -> Iterator[Hit]:
    """Sentences that give a secret away, switch a protection off, destroy what is in use …, one of each at most."""
    written = _ENDS.sub(" \n ", "\n".join(text.fresh).lower().translate(SIGNS))
    forms = {True: f" {written} ", False: f" {_without_accents(written)} "}
    data = _data()
    there = {marked: data.kinds[marked].within(form, frozenset(form.split())) for marked, form in forms.items()}
    for rule, why, kinds, excuses in data.english:
        if there[False].issuperset(kinds):
            yield from _found(rule, why, kinds, forms[False], excuses)
    for language in data.languages:
        for why, kinds, excuses in language.orders:
            if there[language.marked].issuperset(kinds):
                rule = "harm.sentence" if language.name == "english" else "harm.translated"
                yield from _found(rule, f"{why}, in {language.name}", kinds, forms[language.marked], excuses)


def _found(rule: str, why: str, kinds: tuple[_Words, ...], text: str, excuses: _Words) -> Iterator[Hit]:
    """The first sentence that has a word of each kind and no excuse."""
    for sentence in text.split("\n"):
        own = frozenset(sentence.split())
        if all(kind.are_in(sentence, own) for kind in kinds) and not excuses.are_in(sentence, own):
            yield Hit(rule, "ask", sentence.strip(), why)
            return
