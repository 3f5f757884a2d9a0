"""The finished comment, read back by a GFM parser: it holds what was meant and nothing else."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

from core.text import document as doc
from core.text.document import Document, Inline, Part, numbered
from core.text.markdown import RAW_AT, begins_blank

Entry = tuple[str, str]
"""What a document holds, without its notation: a kind and words, in reading order."""

_PARSER: Final = MarkdownIt("commonmark", {"maxNesting": 40}).enable(["table", "strikethrough"])
_PARSER.normalizeLink = lambda url: url  # type: ignore[method-assign]  # an address is compared as it is written
_MARKER: Final = re.compile(r"<!-- dfg-orchestrator action=[0-9a-f-]{36} -->\n?")
_ENTITY_FIRST: Final = re.compile(r"&#\d+;")
_PRE: Final = re.compile(r"<pre>\n?([^<>]*)</pre>\n?")
_FOLDED: Final = re.compile(r"<details>\n<summary>([^<>&]*)</summary>\n?")
_KINDS: Final = {
    "paragraph_open": "p",
    "bullet_list_open": "ul",
    "ordered_list_open": "ol",
    "list_item_open": "li",
    "strong_open": "strong",
    "em_open": "emphasis",
    **dict.fromkeys(("strong_close", "em_close", "link_close", "bullet_list_close", "ordered_list_close"), "end"),
}
_SILENT: Final = frozenset({"paragraph_close", "heading_close", "list_item_close"})


def faults(document: Document, body: str) -> tuple[str, ...]:
    """Why `body` is not this document and a marker, or not inert; nothing for a body that may be posted."""
    tokens = _PARSER.parse(body)
    if not tokens or tokens[-1].type != "html_block" or not _MARKER.fullmatch(tokens[-1].content):
        return ("does not end with its marker",)
    result = []
    if _merged(_read(tokens[:-1])) != _merged(_meant(document)):
        result.append("a Markdown parser reads something else than was meant")
    if RAW_AT.search(body):
        result.append("a mention stands in the raw text")
    return tuple(result)


def _merged(entries: Iterable[Entry]) -> list[Entry]:
    result: list[Entry] = []
    for kind, words in entries:
        if kind == "text" and result and result[-1][0] == "text":
            result[-1] = ("text", result[-1][1] + words)
        elif kind != "text" or words:
            result.append((kind, words))
    return result


# --- what a parser reads ---------------------------------------------------------------------


def _read(tokens: Sequence[Token]) -> Iterator[Entry]:
    for token in tokens:
        if token.type in _KINDS:
            yield _KINDS[token.type], ""
        elif token.type == "heading_open":
            yield token.tag, ""
        elif token.type == "inline":
            yield from _read_lines(token)
        elif token.type == "fence" and not token.info:
            yield "code block", token.content.removesuffix("\n")
        elif token.type == "html_block":
            yield _read_html(token.content)
        elif token.type not in _SILENT:
            yield token.type, token.content


def _read_html(written: str) -> Entry:
    if pre := _PRE.fullmatch(written):
        return "code block", html.unescape(pre[1])
    if folded := _FOLDED.fullmatch(written):
        return "folded", folded[1]
    return ("end", "") if written.strip() == "</details>" else ("html", written)


def _read_lines(token: Token) -> Iterator[Entry]:
    """The parts of a paragraph or heading; each line by what its raw text begins with."""
    raw = iter(token.content.split("\n"))
    element: str | None = None
    yield _line(next(raw))
    for child in token.children or []:
        if element is not None and child.type == "text":
            element += child.content
        elif element is not None and child.content == "</code>":
            yield "code", element
            element = None
        elif element is not None and child.content == "<wbr>":
            pass
        elif element is None and child.content == "<code>" and child.type == "html_inline":
            element = ""
        elif child.type == "softbreak":
            yield _line(next(raw, ""))
        elif child.type == "link_open":
            yield "link", str(child.attrGet("href"))
        else:
            yield {"code_inline": "code", **_KINDS}.get(child.type, child.type), child.content


def _line(raw: str) -> Entry:
    return "line", "entity first" if _ENTITY_FIRST.match(raw) else "ours first"


# --- what was meant --------------------------------------------------------------------------


def _meant(document: Document) -> Iterator[Entry]:
    for block in document:
        match block:
            case doc.Heading(level, line):
                yield f"h{level}", ""
                yield from _meant_line(line)
            case doc.Paragraph(lines):
                yield "p", ""
                for line in lines:
                    yield from _meant_line(line)
            case doc.CodeBlock(text):
                yield "code block", text
            case doc.Folded(summary, inner):
                yield from (("folded", summary), *_meant(inner), ("end", ""))
            case doc.Items(items, ordered):
                yield from _meant_items(items, "ol" if ordered else "ul")
            case doc.Checks():
                yield from _meant_items(numbered(block), "ul", box="[ ] ")


def _meant_items(items: Sequence[Document], kind: str, box: str = "") -> Iterator[Entry]:
    yield kind, ""
    for item in items:
        yield "li", ""
        for index, entry in enumerate(_meant(item)):
            yield entry
            if index == 1:  # after the paragraph and its first line
                yield "text", box
    yield "end", ""


def _meant_line(line: Inline) -> Iterator[Entry]:
    yield "line", "entity first" if line and isinstance(line[0], (doc.Text, doc.Code)) else "ours first"
    if begins_blank(line):
        yield "text", " "
    for part in line:
        yield from _meant_part(part)


def _meant_part(part: Part) -> Iterator[Entry]:
    match part:
        case doc.Code(value):
            yield "code", value
        case doc.Link(label, url):
            yield from (("link", url), *_meant_part(label), ("end", ""))
        case doc.Strong(value) | doc.Emphasis(value):
            yield from ((type(part).__name__.lower(), ""), ("text", value), ("end", ""))
        case _:
            yield "text", part.value
