"""What a rule finds in one field: a hit, to become a Finding once its field is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from core.types import Finding, Severity

_LONGEST: Final = 60
_LONGEST_FIELD: Final = 200
"""Of a field's path: an answer may have names of its own making."""


@dataclass(frozen=True)
class Hit:
    """One objection. `secret` hits never show what they found."""

    rule: str
    severity: Severity
    text: str
    why: str
    secret: bool = False


def harmless(text: str) -> str:
    """A short excerpt that nothing acts on: ASCII letters, digits and blanks stay, all else is named by its number."""
    short = text[:_LONGEST]
    shown = "".join(
        char if char.isascii() and (char.isalnum() or char in " .,-_:") else f"\\u{{{ord(char):x}}}" for char in short
    )
    return shown + ("…" if len(text) > _LONGEST else "")


def as_finding(hit: Hit, field: str) -> Finding:
    excerpt = f"({len(hit.text)} characters)" if hit.secret else harmless(hit.text)
    return Finding(rule=hit.rule, field=field[:_LONGEST_FIELD], severity=hit.severity, excerpt=excerpt, why=hit.why)
