"""Forged provenance: words by which people and tools recognise a verdict, a notice or a footer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from core.policy.data_files import load
from core.policy.found import Hit
from core.policy.readings import Readings

_DATA: Final[Any] = load("notices")
_ALL: Final = [*_DATA["ours"], *_DATA["others"]]
_LINE: Final = "|".join(f"(?:{entry['pattern']})" for entry in _ALL)
_ANYWHERE: Final = "|".join(f"(?:{entry['pattern']})" for entry in _ALL if entry.get("anywhere"))
_NOT_WORDS: Final = re.compile(r"^[^\w@]{1,20}")


_compiled: Final = cache(re.compile)
"""Compiled when first needed: functions that judge nothing do not pay for it."""


def forged_provenance(text: Readings) -> Iterator[Hit]:
    """Only the tool itself may say what the tool says."""
    for line in text.lines:
        lower = _NOT_WORDS.sub("", line.lower())
        match = _compiled(_LINE).match(lower) or _compiled(_ANYWHERE).search(lower)
        if match:
            yield Hit(
                "provenance.forged", "refuse", match[0], "reads as a notice or verdict that only its tool may write"
            )
            return
