"""Secrets: ours by exact match, vendors' by shape; as written, reversed, rotated, encoded, split or cut.

Our own are arguments of the check and never part of a finding.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Final

from core.policy.data_files import load
from core.policy.found import Hit
from core.policy.readings import Readings

_SHORTEST_OWN: Final = 6
_PIECE: Final = 6
"""Pieces of our own secrets of this length count towards the share that is told."""
_CHUNK: Final = 12
"""One piece of this length alone refuses."""
_ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz"
_ROTATIONS: Final = tuple(
    str.maketrans(
        _ALPHABET + _ALPHABET.upper(),
        _ALPHABET[n:] + _ALPHABET[:n] + _ALPHABET.upper()[n:] + _ALPHABET.upper()[:n],
    )
    for n in range(1, 26)
)
_TURNED_PEMS: Final = tuple("PRIVATE KEY-----".translate(table) for table in reversed(_ROTATIONS))
_RUN: Final = re.compile(r"[A-Za-z0-9+/_=-]{18,}")
_WINDOW: Final = 400
"""Characters after a prefix among which the pieces of its body are looked for."""
_PACKED_PEM: Final = re.compile("BEGIN" + "-?(?:RSA|EC|DSA|OPENSSH|ENCRYPTED|PGP)?-?PRIVATEKEY")
_ENOUGH: Final = 32
"""Characters of a body that are looked at when words may follow it."""
_WORD: Final = re.compile(r"[A-Za-z0-9_-]{18,}")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
_HEX: Final = re.compile(r"(?:(?:\\x|%|0x)?[0-9a-fA-F]{2}[\s:,;]{0,2}){10,}")
_HEX_PAIR: Final = re.compile(r"(?:\\x|%|0x)?([0-9a-fA-F]{2})")
_CODES: Final = re.compile(r"(?:\d{2,3}[\s,;]{1,2}){10,}\d{2,3}")
_GLUE: Final = re.compile(r"[^A-Za-z0-9_/.=-]+")
_ITEM: Final = re.compile(
    r"^\s*(?:[>*+-]\s+|\d{1,3}[.)]\s+|(?:part|piece|chunk|segment|half|step)?\s*\w{1,6}\s*[:=]\s*)+",
    re.MULTILINE | re.IGNORECASE,
)
_KEYWORD: Final = re.compile(
    r"(?:passw(?:or)?d|passwd|pwd|secret|token|(?:api|access|private)[_ -]?key|auth(?:orization)?|credential|bearer)"
    r"[\"'`*_]{0,4}\s{0,3}(?:[:=]|is|bearer)\s{0,3}[\"'`*]{0,3}(?:(?:bearer|basic|token)\s{1,3})?"
    r"([A-Za-z0-9+/_=.~!@#$%^&*-]{12,200})",
    re.IGNORECASE,
)
_USERINFO: Final = re.compile(r"[a-z][a-z0-9+.-]{1,20}://[^\s/@:]{0,100}:([^\s/@]{8,200})@[\w.-]", re.IGNORECASE)
_PUBLIC: Final = re.compile(r"(?i)(?:^|\b)(?:sha\d{1,3}|md5|integrity|digest|checksum|commit|etag|uuid)(?:\W{0,3}$|-)")
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
        loose = self.body.removesuffix("(?![A-Za-z0-9])").removesuffix("(?![0-9A-Za-z])")
        return re.compile(f"{re.escape(self.prefix)}({loose})")

    @cached_property
    def narrow(self) -> bool:
        """Whether the body's alphabet is so small that no words fit in."""
        return "A-Za-z" not in self.body and "a-zA-Z" not in self.body


def _shapes() -> tuple[_Shape, ...]:
    result = []
    for entry in load("credentials")["shapes"]:
        for parts in (entry["prefix"], *entry.get("also", ())):
            prefix = "".join(parts)
            result.append(_Shape(entry["name"], prefix, entry["body"], entry.get("random", False)))
    return tuple(result)


_SHAPES: Final[tuple[_Shape, ...]] = _shapes()


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
    return min(count[:2]) >= 6 and share >= 0.33


def _patterned(word: str) -> bool:
    """A made-up key: few characters or a short piece again and again."""
    return len(word) >= 16 and (
        len(set(word)) <= 3 or any(word == (word[:n] * len(word))[: len(word)] for n in range(1, 13))
    )


def _mixed(word: str) -> bool:
    return any(char.isdigit() for char in word) and any(char.isalpha() for char in word)


def _is_free(shape: _Shape, text: str, at: int) -> bool:
    """Whether the prefix stands by itself and not at the end of a longer word."""
    if not at or not text[at - 1].isalnum() or not shape.prefix[0].isalnum():
        return True
    return shape.prefix[-1] in "_-" and len(shape.prefix) >= 4


def _places(shape: _Shape, text: str) -> Iterator[int]:
    at = text.find(shape.prefix)
    while at >= 0:
        if _is_free(shape, text, at):
            yield at
        at = text.find(shape.prefix, at + 1)


def _vendor(text: str, *, turned: bool = False) -> str | None:
    """The name of a credential shape in `text`. `turned`: its letters were exchanged for this reading."""
    for shape in _SHAPES:
        for at in _places(shape, text):
            match = shape.pattern.match(text, at)
            if not match:
                continue
            body = match[1]
            unlikely = (len(shape.prefix) >= 4 or shape.narrow) and _mixed(body)
            if (
                (unlikely if turned else not shape.random)
                or " PRIVATE KEY" in match[0]
                or looks_random(body)
                or _patterned(body)
            ):
                return shape.name
    return None


def _is_key(shape: _Shape, body: str) -> bool:
    if (shape.narrow and _mixed(body)) or (len(shape.prefix) >= 5 and sum(map(str.isdigit, body)) >= 8):
        return True
    return looks_random(body, behind_prefix=True) or _patterned(body)


def _vendor_in_pieces(text: str) -> str | None:
    """A prefix followed by a body whose pieces stand apart: in a list, in quotes, on lines of their own."""
    for shape in _SHAPES:
        for at in _places(shape, text):
            window = text[at + len(shape.prefix) : at + len(shape.prefix) + _WINDOW]
            for packed in _squeezed(window):
                match = shape.loose.match(shape.prefix + packed)
                if match and _is_key(shape, match[1][:_ENOUGH]):
                    return shape.name
    for packed in _squeezed(text):
        if _PACKED_PEM.search(packed):
            return "private key"
        for shape in _SHAPES:
            at = packed.find(shape.prefix) if len(shape.prefix) >= 4 else -1
            while at >= 0:
                match = shape.loose.match(packed, at)
                if match and looks_random(match[1][:_ENOUGH]) and _mixed(match[1][:_ENOUGH]):
                    return shape.name
                at = packed.find(shape.prefix, at + 1)
    return None


def _turned_round(word: str) -> str | None:
    """A credential that begins in the middle of the word and ends at its start."""
    double = word + word
    for shape in _SHAPES:
        at = double.find(shape.prefix, 1) if len(shape.prefix) >= 4 else -1
        match = shape.loose.match(double, at) if 0 < at < len(word) else None
        if match and _is_key(shape, match[1][:_ENOUGH]):
            return shape.name
    return None


def _cut(word: str) -> str | None:
    """A credential whose prefix lost its first characters, or any long word that looks like a key."""
    for shape in _SHAPES:
        if len(shape.prefix) < 4:
            continue
        for lost in range(1, min(len(shape.prefix) - 1, 6)):
            rest = shape.prefix[lost:]
            if word.startswith(rest):
                match = shape.pattern.match(shape.prefix[:lost] + word)
                if match and (
                    looks_random(match[1], behind_prefix=len(rest) >= 2)
                    or (_patterned(match[1]) and len(rest) >= 2)
                    or (len(rest) >= 3 and match.end() == lost + len(word) and _mixed(match[1]) and word.isupper())
                ):
                    return shape.name + " with a cut prefix"
    return None


def _keylike(text: str) -> str | None:
    for match in _RUN.finditer(text):
        if _PUBLIC.search(text[max(0, match.start() - 14) : match.start()]) or _PUBLIC.match(match[0]):
            continue
        name = next(filter(None, map(_keylike_word, _WORD.findall(match[0]))), None)
        if name:
            return name
    return None


def _keylike_word(word: str) -> str | None:
    shape = _cut(word)
    if shape:
        return shape
    if len(word) >= 24 and not _ULID.fullmatch(word):
        for piece in re.split(r"[_-]", word) if word.count("-") + word.count("_") > len(word) // 8 else [word]:
            if len(piece) >= 24 and looks_random(piece) and not _readable(piece):
                return "a long random word"
    return None


def _readable(word: str) -> bool:
    """Base64 of plain text, as tests use it."""
    return any(
        len(text) >= 8 and sum(char.isalpha() or char in ' {}":,._-/=&' for char in text) > 0.9 * len(text)
        for text in _decodings(word)
        if text.isascii() and text.isprintable()
    )


def _decodings(word: str) -> Iterator[str]:
    """The word as base64, from each of the four alignments."""
    clean = word.replace("-", "+").replace("_", "/").rstrip("=")
    for start in range(4):
        part = clean[start:]
        part = part[: len(part) - (len(part) % 4 == 1)]
        if len(part) < 12:
            return
        try:
            yield base64.b64decode(part + "=" * (-len(part) % 4)).decode("latin-1")
        except (binascii.Error, ValueError):
            continue


def _encoded(text: str, depth: int = 2) -> Iterator[str]:
    """What stands in base64, hex or character codes in `text`, decoded."""
    for match in _BASE64.finditer(text):
        for decoded in _decodings(match[0]):
            yield decoded
            if depth > 1 and decoded.isascii():
                yield from _encoded(decoded, depth - 1)
    for match in _HEX.finditer(text):
        decoded = bytes(int(pair, 16) for pair in _HEX_PAIR.findall(match[0])).decode("latin-1")
        yield decoded
        if depth > 1 and decoded.isascii():
            yield from _encoded(decoded, depth - 1)
    for match in _CODES.finditer(text):
        codes = [int(code) for code in re.findall(r"\d+", match[0])]
        if all(9 <= code < 127 for code in codes):
            yield "".join(map(chr, codes))


def _squeezed(text: str) -> tuple[str, ...]:
    """The text with what stands between the pieces of a split secret taken out."""
    return (_GLUE.sub("", text), re.sub(r"[^A-Za-z0-9_]+", "", text), _GLUE.sub("", _ITEM.sub("", text)))


def vendor_secrets(text: Readings) -> Iterator[Hit]:
    """Credentials of the shapes that vendors publish, however they are dressed."""

    def hit(name: str, how: str) -> Hit:
        return Hit("secret.vendor", "refuse", name, f"{name}{how}", secret=True)

    for reading in (*text.all, *text.bare):
        name = _vendor(reading)
        if name:
            yield hit(name, "")
            return
        name = _vendor(reading[::-1])
        if name:
            yield hit(name, ", reversed")
            return
    for reading in dict.fromkeys((text.raw, text.all[-1], text.bare[-1])):
        name = _vendor_in_pieces(reading) or _vendor_in_pieces(reading[::-1])
        if name:
            yield hit(name, ", split")
            return
        for decoded in _encoded(reading):
            name = _vendor(decoded) or _vendor(decoded[::-1])
            if not name and _WORD.fullmatch(decoded) and looks_random(decoded):
                name = "a long random word"
            if name:
                yield hit(name, ", encoded")
                return
        for decoded in _encoded(reading[::-1]):
            name = _vendor(decoded)
            if name:
                yield hit(name, ", encoded and reversed")
                return
        words = "\n".join(match[0] for match in _RUN.finditer(reading) if _mixed(match[0]))
        for table, pem in zip(_ROTATIONS, _TURNED_PEMS, strict=True):
            name = "private key" if pem in reading else _vendor(words.translate(table), turned=True)
            if name:
                yield hit(name, ", rotated")
                return
        for word in _WORD.findall(reading):
            name = _turned_round(word)
            if name:
                yield hit(name, ", turned round")
                return


def key_like_words(text: Readings) -> Iterator[Hit]:
    """Long random words, assignments of them, and passwords in addresses."""
    for reading in dict.fromkeys((text.all[-1], text.bare[-1])):
        name = _keylike(reading)
        if name:
            yield Hit("secret.keylike", "refuse", name, name, secret=True)
            return
        for match in _KEYWORD.finditer(reading):
            if looks_random(match[1]) and not _ULID.fullmatch(match[1]) and not _readable(match[1]):
                yield Hit("secret.assigned", "refuse", match[1], "a key behind a word for it", secret=True)
                return
        for match in _USERINFO.finditer(reading):
            if looks_random(match[1]):
                yield Hit("secret.assigned", "refuse", match[1], "a password in an address", secret=True)
                return


def _told(secret: str, text: str) -> bool:
    """Whether `text` holds the secret, a long piece of it, or most of it in pieces."""
    if secret in text:
        return True
    if len(secret) < 2 * _PIECE:
        return False
    covered = 0
    at = 0
    while at + _PIECE <= len(secret):
        length = _PIECE
        if secret[at : at + length] not in text:
            at += 1
            continue
        while at + length < len(secret) and secret[at : at + length + 1] in text:
            length += 1
        if length >= _CHUNK and length * 3 >= len(secret):
            return True
        covered += length
        at += length
    return covered * 10 >= len(secret) * 7


def own_secrets(text: Readings, secrets: Iterable[str]) -> Iterator[Hit]:
    """Our own secrets, exactly: forward, reversed, encoded, rotated, in pieces, or with a cut end."""
    if tells(text, secrets):
        yield Hit("secret.own", "refuse", "", "one of this service's own secrets", secret=True)


def canary(text: Readings, secret: str) -> Iterator[Hit]:
    """A string of the system prompt shows that the model repeats its instructions."""
    if not secret:
        return
    key = "".join(char for char in secret.lower() if char.isalnum())
    packed = ["".join(char for char in reading.lower() if char.isalnum()) for reading in (*text.all, *text.bare)]
    spelled = len(key) >= 8 and any(key in form or key[::-1] in form for form in packed)
    if spelled or tells(text, (secret,)):
        yield Hit("provenance.canary", "refuse", "", "repeats a part of the system prompt", secret=True)


def tells(text: Readings, secrets: Iterable[str]) -> bool:
    """Whether any reading of the text gives one of these strings away."""
    known = [secret for secret in secrets if len(secret) >= _SHORTEST_OWN]
    if not known:
        return False
    readings = dict.fromkeys((*text.all, *text.bare))
    forms: dict[str, None] = {}
    for reading in readings:
        forms[reading] = None
        for packed in _squeezed(reading):
            forms[packed] = None
    forms.update(dict.fromkeys(decoded for reading in readings for decoded in _encoded(reading)))
    packed_raw = _squeezed(text.all[-1])[0]
    forms.update(dict.fromkeys(decoded for decoded in _encoded(packed_raw)))
    for secret in known:
        spellings = _squeezed(secret)[:2] if len(secret) >= 2 * _PIECE else ()
        plain = [form for spelled in dict.fromkeys((secret, *spellings)) for form in (spelled, spelled[::-1])]
        encoded = [
            secret.encode().hex(),
            secret.encode().hex().upper(),
            base64.b64encode(secret.encode()).decode().rstrip("="),
            base64.urlsafe_b64encode(secret.encode()).decode().rstrip("="),
            base64.b32encode(secret.encode()).decode().rstrip("="),
        ]
        whole = encoded + [form[::-1] for form in encoded]
        if len(secret) >= 2 * _PIECE:
            whole += [secret.translate(table) for table in _ROTATIONS]
            whole += [secret[n:] + secret[:n] for n in range(1, len(secret))]
        if any(want in form for want in whole for form in forms) or any(
            _told(want, form) for want in plain for form in forms
        ):
            return True
    return False
