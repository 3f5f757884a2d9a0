"""What a credential looks like: the shapes that vendors publish, and words that no writer writes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise
from typing import Final

from core.policy.data_files import load
from core.policy.disguises import RUN, START, from_base64, packed, start

_WINDOW: Final = 400
"""Characters after a prefix among which the pieces of its body are looked for."""
_ENOUGH: Final = 32
"""Characters of a body that are looked at when words may follow it."""
_SURE: Final = 7
"""Length from which a prefix cannot have come about by joining words."""
_MOST_LOST: Final = 5
"""Characters that a cut prefix may lack."""
_SHORTEST: Final = 14
"""Characters of the shortest credential, prefix and body."""
_PEM: Final = " PRIVATE KEY"
_PACKED_PEM: Final = re.compile("BEGIN" + "-?(?:RSA|EC|DSA|OPENSSH|ENCRYPTED|PGP)?-?PRIVATEKEY")
WORD: Final = re.compile(r"[A-Za-z0-9_-]{18,}")
_NO_END: Final = re.compile(r"\(\?!\[[^]]+\]\)$")
_PUBLIC: Final = re.compile(
    r"(?i)(?:^|\b)(?:sha\d{1,3}|h1(?=:)|md5|integrity|digest|checksum|commit|etag|uuid)(?:\W{0,3}$|-)"
)
_DIGEST: Final = re.compile(r"(?<![0-9A-Za-z])[0-9a-f]{32,64}(?![0-9A-Za-z])")
_HEX_TEXT: Final = re.compile(r"(?:[0-9a-f]{2}){8,}")
_MADE_UP: Final = re.compile(
    r"(?i)p[a4@][s5$]{2}|t[e3]st|s[e3]cr[e3]t|[e3]xampl|dummy|fake|chang[e3]|demo|w[e3]lc[o0]m|qw[e3]rt|abc|xxx|sampl|valid|"
    r"correct|horse|battery|hunter|l[e3]tm[e3]|str[o0]ng|user|adm[i1]n|[<>{}]|\$\{|123456|\*\*"
)
_UNSPEAKABLE: Final = re.compile(r"(?i)[bcdfghjklmnpqrtvwxz]{5}")
_ULID: Final = re.compile(r"[0-7](?:[0-9A-HJKMNP-TV-Z]{25}|[0-9a-hjkmnp-tv-z]{25})")


@dataclass(frozen=True)
class _Shape:
    name: str
    prefix: str
    body: str
    random: bool

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(f"{re.escape(self.prefix)}({self.body})")

    @cached_property
    def loose(self) -> re.Pattern[str]:
        """The same where other words may follow at once."""
        return re.compile(f"{re.escape(self.prefix)}({_NO_END.sub('', self.body)})")

    @cached_property
    def narrow(self) -> bool:
        """Whether the body's alphabet is so small that no words fit in."""
        return "A-Za-z" not in self.body and "a-zA-Z" not in self.body


def _shapes() -> Iterator[_Shape]:
    for entry in load("credentials")["shapes"]:
        for parts in (entry["prefix"], *entry.get("also", ())):
            yield _Shape(entry["name"], "".join(parts), entry["body"], entry.get("random", False))


_PREFIXES: Final = tuple((shape.prefix, shape) for shape in _shapes())
_LONG_PREFIXES: Final = tuple((prefix, shape) for prefix, shape in _PREFIXES if len(prefix) >= START)
_BARE_PREFIXES: Final = tuple(
    (bare, shape)
    for prefix, shape in _LONG_PREFIXES
    if START <= len(bare := "".join(filter(str.isalnum, prefix))) < len(prefix) and bare != "secret"
)
"""Prefixes without their signs, for texts that were cut up at signs. One of them is a word of every plan."""


# --- words ---------------------------------------------------------------------------------


def _class(char: str) -> int:
    return 0 if char.islower() else 1 if char.isupper() else 2


def looks_random(word: str, *, behind_prefix: bool = False) -> bool:
    """Whether letters and digits are mixed as no writer mixes them. CamelCase, versions and hex digests are not.

    `behind_prefix`: a vendor's prefix stands before the word, so less is enough.
    """
    chars = [char for char in word if char.isalnum()]
    if len(chars) < 16:
        return False
    kinds = [_class(char) for char in chars]
    count = [kinds.count(kind) for kind in range(3)]
    changes = sum(1 for one, two in pairwise(kinds) if one != two and (one, two) != (1, 0))
    share = changes / (len(kinds) - 1)
    if behind_prefix and share >= 0.18 and (min(count[:2]) >= 3 or (count[2] >= 2 and len(kinds) - count[2] >= 3)):
        return True
    if min(count[:2]) >= 3 and count[2] >= 2:
        return share >= 0.27
    if min(count[:2]) == 0 and count[2] >= 4:
        letters = {char.lower() for char in chars if char.isalpha()}
        return len(chars) >= 24 and share >= 0.3 and bool(letters - set("abcdef"))
    return min(count[:2]) >= 6 and share >= (0.33 if len(chars) < 32 else 0.28)


def is_mixed(word: str) -> bool:
    return any(char.isdigit() for char in word) and any(char.isalpha() for char in word)


def _patterned(word: str) -> bool:
    """A made-up key: few characters or a short piece again and again."""
    return len(word) >= 16 and (
        len(set(word)) <= 3 or any(word == (word[:n] * len(word))[: len(word)] for n in range(1, 13))
    )


def is_plain(word: str) -> bool:
    """Whether a random word has a meaning: an identifier in the form of a ULID, or base64 of text, as tests use it."""
    return _ULID.fullmatch(word) is not None or any(
        len(text) >= 8
        and (
            _HEX_TEXT.fullmatch(text)
            or sum(char.isalpha() or char in ' {}":,._-/=&' for char in text) > 0.9 * len(text)
        )
        for text in from_base64(word)
        if text.isascii() and text.isprintable() and not looks_random(text)
    )


def improvised(word: str) -> bool:
    """Whether a word behind one for a password is a real one and not made up for a test, as far as that can be told."""
    kinds = [_class(char) if char.isalnum() else 3 for char in word]
    changes = sum(1 for one, two in pairwise(kinds) if one != two and (one, two) != (1, 0))
    return (
        len(word) >= 12
        and {0, 1, 2} <= set(kinds)
        and not _MADE_UP.search(word)
        and (changes >= 5 or _UNSPEAKABLE.search(word) is not None)
    )


def invented(word: str) -> bool:
    """Whether a password in an address is a real one and not made up for a test, as far as that can be told."""
    return looks_random(word, behind_prefix=True) and not _MADE_UP.search(word)


def random_word(text: str) -> bool:
    """Whether the whole text is one word that looks random."""
    return WORD.fullmatch(text) is not None and looks_random(text)


# --- shapes --------------------------------------------------------------------------------


def _places(prefix: str, text: str) -> Iterator[int]:
    """Where the prefix stands by itself and not at the end of a longer word."""
    at = text.find(prefix)
    while at >= 0:
        glued = at and text[at - 1].isalnum() and prefix[0].isalnum()
        if not glued or (prefix[-1] in "_-" and len(prefix) >= 4):
            yield at
        at = text.find(prefix, at + 1)


def vendor(text: str, *, turned: bool = False) -> str | None:
    """The name of a credential in `text`. `turned`: its letters were exchanged for this reading."""
    words = "\n".join(word for word in text.split() if len(word) >= _SHORTEST)
    for prefix, shape in _PREFIXES:
        place = text if " " in prefix else words
        if prefix not in place:
            continue
        for match in filter(None, (shape.pattern.match(place, at) for at in _places(prefix, place))):
            unlikely = (len(shape.prefix) >= 4 or shape.narrow) and is_mixed(match[1])
            enough = unlikely if turned else not shape.random
            if enough or _PEM in match[0] or looks_random(match[1]) or _patterned(match[1]):
                return shape.name
    return None


def _is_key(shape: _Shape, body: str) -> bool:
    if (shape.narrow and is_mixed(body)) or (len(shape.prefix) >= 5 and sum(map(str.isdigit, body)) >= 8):
        return True
    return looks_random(body, behind_prefix=True) or _patterned(body)


@cache
def _begun(backwards: bool) -> tuple[tuple[int | None, str, _Shape], ...]:
    """The prefixes with their starts, those that are too short for one with none."""
    return tuple(
        (start(prefix[::-1] if backwards else prefix) if len(prefix) >= START else None, prefix, shape)
        for prefix, shape in _PREFIXES
    )


def vendor_in_pieces(texts: Iterable[str], found: frozenset[int], *, backwards: bool = False) -> str | None:
    """A prefix followed by a body whose pieces stand apart: in a list, in quotes, on lines of their own.

    `found`: what `starts` tells of all forms of the texts. `backwards`: as they read when turned round.
    """
    likely = [(prefix, shape) for begun, prefix, shape in _begun(backwards) if begun is None or begun in found]
    turned = [text[::-1] if backwards else text for text in texts]
    return (
        next(filter(None, (_followed(text, likely) for text in turned)), None)
        or _run_together(dict.fromkeys(form for text in turned for form in packed(text)), likely)
        or _without_signs(dict.fromkeys(_DIGEST.sub("", text) for text in turned))
    )


def _followed(text: str, likely: Sequence[tuple[str, _Shape]]) -> str | None:
    for prefix, shape in likely:
        for at in _places(prefix, text):
            window = text[at + len(prefix) : at + len(prefix) + _WINDOW]
            bodies = (shape.loose.match(prefix + form) for form in packed(window))
            if any(match and _is_key(shape, match[1][:_ENOUGH]) for match in bodies):
                return shape.name
    return None


def _run_together(forms: Iterable[str], likely: Sequence[tuple[str, _Shape]]) -> str | None:
    long = [(prefix, shape) for prefix, shape in likely if len(prefix) >= START]
    for form in forms:
        if _PACKED_PEM.search(form):
            return "private key"
        for prefix, shape in [(prefix, shape) for prefix, shape in long if prefix in form]:
            for found in re.finditer(re.escape(prefix), form):
                match = shape.loose.match(form, found.start())
                body = match[1][:_ENOUGH] if match else ""
                if is_mixed(body) and looks_random(body, behind_prefix=len(prefix) >= _SURE):
                    return shape.name
    return None


def _without_signs(texts: Iterable[str]) -> str | None:
    """A prefix without its signs. The letters of a short one must stand together: else they are ends of words."""
    for text in texts:
        form = packed(text)[1].replace("_", "")
        for bare, shape in _BARE_PREFIXES:
            if bare not in (form if len(bare) > START else text):
                continue
            sure = len(bare) > START and not shape.random
            for found in re.finditer(bare, form):
                if looks_random(form[found.end() : found.end() + _ENOUGH], behind_prefix=sure):
                    return shape.name
    return None


def vendor_turned_round(word: str) -> str | None:
    """A credential that begins in the middle of the word and ends at its start."""
    double = word + word
    for shape in [shape for prefix, shape in _LONG_PREFIXES if prefix in double]:
        at = double.find(shape.prefix, 1)
        match = shape.loose.match(double, at) if 0 < at < len(word) else None
        if match and _is_key(shape, match[1][:_ENOUGH]):
            return shape.name
    return None


@cache
def _rests() -> Mapping[str, Sequence[tuple[str, str, _Shape]]]:
    """What is left of a cut prefix, by its first two characters: what was lost, the rest, the shape."""
    rests: dict[str, list[tuple[str, str, _Shape]]] = {}
    for prefix, shape in _LONG_PREFIXES:
        for lost in range(1, min(len(prefix) - 2, _MOST_LOST) + 1):
            rests.setdefault(prefix[lost : lost + 2], []).append((prefix[:lost], prefix[lost:], shape))
    return rests


def _vendor_cut(word: str) -> str | None:
    """A credential whose prefix lost its first characters."""
    for lost, rest, shape in _rests().get(word[:2], ()):
        match = shape.pattern.match(lost + word) if word.startswith(rest) else None
        if match and (
            looks_random(match[1], behind_prefix=True)
            or _patterned(match[1])
            or (len(rest) >= 3 and match.end() == len(lost + word) and is_mixed(match[1]) and word.isupper())
        ):
            return shape.name + " with a cut prefix"
    return None


def keylike(text: str) -> str | None:
    """A credential with a cut prefix, or any long word that looks like a key. What is named as a digest is none."""
    for run in RUN.finditer(text):
        if _PUBLIC.search(text[max(0, run.start() - 14) : run.start()]) or _PUBLIC.match(run[0]):
            continue
        for word in WORD.findall(run[0].removeprefix("0x")):
            name = _vendor_cut(word)
            if name:
                return name
            signs = word.count("-") + word.count("_")
            pieces = re.split(r"[_-]", word) if signs > len(word) // 8 else [word]
            if any(len(piece) >= 24 and looks_random(piece) and not is_plain(piece) for piece in pieces):
                return "a long random word"
    return None
