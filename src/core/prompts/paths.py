"""Which of a repository's files an issue is likely to be about, told by names alone."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from heapq import nsmallest
from typing import Final

from core.prompts.changes import READ, kind_of

MOST_FILES: Final = 2_000
"""No more are ranked to the end: a prompt holds fewer."""

_LINK: Final = re.compile(r"https?://[^\s]{1,200}?/(?:blob|tree)/[^/\s]{1,100}/")
"""What stands before the path in a link to a file on GitHub."""
_NAME: Final = re.compile(r"[\w./@+\[\]-]+")
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_A-Za-z]+")
_SHORTEST: Final = 3
"""Letters of a word that tells something."""
_MOST_PARTS: Final = 8
"""A path is recognised whole, or by this many of its last parts at most."""


def likeliest_first(paths: Sequence[str], issue: str) -> list[str]:
    """Those that the text names, then by the words they share with it, rare words counting more; MOST_FILES at most.

    Of these, lock files, generated, vendored and binary files that nobody names come last. Ties by kind, depth
    and name. Linear in the length of both.
    """
    named, words = _named(issue), frozenset(_words(issue))
    names = frozenset(name.rpartition("/")[2] for name in named)
    inside = cache(lambda folders: words.intersection(_words(folders)))
    spread: Counter[str] = Counter()
    shared: list[tuple[bool, Counter[str], str]] = []
    for path in paths:
        folders, _, name = path.rpartition("/")
        own = words.intersection(_words(name))
        counts = Counter([*inside(folders), *own, *own])
        spread.update(counts.keys())
        shared.append((name in names and not named.isdisjoint(_tails(path)), counts, path))
    weights = {word: (len(paths) // count).bit_length() for word, count in spread.items()}
    scored = (
        (not is_named, -sum(weights[word] * count for word, count in counts.items()), path.count("/"), path)
        for is_named, counts, path in shared
    )
    return [path for *_, path in sorted(nsmallest(MOST_FILES, scored), key=_order)]


def _order(scored: tuple[bool, int, int, str]) -> tuple[bool, bool, int, int, int, str]:
    unnamed, score, depth, path = scored
    its_kind = kind_of(path)
    place = READ.index(its_kind) if its_kind in READ else len(READ)
    return unnamed, place == len(READ), score, place, depth, path


def _named(text: str) -> frozenset[str]:
    """Whatever in a text could be a path or a file's name."""
    found = _NAME.findall(_LINK.sub(" ", text))
    return frozenset(name.removeprefix("./").strip("/").rstrip(".") for name in found)


def _tails(path: str) -> Iterator[str]:
    """The path, and its last parts: `c.py`, `b/c.py`, …"""
    yield path
    parts = path.rsplit("/", _MOST_PARTS)
    for count in range(1, min(len(parts), _MOST_PARTS + 1)):
        yield "/".join(parts[-count:])


def _words(text: str) -> Iterable[str]:
    """Words in lower case and the singular: `dismissListings` has two."""
    for word in _WORD.findall(text):
        if len(word) >= _SHORTEST:
            lower = word.lower()
            yield lower[:-1] if lower.endswith("s") and len(lower) > _SHORTEST else lower
