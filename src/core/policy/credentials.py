"""Secrets: ours by exact match, vendors' by shape; as written, reversed, rotated, encoded, split or cut.

Our own are arguments of the check and never part of a finding.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Final

from core.policy.disguises import BETWEEN, ROTATIONS, RUN, START, decoded, packed, rotated, spelled, start, starts
from core.policy.found import Hit
from core.policy.shapes import (
    WORD,
    improvised,
    invented,
    is_mixed,
    is_plain,
    keylike,
    looks_random,
    random_word,
    vendor,
    vendor_in_pieces,
    vendor_turned_round,
)
from core.policy.wanted import Wanted
from core.text.readings import Readings

_SHORTEST_OWN: Final = 6
_PIECE: Final = 6
"""Pieces of our own secrets of this length count towards the share that is told."""
_LONG: Final = 2 * _PIECE
"""Own secrets of this length are looked for in pieces too; one piece of it alone refuses."""
_TURNED_PEMS: Final = tuple("PRIVATE KEY-----".translate(table) for table in ROTATIONS)
_KEYWORD: Final = Wanted(
    r"(?:passw(?:or)?d|passwd|pwd|secret|token|(?:api|access|private)[_ -]?key|auth(?:orization)?|credential|bearer)"
    r"[\"'`*_]{0,4}\s{0,3}(?:[:=]|is|bearer)\s{0,3}[\"'`*]{0,3}(?:(?:bearer|basic|token)\s{1,3})?"
    r"([A-Za-z0-9+/_=.~!@#$%^&*-]{12,200})",
    ("passw", "pwd", "secret", "token", "key", "auth", "credential", "bearer"),
    re.IGNORECASE,
)
_HEX_KEY: Final = Wanted(
    r"(?:(?:api|app|application|secret|access|auth|private|client)[_ -]?(?:key|secret|token)|_token|_secret|_key)"
    r"[\"'`]?\s?[:=]\s?[\"'`]?(?=[a-f]*\d)(?=\d*[a-f])"
    r"(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?![0-9a-z])",
    ("key", "secret", "token"),
    re.IGNORECASE,
)
_USERINFO: Final = Wanted(
    r"[a-z][a-z0-9+.-]{1,20}://[^\s/@:]{0,100}:([^\s/@]{8,200})@[\w.-]"
    r"|\s(?:-u|--user)[ =][\"']?[\w.-]{1,60}:([^\s\"']{8,200})",
    ("://", "-u"),
    re.IGNORECASE,
)
_PASSWORDS: Final = tuple(
    Wanted(pattern, needs, re.IGNORECASE)
    for needs, pattern in (
        (
            ("pass", "pw", "kennwort", "contraseña", "senha", "пароль"),
            r"\b(?:passw(?:or)?d|passwd|passphrase|pw|pwd|pass|kennwort|passwort|contraseña|senha|пароль)\b[\"'`*_]{0,3}"
            r"\s{0,3}(?:[:=]\s{0,3}|is\s{1,3})?[\"'`*]{0,3}([^\s\"'`<>]{12,64})",
        ),
        (("_password",), r"_password\s{0,3}[:=]\s{0,3}[\"']?([^\s\"'`<>]{12,64})"),
        (("-u",), r"\s(?:-u|--user)[ =][\"']?[\w.-]{1,60}:([^\s\"']{12,200})"),
    )
)
_AS: Final = Wanted(r"\bas\s+[`\"']?[\w.@-]{2,40}[`\"']?\s?[/:]\s?[`\"']?([^\s\"'`<>/]{12,64})", ("as",), re.IGNORECASE)
_LOG_IN: Final = ("log in", "sign in", "login")
"""What makes of `as` one who logs in."""
_HANDED_OUT: Final = tuple(
    Wanted(pattern, needs, re.IGNORECASE | re.MULTILINE)
    for needs, pattern in (
        (("machine",), r"\bmachine\s+[\w.-]{3,80}\s+login\s+\S{1,80}\s+password\s+(?=\S*\d)[\w.+/=~-]{16,}"),
        (
            ("code",),
            r"\b(?:recovery|backup|scratch|wiederherstellungs)[- ]?codes?\b[^\w\n]{1,6}"
            r"(?:[0-9a-z]{4,6}-?[0-9a-z]{4,6}[\s,;]{1,3}){2,}(?=\S*\d)",
        ),
        (
            ("phrase",),
            r"\b(?:seed|recovery|mnemonic|secret|backup)\s+phrase\b[^\w\n]{1,6}(?:[a-z]{3,8}[\s,]{1,2}){11,23}[a-z]{3,8}\b",
        ),
        (("st.",), r"\bst\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.[0-9a-f]{32}\b"),
        ((":",), r"\b\d/\d{15,17}(?:/\d{15,17})?:[0-9a-f]{32}\b"),
        (
            ("key",),
            r"\b(?:private|secret|eth|ethereum|wallet|signing|master)\s+key\b[^\w\n]{0,6}(?:is\s)?[`\"']?(?:0x)?"
            r"[0-9a-f]{64}\b",
        ),
        (("begin ",), r"^begin [0-7]{3} \S{1,60}\n[!-`]{10,}"),
        (("<~",), r"<~[!-u\s]{15,2000}~>"),
    )
)
"""A line of .netrc, codes for a lost second factor, the words of a wallet, tokens of Infisical and Asana, a wallet's
key; and what uuencode and Ascii85 hide."""
_HEX: Final = re.compile(r"[0-9a-f]{32,}", re.IGNORECASE)


def _vendor_named(text: Readings) -> Iterator[str | None]:
    """The names of the vendors' credentials in a text, each with how it was dressed; the cheap looks first."""
    written = BETWEEN.join(text.fresh)
    yield vendor(written)
    yield _how(vendor(written[::-1]), "reversed")
    readings = tuple(dict.fromkeys((text.raw, text.all[-1], text.bare[-1])))
    found = _all_starts(text)
    yield _how(vendor_in_pieces(readings, found) or vendor_in_pieces(readings, found, backwards=True), "split")
    yield _how(vendor(BETWEEN.join(map(spelled, readings))), "split")
    forward = BETWEEN.join(dict.fromkeys(plain for reading in readings for plain in decoded(reading)))
    backward = BETWEEN.join(dict.fromkeys(plain for reading in readings for plain in decoded(reading[::-1])))
    yield _how(vendor(forward) or vendor(forward[::-1]), "encoded")
    yield _how("a long random word" if any(map(random_word, forward.split(BETWEEN))) else None, "encoded")
    yield _how(vendor(backward), "encoded and reversed")
    words = "\n".join(dict.fromkeys(run for run in RUN.findall(written) if is_mixed(run)))
    pem = any(form in written for form in _TURNED_PEMS)
    yield _how("private key" if pem else vendor(rotated(words, written), turned=True), "rotated")
    yield _how(next(filter(None, map(vendor_turned_round, dict.fromkeys(WORD.findall(written)))), None), "turned round")


def _how(name: str | None, dress: str) -> str | None:
    return name and f"{name}, {dress}"


def vendor_secrets(text: Readings) -> Iterator[Hit]:
    """Credentials of the shapes that vendors publish, however they are dressed."""
    for name in filter(None, _vendor_named(text)):
        yield Hit("secret.vendor", "refuse", name, name, secret=True)
        return


def key_like_words(text: Readings) -> Iterator[Hit]:
    """Long random words, assignments of them, and passwords in addresses."""
    readings = tuple(dict.fromkeys((text.all[-1], text.bare[-1])))
    name = next(filter(None, map(keylike, readings)), None)
    if name:
        yield Hit("secret.keylike", "refuse", name, name, secret=True)
    elif any(map(_is_key, _all_of(_KEYWORD, text, readings))) or any(_all_of(_HEX_KEY, text, readings)):
        yield Hit("secret.assigned", "refuse", "", "a key behind a word for it", secret=True)
    elif any(
        looks_random(word) or _HEX.fullmatch(word) for pair in _all_of(_USERINFO, text, readings) for word in pair
    ):
        yield Hit("secret.assigned", "refuse", "", "a password in an address", secret=True)
    elif _perhaps_handed_out(text, readings):
        yield Hit("secret.assigned", "ask", "", "perhaps a real password, or codes that open an account", secret=True)


def _all_of(wanted: Wanted, text: Readings, readings: Iterable[str]) -> Iterator[Any]:
    """What `re.findall` finds in these readings of the text."""
    pattern = wanted.within(text)
    if pattern:
        for reading in readings:
            yield from pattern.findall(reading)


def _is_key(word: str) -> bool:
    return looks_random(word, behind_prefix=True) and not is_plain(word)


def _perhaps_handed_out(text: Readings, readings: Sequence[str]) -> bool:
    patterns = (*_PASSWORDS, _AS) if text.holds(_LOG_IN) else _PASSWORDS
    likely = (word.rstrip(".,;:)") for pattern in patterns for word in _all_of(pattern, text, readings))
    in_addresses = (word for pair in _all_of(_USERINFO, text, readings) for word in pair)
    return (
        any(map(improvised, likely))
        or any(map(invented, in_addresses))
        or any(any(_all_of(pattern, text, readings)) for pattern in _HANDED_OUT)
    )


def own_secrets(text: Readings, secrets: Iterable[str]) -> Iterator[Hit]:
    """Our own secrets, exactly: forward, reversed, encoded, rotated, in pieces, or with a cut end."""
    if tells(text, secrets):
        yield Hit("secret.own", "refuse", "", "one of this service's own secrets", secret=True)


def canary(text: Readings, secret: str) -> Iterator[Hit]:
    """A string of the system prompt shows that the model repeats its instructions."""
    if secret and (_spells(text, secret) or tells(text, (secret,))):
        yield Hit("provenance.canary", "refuse", "", "repeats a part of the system prompt", secret=True)


def _spells(text: Readings, secret: str) -> bool:
    """Whether the letters and digits of `secret` follow each other, in whatever case and with whatever between."""
    key = _letters(secret)
    spelled_out = _all_letters(text)
    return len(key) >= 8 and (key in spelled_out or key[::-1] in spelled_out)


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.lower()))


@lru_cache(maxsize=1)
def _all_letters(text: Readings) -> str:
    return BETWEEN.join(dict.fromkeys(map(_letters, (*text.all, *text.bare))))


@lru_cache(maxsize=1)
def _everything(text: Readings) -> str:
    """All readings of a text, packed and decoded too. Several rules ask for those of the same text."""
    readings = dict.fromkeys((*text.all, *text.bare))
    forms = dict.fromkeys(text.fresh)
    forms |= dict.fromkeys(form for reading in readings for form in (*packed(reading), *decoded(reading)))
    forms |= dict.fromkeys(decoded(packed(text.all[-1])[0]))
    return BETWEEN.join(forms)


@lru_cache(maxsize=1)
def _all_starts(text: Readings) -> frozenset[int]:
    return starts(_everything(text))


@lru_cache(maxsize=64)
def _marks(secret: str) -> frozenset[int]:
    """Words of which each piece of _PIECE characters holds one."""
    return frozenset(start(secret[at:]) for at in range(0, len(secret) - START + 1, _PIECE - START + 1))


def _told(secret: str, text: str, found: frozenset[int]) -> bool:
    """Whether `text` holds the secret, a long piece of it, or most of it in pieces."""
    if found.isdisjoint(_marks(secret)):
        return False
    if secret in text or len(secret) < _LONG:
        return secret in text
    covered = at = 0
    while at + _PIECE <= len(secret):
        length = _PIECE
        if secret[at : at + length] not in text:
            at += 1
            continue
        while at + length < len(secret) and secret[at : at + length + 1] in text:
            length += 1
        if length >= _LONG and length * 3 >= len(secret):
            return True
        covered += length
        at += length
    return covered * 10 >= len(secret) * 7


@lru_cache(maxsize=16)
def _dressed(secret: str) -> tuple[tuple[str, ...], tuple[tuple[int, str], ...]]:
    """Forms of a secret of which pieces are looked for, and forms that are looked for whole, each with its start."""
    raw = secret.encode()
    encoded = (
        raw.hex(),
        raw.hex().upper(),
        *(
            encode(raw).decode().rstrip("=")
            for encode in (base64.b64encode, base64.urlsafe_b64encode, base64.b32encode)
        ),
    )
    if len(secret) < _LONG:
        return (secret, secret[::-1]), _begun((*encoded, *(form[::-1] for form in encoded)))
    plain = dict.fromkeys((secret, *packed(secret)[:2]))
    turned = (secret.translate(table) for table in ROTATIONS)
    round_about = (secret[n:] + secret[:n] for n in range(1, len(secret)))
    return (
        tuple(form for spelling in plain for form in (spelling, spelling[::-1])),
        _begun((*encoded, *(form[::-1] for form in encoded), *turned, *round_about)),
    )


def _begun(forms: Iterable[str]) -> tuple[tuple[int, str], ...]:
    return tuple((start(form), form) for form in forms)


def tells(text: Readings, secrets: Iterable[str]) -> bool:
    """Whether any reading of the text gives one of these strings away."""
    for secret in secrets:
        if len(secret) < _SHORTEST_OWN:
            continue
        everything, found = _everything(text), _all_starts(text)
        plain, whole = _dressed(secret)
        if any(begun in found and form in everything for begun, form in whole):
            return True
        if any(_told(form, everything, found) for form in plain):
            return True
        if len(secret) >= _LONG and _spells(text, secret):
            return True
    return False
