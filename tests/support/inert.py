"""Any text of a model, in every place of a document: what two parsers, a reader and a bot make of the bytes."""

from __future__ import annotations

import html
import re
import unicodedata
from typing import Final

from hypothesis import strategies as st

from core.text.document import Checks, Code, CodeBlock, Document, Folded, Heading, Items, Link, Own, Paragraph, page
from core.text.markdown import marker, write
from core.text.prose import blocks, inline, labelled
from core.text.read_back import faults
from tests.corpus.bots import html_of, rendered_live

MARKER: Final = marker("6f1e6f0e-7d0b-5d6f-9a43-0c8f1b2a3d4e")
_LINE: Final = re.compile(r"(?:[-*] |\d+[.)] |#+ | +)*")
_OURS: Final = (
    "&#",
    "Says: ",
    "**",
    "[ ] **",
    "[",
    "<details>",
    "<summary>Files</summary>",
    "</details>",
    "```",
    "<pre>",
)

_FRAGMENTS: Final = (
    "@octocat", "@org/team", "x@y.de", "＠bors", "_@a.b", "a.@b.c", "#12", "GH-3", "octo/shop#4", "1a2b3c4d5e6f", ":x:",
    "$x$", "$`y`$", "**b**", "*i*", "_i_", "__init__", "~~s~~", "`c`", "``", "```", "~~~", "<b>", "</b>", "<img src=x>",
    "<!--", "-->", "<?", "?>", "<![CDATA[", "&lt;", "&#64;", "&amp", "[a](b)", "![a](b)", "[a]: /b", "[a][b]", "[^1]",
    "[ ]", "[x]", "https://a.b", "www.a.b", "mailto:a@b.c", "<https://a.b>", "| a | b |", "|---|---|", "---", "===",
    "- ", "1. ", "> ", "# ", "\\", "\\*", "/merge", "bors r+", ".deploy", '{"a_b": [', "f(x_y, z)", "foo_bar",
    "</details>", "</pre>", "</code>", "\n", "\n\n", "\n    ", "\t", " ", " ", "  ", "plain",
    "words,", "(", ")", '"', "'", "!", "é", "👩‍💻", "ﷺ", "\u00a0", "https", "://", "w", "ww.", "a", "0",
)  # fmt: skip
FRAGMENTS: Final = st.lists(st.sampled_from(_FRAGMENTS), max_size=14).map("".join)
SIGNS: Final = st.text(alphabet="`*_~[]()<>!#|\\&;:/@$-+=.,1aA \n\t\u00a0é＠{}\"'", max_size=60)
ANY: Final = st.text(alphabet=st.characters(exclude_categories=("C", "Zl", "Zp")), max_size=60)
TEXTS: Final = FRAGMENTS | SIGNS | ANY


def everywhere(text: str) -> Document:
    """A document that holds the text in each place where a model's words may stand."""
    said, line = blocks(text) or blocks("-"), inline(text.replace("\n", " ")) or inline("-")
    return (
        Heading(2, (Own("Says: "), *line)),
        Heading(3, line),
        *labelled("Reason:", text),
        *said,
        Checks((said, (*labelled("Expect:", text), CodeBlock(text)))),
        Items((said, (Paragraph((line,)), *said))),
        Items((said, said), ordered=True),
        CodeBlock(text),
        Folded("Files", (*said, Items(((Paragraph(((Code(text.replace("\n", "").strip() or "x"),),)),),)))),
        Paragraph(
            (
                (
                    Link(
                        Code(text.replace("\n", "").strip() or "x"),
                        page("https://github.com", "o/r", "x" + text.replace("/", "")),
                    ),
                ),
            )
        ),
    )


def require_inert(text: str) -> None:
    """Both parsers read what was meant, nothing acts, and no line or mention of the model's stands in the bytes."""
    body = write(everywhere(text), MARKER)
    assert faults(everywhere(text), body) == ()
    assert rendered_live(body) is None
    assert not re.search(r"(?<![A-Za-z0-9])@", unicodedata.normalize("NFKC", body))
    for line in _outside_code(body.removesuffix(MARKER)):
        assert line.startswith(_OURS), line


def require_seen(text: str) -> None:
    """A reader of the page sees the words as they are, but for the backticks and blanks, and code exactly."""
    line = text.replace("\n", " ")
    page_of = html_of(write((Paragraph(((Own("Says: "), *inline(line)),)), CodeBlock(text)), ""))
    words, _, code = page_of.partition("<pre>")
    assert _squeezed(_stripped(words)) == _squeezed(f"Says: {line}")
    assert _stripped(code.removeprefix("\n")).rstrip("\n") == text.rstrip("\n")


def _stripped(page_of: str) -> str:
    return html.unescape(re.sub(r"<[^>]*>", "", page_of))


def _squeezed(words: str) -> str:
    return re.sub(r"[`\s]+", "", words)


def _outside_code(body: str) -> list[str]:
    """What each raw line outside of code begins with, behind the marks of our structure."""
    result: list[str] = []
    end: str | None = None
    for raw in body.split("\n"):
        line = raw[_LINE.match(raw).end() :] if _LINE.match(raw) else raw
        if end is not None:
            end = None if line.strip("> ") == end or (end == "</pre>" and raw.endswith(end)) else end
        elif line:
            result.append(line)
            fence = re.match("`{3,}", line)
            end = fence[0] if fence else "</pre>" if line.startswith("<pre>") and not raw.endswith("</pre>") else None
    return result
