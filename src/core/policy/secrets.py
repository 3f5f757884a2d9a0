"""Secrets: the service's own by their characters, vendors' by the shape that each publishes, and long random words.

No reading takes prose apart: letters that meet across words make credentials of ordinary sentences.
"""

import base64
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import islice, pairwise
from typing import Any, Final
from urllib.parse import unquote

from core.config import MAX_ANSWER_BYTES
from core.policy.found import Hit
from core.policy.readings import Readings
from core.policy.version import load

PIECE: Final = 12
"""Characters of one of our own secrets that give it away; a shorter secret counts whole."""
_SHORTEST_OWN: Final = 6
_WORDS: Final = re.compile(r"[A-Za-z]?[a-z _.-]*")
_GAPS: Final = re.compile(r"[\W_]+")
_PEM_LINE: Final = re.compile(r"-----[A-Z ]+-----")


# --- our own ---------------------------------------------------------------------------------


@lru_cache(maxsize=16)
def values(secret: str) -> tuple[str, ...]:
    """What is secret of a setting: no JSON around tokens, no frame of a key, no prefix that a vendor publishes."""
    if secret.lstrip().startswith("{"):
        try:
            return tuple(value for text in _listed(json.loads(secret)) for value in values(text))
        except ValueError:
            pass
    parts = (part for block in _PEM_LINE.split(secret) for part in block.split())
    return tuple(value for part in parts if len(value := _without_prefix(part)) >= _SHORTEST_OWN)


def _without_prefix(secret: str) -> str:
    prefixes = (shape.prefix for shape in _shapes() if secret.startswith(shape.prefix))
    return secret[len(max(prefixes, key=len, default="")) :]


def _listed(value: Any) -> Iterator[str]:
    """The strings in lists of a JSON value, at whatever depth: tokens, not their owners' names and rights."""
    for child in value.values() if isinstance(value, dict) else ():
        if isinstance(child, list):
            yield from (one for one in child if isinstance(one, str) and len(one) >= PIECE)
        else:
            yield from _listed(child)


def _squeezed(text: str) -> str:
    """Letters and digits alone: exact values cannot come about by chance, so that gaps between them may be closed."""
    return _GAPS.sub("", text)


@lru_cache(maxsize=32)
def _forms(secret: str) -> tuple[tuple[str, int], ...]:
    """A value as it is, reversed, in hex or percent code and in base64, each with the length of a piece that tells."""
    plain, raw = _squeezed(secret), secret.encode()
    forms = {plain: min(PIECE, len(plain)), raw.hex(): min(2 * PIECE, 2 * len(raw))}
    for lead in range(3):  # the three ways in which it can lie in a longer text; what its neighbours change is left out
        whole = base64.b64encode(b"\0" * lead + raw).decode()[(lead * 4 + 2) // 3 : (len(raw) + lead) // 3 * 4]
        encoded = _squeezed(whole)
        forms[encoded] = min(4 * PIECE // 3, len(encoded))
    return tuple(
        (turned, length) for form, length in forms.items() for turned in (form, form[::-1]) if length >= _SHORTEST_OWN
    )


def _holds(text: str, form: str, length: int) -> bool:
    """Whether the text holds the form, or a piece of that length that is no word: passphrases have words in them.

    Any such piece holds one of the blocks that are looked for first.
    """
    if form in text:
        return True
    block = length // 2
    for at in range(0, len(form) - block + 1, block):
        if form[at : at + block] in text:
            starts = range(max(0, at + block - length), min(at, len(form) - length) + 1)
            pieces = (form[start : start + length] for start in starts)
            if any(piece in text and not _WORDS.fullmatch(piece) for piece in pieces):
                return True
    return False


@lru_cache(maxsize=4)
def _looked(text: str) -> str:
    """What pieces of encoded values are looked for in. Several rules ask for that of the same text."""
    squeezed = _squeezed(text)
    return "\n".join((squeezed, squeezed.lower(), _squeezed(unquote(text)) if "%" in text else ""))


def tells(text: str, secrets: Iterable[str]) -> bool:
    """Whether a text gives one of these strings away."""
    return any(
        _holds(text, value, min(PIECE, len(value)))
        or _holds(text, value[::-1], min(PIECE, len(value)))
        or any(_holds(_looked(text), form, length) for form, length in _forms(value))
        for secret in secrets
        for value in values(secret)
    )


def kept(text: Readings, secrets: Iterable[str], rule: str, why: str) -> Iterator[Hit]:
    """One of the strings that nobody but the service and the model may see, or twelve characters of it."""
    if tells(text.joined, filter(None, secrets)):
        yield Hit(rule, "refuse", "", why, secret=True)


_MOST: Final = 2 * MAX_ANSWER_BYTES
"""Bytes that are looked through: an answer of MAX_ANSWER_BYTES and its frame."""
_ESCAPE: Final = re.compile(r'\\(?:u([0-9a-fA-F]{4})|(["\\/bfnrt]))')
_SHORT: Final = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def unescaped(text: str) -> str:
    """The text with JSON's escapes read, whether or not it is JSON. Half a surrogate pair becomes a blank."""
    plain = _ESCAPE.sub(lambda match: chr(int(match[1], 16)) if match[1] else _SHORT.get(match[2], match[2]), text)
    return _SURROGATE.sub(" ", plain)


def gives_away(raw: bytes, secrets: tuple[str, ...]) -> bool:
    """Whether a body of the Messages API tells a secret. What is too long to be looked through counts as if it did.

    The answer is JSON inside of JSON, and may be cut short or broken: its escapes are read twice, without parsing it.
    """
    if not secrets or len(raw) > _MOST:
        return bool(secrets)
    text = raw.decode("utf-8", "replace")
    once = unescaped(text)
    return any(tells(form, secrets) for form in dict.fromkeys((text, once, unescaped(once))))


# --- vendors' --------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Shape:
    name: str
    prefix: str
    body: str
    random: bool

    @property
    def pattern(self) -> re.Pattern[str]:
        free = (len(self.prefix) >= 4 and self.prefix[-1] in "_-") or not self.prefix[0].isalnum()
        return re.compile(f"{'' if free else '(?<![A-Za-z0-9])'}{re.escape(self.prefix)}({self.body})")


@cache
def _shapes() -> tuple[_Shape, ...]:
    return tuple(
        _Shape(entry["name"], "".join(parts), entry["body"], entry.get("random", False))
        for entry in load("credentials")["shapes"]
        for parts in (entry["prefix"], *entry.get("also", ()))
    )


_SAMPLE: Final = re.compile(
    r"(.)\1{3,}|(?:..)?(.{2,8}?)\2{2,}|example|sample|dummy|fake|placeholder|redacted|your|secret|token|xxx|"
    r"a?bcdefg?h?i?j?k?l?m?n?o?p?q?r?s?t?u?v?w?x?y?z?|0?123456?7?8?9?0?",
    re.IGNORECASE,
)


def _made_up(body: str) -> bool:
    """A sample, as documentation writes them: little is left without what repeats, counts up or says that it is one."""
    return len(re.sub(r"[\W_]", "", _SAMPLE.sub("", body))) < 10


def vendors(text: Readings) -> Iterator[Hit]:
    """A credential of the shape that its vendor publishes."""
    for shape in _shapes():
        if shape.prefix not in text.joined:
            continue
        for match in shape.pattern.finditer(text.joined):
            key = shape.name.endswith("private key")
            if key or (not _made_up(match[1]) and (not shape.random or looks_random(match[1]))):
                yield Hit("secret.vendor", "refuse", shape.name, shape.name, secret=True)
                return


# --- words that no writer writes -------------------------------------------------------------

_RUN: Final = re.compile(r"[A-Za-z0-9+/_=-]{24,}")
_WORD: Final = re.compile(r"[A-Za-z0-9_-]{24,}")
_NAMED_PUBLIC: Final = re.compile(
    r"(?i)(?:\b|_)(?:sha-?\d{1,3}|h1|md5|integrity|digest|checksum|commit|etag|uuid|nonce|cursor|address|cid|contract)"
    r"(?:\W{0,3}|-|\s(?:is\s)?\W?)$|/nix/store/$"
)
_PUBLIC: Final = re.compile(
    r"(?i:sha\d{1,3}-)[A-Za-z0-9+/=]+"  # integrity values (W3C SRI)
    r"|(?:0x)?[0-9a-fA-F]{40}|0x[0-9a-fA-F]{64}|(?:[0-9a-f]{8}-)?(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"  # chains, UUID
    r"|(?:[0-9a-f]{32}|[0-9a-f]{56}|[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128})"  # digests
    r"|Qm[1-9A-HJ-NP-Za-km-z]{44}|b[a-z2-7]{58}|z[1-9A-HJ-NP-Za-km-z]{40,60}"  # content identifiers (multiformats)
    r"|(?:[13]|tz|KT1|r|D|L|T|X)[1-9A-HJ-NP-Za-km-z]{25,36}|[1-9A-HJ-NP-Za-km-z]{43,44}"  # base58 addresses
    r"|[a-z]{2,12}1[02-9ac-hj-np-z]{38,90}"  # bech32 (BIP 173)
    r"|[0-7][0-9A-HJKMNP-TV-Z]{25}|[0-7][0-9a-hjkmnp-tv-z]{25}|[0-9a-df-np-sv-z]{32}(?:-.*)?"  # ULID, store paths
)
"""Identifiers that are public by their form."""
_ASSIGNED: Final = re.compile(
    r"(?:passw(?:or)?d|pwd|secret|token|(?:api|app|access|private|auth|client|signing|wallet|eth|master|_)[_ -]?key|"
    r"bearer)"
    r"[\"'`*]{0,2}(?:\s{0,2}[:=]\s{0,2}|\s{1,2}(?:is\s)?)[\"'`]{0,2}((?:0x)?[A-Za-z0-9+/_=.~-]{16,200})"
    r"|://[^\s/@:]{0,100}:([^\s/@]{12,200})@[\w.-]|\s(?:-u|--user)[ =][\"']?[\w.-]{1,60}:([^\s\"']{12,200})",
    re.IGNORECASE,
)
_CODES: Final = (
    (16, re.compile(r"(?:(?:%|\\x|=|\\u00|0x)?[0-9a-fA-F]{2}[\s:,]{0,2}){12,}"), re.compile(r"[0-9a-fA-F]{2}")),
    (10, re.compile(r"(?:\b\d{2,3}\b[\s,;]{1,2}){12,}"), re.compile(r"\d+")),
    (8, re.compile(r"(?:\\[01]?[0-7]{2}){12,}"), re.compile(r"[0-7]+")),
    (2, re.compile(r"(?:[01]{8}[\s,]{0,2}){12,}"), re.compile(r"[01]{8}")),
)
"""Base, codes in a row, one code."""
_SINGLES: Final = re.compile(r" \S \S \S ")
_SPELLED: Final = re.compile(r"(?<!\S)(?:\S ){16,}\S(?!\S)")
_HEX: Final = re.compile(r"[0-9a-f]{32,}", re.IGNORECASE)


def looks_random(word: str) -> bool:
    """Whether letters and digits are mixed as no writer mixes them. CamelCase, versions and hex digests are not."""
    chars = [char for char in word if char.isalnum()]
    if len(chars) < 16:
        return False
    kinds = [0 if char.islower() else 1 if char.isupper() else 2 for char in chars]
    count = [kinds.count(kind) for kind in range(3)]
    share = sum(1 for one, two in pairwise(kinds) if one != two and (one, two) != (1, 0)) / (len(kinds) - 1)
    if min(count[:2]) >= 3 and count[2] >= 2:
        return share >= 0.27
    if min(count[:2]) == 0 and count[2] >= 4:
        if len(chars) >= 32 and count[1] > count[2] and share >= 0.2:
            return True
        letters = {char.lower() for char in chars if char.isalpha()}
        return len(chars) >= 24 and share >= 0.3 and bool(letters - set("abcdef"))
    return min(count[:2]) >= 6 and share >= (0.33 if len(chars) < 32 else 0.28)


def _means_something(word: str) -> bool:
    """Base64 of text, as cursors and samples are: it decodes to words."""
    clean = word.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        text = base64.b64decode(clean[: len(clean) // 4 * 4]).decode("ascii")
    except ValueError:
        return False
    words = sum(char.isalpha() or char in ' {}":,._-/=&' for char in text)
    return text.isprintable() and words > 0.9 * len(text) and not looks_random(text)


def _is_sample(word: str) -> bool:
    return _made_up(word) or _means_something(word)


def _hidden_text(word: str) -> bool:
    """Hex that spells printed characters is no digest."""
    return _HEX.fullmatch(word) is not None and len(word) % 2 == 0 and bytes.fromhex(word).isascii()


def _is_random(word: str) -> bool:
    pieces = re.split(r"[_-]", word) if word.count("-") + word.count("_") > len(word) // 8 else [word]
    return any(
        len(piece) >= 24 and (looks_random(piece) or (len(piece) > 64 and bool(_HEX.fullmatch(piece))))
        for piece in pieces
    )


def _spelled(text: str) -> Iterator[str]:
    """What a row of character codes, or of single letters, spells."""
    for base, row, one in _CODES:
        for match in row.finditer(text):
            codes = [int(code, base) for code in one.findall(match[0].replace("\\u00", " ").replace("0x", " "))]
            if all(32 < code < 127 for code in codes):
                yield "".join(map(chr, codes))
    if _SINGLES.search(text):
        yield from (match[0][::2] for match in _SPELLED.finditer(text))


def random_words(text: Readings) -> Iterator[Hit]:
    """A long random word that is no digest, address or identifier of a public kind, or a key behind a word for one."""
    for why in islice(_random(text.joined), 1):
        yield Hit("secret.random", "ask", "", why, secret=True)


def _random(text: str) -> Iterator[str]:
    for run in _RUN.finditer(text):
        named = _NAMED_PUBLIC.search(text, max(0, run.start() - 16), run.start())
        public = named or _PUBLIC.fullmatch(run[0]) or _means_something(run[0])
        words = () if public else (word for word in _WORD.findall(run[0]) if not _PUBLIC.fullmatch(word))
        if _hidden_text(run[0]) or any(_is_random(word) and not _is_sample(word) for word in words):
            yield "a long random word: is it a secret?"
    if any(map(looks_random, _spelled(text))):
        yield "a text spelled in codes or letters: is it a secret?"
    for match in _ASSIGNED.finditer(text):
        word = (match[1] or match[2] or match[3]).removeprefix("0x")
        if (looks_random(word) or _HEX.fullmatch(word.replace("-", ""))) and not _is_sample(word):
            yield "a random value behind a word for a secret"
