"""What the author of a text in Markdown says, as a reader on GitHub sees it, and which issues that names or closes.

Comments, code and quotes are not what the author says. Pure, linear.
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

_RULES: Final = ("fence", "code", "blockquote", "list", "html_block", "heading", "lheading", "hr", "reference")
_SPANS: Final = ("backticks", "escape", "newline")
"""Within a line all but spans of code stays as it is written."""
_WRITTEN: Final = {"code_inline": "`", "softbreak": "\n", "hardbreak": "\n"}
_UNSAID: Final = (
    (re.compile("<!--"), "-->"),
    *(
        (re.compile(rf"<{tag}(?:\s[^<>]{{0,200}})?>", re.IGNORECASE), f"</{tag}>")
        for tag in ("pre", "code", "blockquote")
    ),
)

REFERENCE: Final = (
    r"(?:(?P<repository>[\w.-]{1,100}/[\w.-]{1,100})?\#|GH-"
    r"|https?://github\.com/(?P<linked>[\w.-]{1,100}/[\w.-]{1,100})/issues/)"
    r"(?P<number>[1-9][0-9]{0,9})(?![\w#?/-])"
)
"""An issue as GitHub links it, ignoring case."""
MOST: Final = 3
_CLOSING: Final = re.compile(
    rf"(?<![\w/-])(?:close[sd]?|fix(?:es|ed)?|resolve[sd]?):?[ \t]{{1,9}}{REFERENCE}", re.IGNORECASE
)
"""https://docs.github.com/issues/tracking-your-work-with-issues/using-issues/linking-a-pull-request-to-an-issue"""


def said(markdown: str) -> str:
    """The author's lines; an empty one between two blocks."""
    from markdown_it import MarkdownIt  # what reads no words that count does not load it

    blocks: list[str] = []
    quotes = 0
    for token in MarkdownIt("zero").enable([*_RULES, *_SPANS]).parse(markdown):
        quotes += {"blockquote_open": 1, "blockquote_close": -1}.get(token.type, 0)
        if token.type == "html_block" and not quotes:
            blocks.append(token.content)
        elif token.type == "inline" and not quotes:
            blocks.append("".join(_WRITTEN.get(part.type, part.content) for part in token.children or ()))
    text = "\n\n".join(blocks)
    for opening, closing in _UNSAID:
        text = _without(text, opening, closing)
    return text


def numbers(matches: Iterator[re.Match[str]], repository: str) -> Iterator[int]:
    """The issues of `repository` that matches of a pattern with a REFERENCE name."""
    for match in matches:
        named = match["repository"] or match["linked"] or repository
        if named.lower() == repository.lower():
            yield int(match["number"])


def closing_references(body: str, repository: str) -> tuple[int, ...]:
    """The first MOST issues of the repository, in order, that the author's own words close."""
    if not _CLOSING.search(body):
        return ()
    return tuple(islice(dict.fromkeys(numbers(_CLOSING.finditer(said(body)), repository)), MOST))


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
