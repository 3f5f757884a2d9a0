"""The finished comment, read back by a GFM parser: it holds what was meant and nothing else.

What was meant is written as HTML straight from the document; the parser's HTML of the bytes must be the same.
"""

import html
import re
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.token import Token

from core.text import document as doc
from core.text.document import Document, Inline, Part
from core.text.markdown import RAW_AT, begins_blank

_PARSER: Final = MarkdownIt("commonmark", {"maxNesting": 40}).enable(["table", "strikethrough"])
_PARSER.normalizeLink = lambda url: url  # type: ignore[method-assign]  # an address is compared as it is written
_MARKER: Final = re.compile(r"<!-- dfg-orchestrator action=[0-9a-f-]{36} -->\n?")
_ENTITY_FIRST: Final = re.compile(r"&#\d+;")
_PRE: Final = re.compile(r"<pre>\n?([^<>]*)</pre>\n?")
_PARTING: Final = re.compile("<wbr>(?=@)")


def faults(document: Document, body: str) -> tuple[str, ...]:
    """Why `body` is not this document and a marker, or not inert; nothing for a body that may be posted."""
    tokens = _PARSER.parse(body)
    if not tokens or tokens[-1].type != "html_block" or not _MARKER.fullmatch(tokens[-1].content):
        return ("does not end with its marker",)
    result = []
    if _read(tokens[:-1]) != _html(document) or _begun(tokens) != [*_meant_to_begin(document)]:
        result.append("a Markdown parser reads something else than was meant")
    if RAW_AT.search(body):
        result.append("a mention stands in the raw text")
    return tuple(result)


# --- what a parser reads ---------------------------------------------------------------------


def _read(tokens: Sequence[Token]) -> str:
    """The parser's HTML. Whether a list is tight or loose is no matter, nor how a block of code is written."""
    for token in tokens:
        token.hidden = False
        if token.type == "html_block":
            token.content = _PRE.sub(
                lambda pre: _block_of_code(html.unescape(pre[1])), token.content.rstrip("\n") + "\n"
            )
    return _PARTING.sub("", str(_PARSER.renderer.render(tokens, _PARSER.options, {})))


def _begun(tokens: Sequence[Token]) -> list[bool]:
    """Of each raw line of a paragraph or heading, whether it begins with an entity."""
    lines = (line for token in tokens if token.type == "inline" for line in token.content.split("\n"))
    return [_ENTITY_FIRST.match(line) is not None for line in lines]


# --- what was meant --------------------------------------------------------------------------


def _html(document: Document, box: str = "") -> str:
    """`box` stands before the first line."""
    return "".join(_block(block, box * (block is document[0])) for block in document)


def _block(block: doc.Block, box: str) -> str:
    match block:
        case doc.Heading(level, line):
            return f"<h{level}>{_line(line)}</h{level}>\n"
        case doc.Paragraph(lines):
            return "<p>" + box + "\n".join(map(_line, lines)) + "</p>\n"
        case doc.CodeBlock(text):
            return _block_of_code(text)
        case doc.Folded(summary, inner):
            return f"<details>\n<summary>{summary}</summary>\n{_html(inner)}</details>\n"
        case doc.Items(items, ordered):
            return _list("ol" if ordered else "ul", items)
        case doc.Checks():
            return _list("ul", block.numbered, "[ ] ")


def _list(tag: str, items: Sequence[Document], box: str = "") -> str:
    return (
        f"<{tag}>\n"
        + "".join("<li>" + "\n" * bool(item) + _html(item, box) + "</li>\n" for item in items)
        + f"</{tag}>\n"
    )


def _block_of_code(text: str) -> str:
    return f"<pre><code>{escapeHtml(text)}\n</code></pre>\n"


def _line(line: Inline) -> str:
    return " " * begins_blank(line) + "".join(map(_part, line))


def _part(part: Part) -> str:
    match part:
        case doc.Code(value):
            return f"<code>{escapeHtml(value)}</code>"
        case doc.Link(label, url):
            return f'<a href="{escapeHtml(url)}">{_part(label)}</a>'
        case doc.Strong(value):
            return f"<strong>{value}</strong>"
        case doc.Emphasis(value):
            return f"<em>{value}</em>"
        case _:
            return escapeHtml(part.value)


def _meant_to_begin(document: Document) -> Iterator[bool]:
    """Of each line, whether it begins with words that are not ours."""
    for block in document:
        match block:
            case doc.Heading(_, line):
                yield _is_theirs(line)
            case doc.Paragraph(lines):
                yield from map(_is_theirs, lines)
            case doc.Folded(_, inner):
                yield from _meant_to_begin(inner)
            case doc.Items(items):
                yield from chain.from_iterable(map(_meant_to_begin, items))
            case doc.Checks():
                yield from chain.from_iterable(map(_meant_to_begin, block.numbered))


def _is_theirs(line: Inline) -> bool:
    return bool(line) and isinstance(line[0], (doc.Text, doc.Code))
