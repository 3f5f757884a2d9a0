"""Forged provenance: words by which people and tools recognise a verdict, a notice or a footer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from core.policy.data_files import load
from core.policy.found import Hit
from core.policy.readings import Readings
from core.types import Severity

_DATA: Final[Any] = load("notices")
_ALL: Final = [*_DATA["ours"], *_DATA["others"]]


def _patterns(severity: Severity) -> tuple[Severity, str, str]:
    own = [entry for entry in _ALL if bool(entry.get("ask")) == (severity == "ask")]
    return (
        severity,
        "|".join(f"(?:{entry['pattern']})" for entry in own),
        "|".join(f"(?:{entry['pattern']})" for entry in own if entry.get("anywhere")),
    )


_PATTERNS: Final = (_patterns("refuse"), _patterns("ask"))
"""Severity, what a line begins with, what stands anywhere in it. Those that ask have other readings too."""
_NOT_WORDS: Final = re.compile(r"^[^\w@]{1,20}")


_compiled: Final = cache(re.compile)
"""Compiled when first needed: functions that judge nothing do not pay for it."""


def forged_provenance(text: Readings) -> Iterator[Hit]:
    """Only the tool itself may say what the tool says."""
    lines = [_NOT_WORDS.sub("", line.lower()) for line in text.lines]
    for severity, start, anywhere in _PATTERNS:
        for line in lines:
            match = _compiled(start).match(line) or _compiled(anywhere).search(line)
            if match:
                yield Hit(
                    "provenance.forged",
                    severity,
                    match[0],
                    "reads as a notice or verdict that only its tool may write",
                )
                return
