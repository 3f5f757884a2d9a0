"""Harmful sentences in any language: words of a few kinds beside each other make an order.

A grammar would be longer and no surer: what is asked about is read by a person.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Final

from core.policy.data_files import load
from core.policy.found import Hit
from core.policy.haystack import Haystack, Needles
from core.text.readings import Readings

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
_KINDS: Final = tuple(dict.fromkeys(name for _, needed in _ORDERS for names in needed for name in names))
_VERBS: Final = tuple(needed[0][0] for _, needed in _ORDERS)


class _Form(Haystack):
    """A text in small letters, a sentence a line."""

    @cached_property
    def words(self) -> frozenset[str]:
        return frozenset(self.text.split())

    @cached_property
    def sentences(self) -> tuple[tuple[str, frozenset[str]], ...]:
        """Each with its words."""
        return tuple((sentence, frozenset(sentence.split())) for sentence in self.text.split("\n"))


@dataclass(frozen=True, eq=False)
class _Words:
    """Words of one kind: those that stand alone, and beginnings and phrases."""

    whole: frozenset[str]
    parts: tuple[str, ...]

    def are_in(self, text: str, words: frozenset[str]) -> bool:
        return not self.whole.isdisjoint(words) or any(part in text for part in self.parts)


_NONE: Final = _Words(frozenset(), ())


@dataclass(frozen=True)
class _Order:
    """What a sentence does, the kinds of words that it then has, and what excuses it."""

    rule: str
    why: str
    kinds: tuple[_Words, ...]
    excuses: _Words

    def found(self, form: _Form) -> Iterator[Hit]:
        """The first sentence that has a word of each kind and no excuse."""
        for sentence, words in form.sentences:
            if all(kind.are_in(sentence, words) for kind in self.kinds) and not self.excuses.are_in(sentence, words):
                yield Hit(self.rule, "ask", sentence.strip(), self.why)
                return


class _Orders:
    """Several of them: one is looked for only where the text has words of all its kinds."""

    def __init__(self, orders: Iterable[_Order]) -> None:
        self._orders = tuple(orders)
        kinds = dict.fromkeys(kind for order in self._orders for kind in order.kinds)
        self._parts = Needles((kind, kind.parts) for kind in kinds)
        self._whole: dict[str, list[_Words]] = {}
        for kind in kinds:
            for word in kind.whole:
                self._whole.setdefault(word, []).append(kind)

    def found(self, form: _Form) -> Iterator[Hit]:
        whole = (self._whole[word] for word in self._whole.keys() & form.words)
        there = set(self._parts.found(form)).union(*whole)
        for order in self._orders:
            if there.issuperset(order.kinds):
                yield from order.found(form)


class _Language:
    """The orders in one language, read when a text may be in it."""

    def __init__(self, entry: Mapping[str, str], excuses: _Words) -> None:
        self._entry = entry
        self._excuses = excuses
        self.marked = bool(entry.get("marked"))
        """Whether words differ by nothing but their accents."""
        verbs = _plain("|".join(entry[name] for name in _VERBS), marked=self.marked)
        latin = any(map(str.isascii, verbs.split("|")))
        self.letters = frozenset() if latin else frozenset(char for char in verbs if not char.isascii())
        """Of a script of its own: one of these stands in each verb. Empty for languages in Latin letters."""

    @cached_property
    def orders(self) -> _Orders:
        words = {name: _words(self._entry[name], marked=self.marked) for name in _KINDS}
        name = self._entry["name"]
        return _Orders(
            _Order(
                "harm.sentence" if name == "english" else "harm.translated",
                f"{why}, in {name}",
                tuple(_any_of([words[kind] for kind in kinds]) for kinds in needed),
                _NONE if needed[-1] == ("secret",) else self._excuses,
            )
            for why, needed in _ORDERS
        )


def _without_accents(text: str) -> str:
    if unicodedata.is_normalized("NFD", text):
        return text
    return unicodedata.normalize("NFD", text).translate(_ACCENTS)


def _plain(text: str, *, marked: bool) -> str:
    return text if marked else _without_accents(text)


def _words(text: str, *, marked: bool) -> _Words:
    words = _plain(text, marked=marked).split("|")
    whole = frozenset(word.strip() for word in words if word[0] == word[-1] == " " and " " not in word.strip())
    return _Words(whole, tuple(word for word in words if word.strip() not in whole))


def _any_of(kinds: Sequence[_Words]) -> _Words:
    if len(kinds) == 1:
        return kinds[0]
    return _Words(
        frozenset().union(*(kind.whole for kind in kinds)), tuple(part for kind in kinds for part in kind.parts)
    )


@cache
def _data() -> tuple[_Orders, tuple[_Language, ...]]:
    """The further orders in English, and all languages. Read when first needed: who judges nothing does not pay."""
    data: Any = load("sentences")
    excuses = _Words(
        frozenset(),
        tuple(part for marked in (True, False) for part in _words(data["excuses"]["words"], marked=marked).parts),
    )
    english = _Orders(
        _Order(
            order["rule"],
            order["why"],
            tuple(_words(words, marked=False) for words in order["words"]),
            _words(order["unless"], marked=False) if "unless" in order else _NONE,
        )
        for order in data["orders"]
    )
    return english, tuple(_Language(entry, excuses) for entry in data["languages"])


def harmful_sentences(text: Readings) -> Iterator[Hit]:
    """Sentences that give a secret away, switch a protection off, destroy what is in use …, one of each at most."""
    written = _ENDS.sub(" \n ", "\n".join(text.fresh).lower().translate(SIGNS))
    forms = {marked: _Form(f" {_plain(written, marked=marked)} ") for marked in (True, False)}
    letters = frozenset(forms[False].text)
    english, languages = _data()
    yield from english.found(forms[False])
    for language in languages:
        if not language.letters or not language.letters.isdisjoint(letters):
            yield from language.orders.found(forms[language.marked])
