"""From a document to GitHub's bytes.

Bots read bytes. So every raw line outside of code begins with our own words or with a numeric entity, and no raw `@`
begins a word: there the code span is a `<code>` in which every sign is an entity (inline HTML is still parsed as
Markdown inside), and the block of code a `<pre>`. Code is otherwise written as it is.
"""

import html
import re
import unicodedata
from itertools import pairwise
from typing import Final

from core.text import document as doc
from core.text.document import AT, Document, Inline, Part

RAW_AT: Final = re.compile(rf"(?<![A-Za-z0-9])[{AT}]|[{AT}](?![\w-]+\.[A-Za-z]|v?\d)")
"""An `@` that no raw byte may be: all but that of a mail address or of a version."""
_ESCAPED: Final = re.compile(r"[*\[\]~<]|(?<!\w)#")
_RUN: Final = re.compile("`+")


def marker(action_id: str) -> str:
    """The hidden last line of every comment, by which a repeated attempt is recognised."""
    return f"<!-- dfg-orchestrator action={action_id} -->"


def size(body: str) -> int:
    """Characters of a comment in the longer of its forms, raw or NFKC: GitHub's limit is kept in both."""
    return len(body) if body.isascii() else max(len(body), len(unicodedata.normalize("NFKC", body)))


def write(document: Document, last_line: str) -> str:
    """The bytes of a comment. `last_line` is the marker, on its own."""
    return "\n".join([*_lines(document), "", last_line])


def _lines(document: Document) -> list[str]:
    result: list[str] = []
    mark = ""
    for block in document:
        if result:
            result.append("")
        # Two lists in a row are two only if their marks differ.
        lists = isinstance(block, (doc.Items, doc.Checks))
        mark = "*" if lists and mark == "-" else "-" * lists
        result += _written(block, mark)
    return result


def _written(block: doc.Block, mark: str) -> list[str]:
    match block:
        case doc.Heading(level, line):
            return ["#" * level + " " + written_line(line)]
        case doc.Paragraph(lines):
            return [written_line(line) for line in lines]
        case doc.CodeBlock(text):
            return written_code(text).split("\n")
        case doc.Folded(summary, inner):
            return ["<details>", f"<summary>{summary}</summary>", "", *_lines(inner), "", "</details>"]
        case doc.Items(items, True):
            stop = "." if mark == "-" else ")"
            return _listed(items, [f"{number}{stop} " for number in range(1, len(items) + 1)])
        case doc.Items(items):
            return _listed(items, [f"{mark} "] * len(items))
        case doc.Checks():
            return _listed(block.numbered, [f"{mark} "] * len(block.steps), box="[ ] ")


def _listed(items: tuple[Document, ...], marks: list[str], box: str = "") -> list[str]:
    result: list[str] = []
    loose = any(len(item) > 1 for item in items)
    for item, mark in zip(items, marks, strict=True):
        if loose and result:
            result.append("")
        for index, line in enumerate(_lines(item)):
            result.append((" " * len(mark) if index else mark + box) + line if line else "")
    return result


def written_line(line: Inline) -> str:
    """One line. What is not ours begins with an entity: its own first character, or a blank before it."""
    written = "".join(map(_written_part, line))
    if begins_blank(line):
        return _entity(" ") + written
    if line and isinstance(line[0], doc.Text):
        first, rest = line[0].value[0], line[0].value[1:]
        return _entity(first) + _escaped(rest) + "".join(map(_written_part, line[1:]))
    return written


def begins_blank(line: Inline) -> bool:
    """Whether a blank is written first, which HTML does not show: before code, and before a sign made of several."""
    match line[:1]:
        case (doc.Text(value),):
            return not (value[1:2].isascii() or value[1:2].isalnum())
        case first:
            return bool(first) and isinstance(first[0], doc.Code)


def _written_part(part: Part) -> str:
    match part:
        case doc.Text(value):
            return _escaped(value)
        case doc.Code(value):
            return _element(value) if RAW_AT.search(value) else _span(value)
        case doc.Link(doc.Code(value), url) if "]" in value:  # `[`]:` would begin a definition (CommonMark 4.7)
            return f"[{_element(value)}]({url})"
        case doc.Link(label, url):
            return f"[{_written_part(label)}]({url})"
        case doc.Strong(value):
            return f"**{value}**"
        case doc.Emphasis(value):
            return f"*{value}*"
        case _:
            return part.value


def _span(value: str) -> str:
    ticks = "`" * (_longest_run(value) + 1)
    pad = " " if value[0] in "` " or value[-1] in "` " else ""
    return f"{ticks}{pad}{value}{pad}{ticks}"


def _element(value: str) -> str:
    """A `<code>`. Before an `@` that may belong to a mail address stands a `<wbr>`: no parser links across it."""
    written = ""
    for before, sign in pairwise(" " + value):
        parted = sign == "@" and (before.isalnum() or before in ".+-_")
        plain = sign not in AT and (sign.isalnum() or sign == " " or not sign.isascii())
        written += "<wbr>" * parted + (sign if plain else _entity(sign))
    return f"<code>{written}</code>"


def written_code(text: str) -> str:
    """A block of code: a fence, or where a mention would stand raw, a `<pre>`."""
    if RAW_AT.search(text):
        # A parser of HTML drops a line feed that follows the tag.
        start = "<pre>\n" if text.startswith("\n") else "<pre>"
        return start + RAW_AT.sub(lambda sign: _entity(sign[0]), html.escape(text, quote=False)) + "</pre>"
    fence = "`" * max(3, _longest_run(text) + 1)
    return f"{fence}\n{text}\n{fence}"


def _escaped(words: str) -> str:
    return _ESCAPED.sub(r"\\\g<0>", words)


def _entity(sign: str) -> str:
    return f"&#{ord(sign)};"


def _longest_run(text: str) -> int:
    return max(map(len, _RUN.findall(text)), default=0)
