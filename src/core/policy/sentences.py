"""Harmful sentences in any language: words of a few kinds beside each other make an order.

A grammar would be longer and no surer: what is asked about is read by a person.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from core.policy.data_files import load
from core.policy.found import Hit
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


@dataclass(frozen=True)
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
    letters: frozenset[str]
    """Of a script of its own: one of these stands in each verb. Empty for languages in Latin letters."""


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
    verbs = [word for _, (verb, *_), _ in orders for word in (*verb.whole, *verb.parts)]
    letters = "" if any(map(str.isascii, verbs)) else "".join(verbs)
    return _Language(entry["name"], marked, orders, frozenset(char for char in letters if not char.isascii()))


@cache
def _data() -> tuple[tuple[_Language, ...], tuple[tuple[str, str, tuple[_Words, ...], _Words], ...]]:
    """All languages, and the further orders in English. Read when first needed: who judges nothing does not pay."""
    data: Any = load("sentences")
    excuses = _Words(
        frozenset(),
        tuple(part for marked in (True, False) for part in _words(data["excuses"]["words"], marked=marked).parts),
    )
    return tuple(_language(entry, excuses) for entry in data["languages"]), tuple(
        (
            order["rule"],
            order["why"],
            tuple(_words(words, marked=False) for words in order["words"]),
            _words(order["unless"], marked=False) if "unless" in order else _NONE,
        )
        for order in data["orders"]
    )


def harmful_sentences(text: Readings) -> Iterator[Hit]:
    """Sentences that give a secret away, switch a protection off, destroy what is in use …, one of each at most."""
    written = _ENDS.sub(" \n ", "\n".join(text.fresh).lower().translate(SIGNS))
    forms = {True: f" {written} ", False: f" {_without_accents(written)} "}
    words = {marked: frozenset(form.split()) for marked, form in forms.items()}
    letters = frozenset(forms[False])
    languages, english = _data()
    for rule, why, kinds, excuses in english:
        yield from _found(rule, why, kinds, forms[False], words[False], excuses)
    for language in languages:
        if language.letters and language.letters.isdisjoint(letters):
            continue
        for why, kinds, excuses in language.orders:
            rule = "harm.sentence" if language.name == "english" else "harm.translated"
            told = f"{why}, in {language.name}"
            yield from _found(rule, told, kinds, forms[language.marked], words[language.marked], excuses)


def _found(
    rule: str, why: str, kinds: tuple[_Words, ...], text: str, words: frozenset[str], excuses: _Words
) -> Iterator[Hit]:
    """The first sentence that has a word of each kind and no excuse; looked for only if the text has them all."""
    if not all(kind.are_in(text, words) for kind in kinds):
        return
    for sentence in text.split("\n"):
        own = frozenset(sentence.split())
        if all(kind.are_in(sentence, own) for kind in kinds) and not excuses.are_in(sentence, own):
            yield Hit(rule, "ask", sentence.strip(), why)
            return
