"""What a rule finds in one field: a hit, to become a Finding once its field is known."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from core.types import Finding, Severity

_LONGEST: Final = 60
_LONGEST_FIELD: Final = 200
"""Of a field's path: an answer may have names of its own making."""
_ACTS: Final = re.compile(
    r":?//+|(?<!\w)/|/(?!\w)|[@#<&+`$\\]|:(?=\S)|\.(?=[a-z])|(?<=\bgh)-|!(?=\[)|(?<=\[)!|(?<=\])[(\[]|(?<=\br)[?=]",
    re.IGNORECASE,
)
"""What an address, a mention, a reference, a tag, an entity, an image or an alert cannot do without."""
_FIRST: Final = re.compile(r"(?<![\w\]])\w")


@dataclass(frozen=True)
class Hit:
    """One objection. `secret` hits never show what they found."""

    rule: str
    severity: Severity
    text: str
    why: str
    secret: bool = False


def _numbered(char: str) -> str:
    return f"\\u{{{ord(char):x}}}"


def harmless(text: str) -> str:
    """A short excerpt to read, on which nothing acts: what a bot or a renderer needs stands in brackets, `https[://]`.

    Characters that cannot be seen are named by their number.
    """
    short = _ACTS.sub(lambda match: f"[{match[0]}]", text[:_LONGEST])
    shown = "".join(
        char if char.isprintable() and unicodedata.normalize("NFKC", char) == char else _numbered(char)
        for char in short
    )
    if not unicodedata.is_normalized("NFKC", shown):
        shown = "".join(char if char.isascii() else _numbered(char) for char in shown)
    return shown + ("…" if len(text) > _LONGEST else "")


def refusal(rule: str, field: str, why: str, text: str = "") -> Finding:
    """What refuses by itself, whatever the rules about text say."""
    return as_finding(Hit(rule, "refuse", text, why), field)


def as_finding(hit: Hit, field: str) -> Finding:
    excerpt = f"({len(hit.text)} characters)" if hit.secret else harmless(hit.text)
    if hit.rule.startswith("command."):
        excerpt = _FIRST.sub(r"[\g<0>]", excerpt)
    return Finding(rule=hit.rule, field=field[:_LONGEST_FIELD], severity=hit.severity, excerpt=excerpt, why=hit.why)
