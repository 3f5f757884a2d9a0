"""A prompt read back: its own words, and the parts between its boundary lines."""

from __future__ import annotations

import re
from typing import Final

_BEGIN: Final = re.compile(r"^===== (?P<id>[0-9a-f]{32,}) begin (?P<name>[a-z ]+?(?: #\d+)?) =====$", re.MULTILINE)

NOT_CLAUDE: Final = "Drafted by the local stand-in model, which is not Claude"
PLAIN: Final = re.compile(r"[\w ,.;:'’()%+=–-]{10,400}")
"""Of the parts only plain words are quoted: what they say came from a stranger."""

_CRITERION: Final = re.compile(r"^\s*(?:[-*]\s+\[[ xX]\]|[-*]?\s*AC[- ]?\d+\s*[:.])\s*(?P<text>.+)$")


def parts(text: str) -> dict[str, str]:
    """Name → text of each part: `title`, `issue #12`."""
    found: dict[str, str] = {}
    for match in _BEGIN.finditer(text):
        end = text.find(f"\n===== {match['id']} end {match['name']} =====", match.end())
        found[match["name"]] = text[match.end() + 1 : end if end >= 0 else len(text)]
    return found


def head(text: str) -> str:
    """The service's own words before the first part."""
    first = _BEGIN.search(text)
    return text[: first.start()] if first else text


def criteria(issue: str) -> list[str]:
    """The acceptance criteria of an issue's text, in plain words."""
    matches = (_CRITERION.match(line) for line in issue.split("\n"))
    texts = [match["text"].replace("`", "").strip() for match in matches if match]
    return [
        text if PLAIN.fullmatch(text) else f"Acceptance criterion {n} of the linked issue"
        for n, text in enumerate(texts[:8], 1)
    ]
