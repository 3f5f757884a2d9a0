"""Which issues a pull request's description says that it closes, as GitHub reads it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

MOST: Final = 3

_REFERENCE: Final = re.compile(
    r"(?<![\w/-])(?:close[sd]?|fix(?:es|ed)?|resolve[sd]?):?[ \t]{1,9}"
    r"(?:(?P<repository>[\w.-]{1,100}/[\w.-]{1,100})?\#|GH-|https?://github\.com/(?P<linked>[\w.-]{1,100}/[\w.-]{1,100})/issues/)"
    r"(?P<number>[1-9][0-9]{0,9})(?![\w#?/-])",
    re.IGNORECASE,
)
"""https://docs.github.com/issues/tracking-your-work-with-issues/using-issues/linking-a-pull-request-to-an-issue"""

_BLOCKS: Final = (
    (re.compile("<!--"), "-->"),
    *(
        (re.compile(rf"<{tag}(?:\s[^<>]{{0,200}})?>", re.IGNORECASE), f"</{tag}>")
        for tag in ("pre", "code", "blockquote")
    ),
)
_FENCE: Final = re.compile(r" {0,3}(`{3,}|~{3,})")
_QUOTE: Final = re.compile(r" {0,3}>")
_TICKS: Final = re.compile("`+")


def closing_references(body: str, repository: str) -> tuple[int, ...]:
    """The first MOST issues of the repository, in order. Comments, code and quotes are not what the author says.

    Linear in the length of the text.
    """
    body = body.replace("\r\n", "\n")
    for opening, closing in _BLOCKS:
        body = _without(body, opening, closing)
    found: dict[int, None] = {}
    for paragraph in _paragraphs(body):
        for match in _REFERENCE.finditer(_without_spans(paragraph)):
            named = match["repository"] or match["linked"] or repository
            if named.lower() == repository.lower():
                found[int(match["number"])] = None
    return tuple(found)[:MOST]


def _without(text: str, opening: re.Pattern[str], closing: str) -> str:
    """What begins a line and has no end goes on to the end of the text; elsewhere it is text."""
    lower = text.lower()
    lower = lower if len(lower) == len(text) else text
    kept: list[str] = []
    start = at = 0
    while begun := opening.search(text, at):
        at = begun.end()
        end = lower.find(closing, at)
        if end < 0 and text[text.rfind("\n", 0, begun.start()) + 1 : begun.start()].strip():
            break
        kept.append(text[start : begun.start()])
        start = at = len(text) if end < 0 else end + len(closing)
    return " ".join([*kept, text[start:]])


def _paragraphs(text: str) -> Iterator[str]:
    """Lines that belong together, without blocks of code and quotes: a quote goes on to the next empty line."""
    lines: list[str] = []
    fence = ""
    quoted = False
    for line in text.split("\n"):
        mark = _FENCE.match(line)
        if fence:
            if mark and mark[1].startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
            continue
        if mark or not line.strip() or _QUOTE.match(line):
            yield "\n".join(lines)
            lines.clear()
            fence = mark[1] if mark else ""
            quoted = bool(line.strip()) and not mark
        elif not quoted and (lines or not line.startswith(("    ", "\t"))):
            lines.append(line)
    yield "\n".join(lines)


def _without_spans(text: str) -> str:
    """Between two runs of as many backticks there is code; a run without its like is text."""
    runs = list(_TICKS.finditer(text))
    later: dict[int, list[int]] = {}
    for place in range(len(runs) - 1, -1, -1):
        later.setdefault(len(runs[place][0]), []).append(place)
    kept: list[str] = []
    start = place = 0
    while place < len(runs):
        same = later[len(runs[place][0])]
        while same and same[-1] <= place:
            same.pop()
        if same:
            kept.append(text[start : runs[place].start()])
            place = same[-1]
            start = runs[place].end()
        place += 1
    return "`".join([*kept, text[start:]])
