"""The finished comment, read back by a CommonMark/GFM parser: it holds what the renderer meant, and nothing live."""

from __future__ import annotations

import re
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

from core.text.markdown import Outline

_PARSER: Final = MarkdownIt("commonmark", {"maxNesting": 40}).enable(["table", "strikethrough"])
_MARKER: Final = re.compile(r"<!-- dfg-orchestrator action=[0-9a-f-]{36} -->\n?")
_OPEN: Final = {
    "paragraph_open": "p",
    "blockquote_open": "quote",
    "bullet_list_open": "ul",
    "ordered_list_open": "ol",
    "list_item_open": "li",
}
_CLOSE: Final = frozenset({"blockquote_close", "bullet_list_close", "ordered_list_close"})
_SILENT: Final = frozenset({"paragraph_close", "heading_close", "list_item_close"})
_AUTOLINK: Final = re.compile(
    r"(?i)(?<![a-z0-9])(?:https?|ftp)://|\bwww\.[a-z0-9]|(?<![a-z0-9])[^\s@]{1,64}@[a-z0-9]|@[a-z0-9]"
)
_REFERENCE: Final = re.compile(r"(?<![\w&])#\d|\bGH-\d", re.IGNORECASE)


def _inline(token: Token, found: list[tuple[str, str]]) -> None:
    kind = "text"
    words = ""
    for child in token.children or []:
        if child.type == "text":
            words += child.content
            continue
        if words:
            found.append((kind, words))
            words = ""
        if child.type == "code_inline":
            found.append(("code", child.content))
        elif child.type == "softbreak":
            found.append(("break", ""))
        elif child.type == "strong_open" and kind == "text":
            kind = "strong"
        elif child.type == "strong_close":
            kind = "text"
        else:
            found.append((child.type, child.content))
    if words:
        found.append((kind, words))


def read_back(body: str) -> tuple[Outline, bool]:
    """The outline a parser sees in `body`, and whether the marker is its last block and its only HTML."""
    found: list[tuple[str, str]] = []
    tokens = _PARSER.parse(body)
    marked = bool(tokens) and tokens[-1].type == "html_block" and _MARKER.fullmatch(tokens[-1].content) is not None
    for token in tokens[:-1] if marked else tokens:
        if token.type in _OPEN:
            found.append((_OPEN[token.type], ""))
        elif token.type == "heading_open":
            found.append((f"h{token.tag[1:]}", ""))
        elif token.type == "inline":
            _inline(token, found)
        elif token.type == "fence" and not token.info:
            found.append(("fence", token.content.removesuffix("\n")))
        elif token.type in _CLOSE:
            found.append(("end", ""))
        elif token.type not in _SILENT:
            found.append((token.type, token.content))
    return tuple(found), marked


_MEANT: Final = frozenset(
    {"p", "quote", "ul", "ol", "li", "end", "fence", "h2", "h3", "h4", "text", "code", "strong", "break"}
)


def live_node(found: Outline) -> str | None:
    """The first thing in an outline that could act: a node we never write, or a link or mention outside code."""
    for kind, words in found:
        if kind not in _MEANT:
            return kind
        if kind in ("text", "strong"):
            match = _AUTOLINK.search(words) or _REFERENCE.search(words)
            if match:
                return words[match.start() : match.start() + 40]
    return None
