"""Inert Markdown: a small document model, and the only way from a model's words to GitHub's bytes.

What the model wrote becomes `Text`, `Code` and `Fence` and nothing else, so it can carry no link,
mention, image, HTML or structure. Whatever a renderer or a bot might act on stands in code spans,
the one place that GitHub leaves alone (a backslash or an entity does not stop a mention).
Policy parses the bytes again and compares them with `outline`.
"""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Text:
    """Words shown as they are."""

    value: str


@dataclass(frozen=True)
class Code:
    """Words in a code span: no mention, link, emoji or formula works there."""

    value: str


@dataclass(frozen=True)
class Strong:
    """Our own words, in bold. Never the model's."""

    value: str


Inline = tuple[Text | Code | Strong, ...]


@dataclass(frozen=True)
class Heading:
    level: int
    line: Inline


@dataclass(frozen=True)
class Paragraph:
    lines: tuple[Inline, ...]


@dataclass(frozen=True)
class Fence:
    """Lines of code."""

    text: str


@dataclass(frozen=True)
class Items:
    """A list; each item is a run of blocks."""

    items: tuple[tuple[Block, ...], ...]
    ordered: bool = False


@dataclass(frozen=True)
class Quote:
    blocks: tuple[Block, ...]


Block = Heading | Paragraph | Fence | Items | Quote
Outline = tuple[tuple[str, str], ...]
"""A document without its notation: (kind, words) in reading order."""

_BLANKS: Final = re.compile(r"[ \t]+")
_TYPE: Final = r"[\w.:?&'*\[\]]|, ?| [|&] | extends "
_TYPES: Final = rf"(?<=\w)<(?:{_TYPE}|<(?:{_TYPE}|<(?:{_TYPE}){{1,99}}+>){{1,99}}+>){{1,99}}+>"
"""What stands in the angle brackets of a generic type, of three layers at most: `<String, List<Price>>`."""
_PIECE: Final = re.compile(rf" |(?:{_TYPES}|[^ ])++")
"""A blank, or a word: what stands between blanks, of which a generic type may hold some."""
_LIVE: Final = re.compile(
    r"[@#$`~\\_]"  # mentions, references, formulas, code, escapes, emphasis in names
    r"|[<>].|.[<>]"  # tags and quotes; a lone sign between blanks is arithmetic
    r"|://|www\.|\]\(|\]\[|\]:|!\["  # links, references, images
    r"|:[\w+-]*[A-Za-z+][\w+-]*:|:100:|:1234:"  # emoji by name
    r"|\bGH-\d|\b(?:CVE|GHSA)-|\b(?=[a-f]*\d)[0-9a-f]{7,40}\b"  # references that GitHub links by itself
    r"|^[/.!][^\s.]"  # the shapes of bot commands
    r"|^(?:[|:]+-+|:?-{3,}|-+:?\|)[|:-]*$",  # the row below a table's head: without it there is no table
    re.IGNORECASE | re.DOTALL,
)
_ARROWS: Final = frozenset({"->", "=>", "<-", "<=", ">=", "<", ">", "<>", "==", "===", "!=", "&&", "||", "<->"})
_QUOTES: Final = "\"'“‘«„"
_STOPS: Final = "\"'”’».,;:!?…"
_PAIRS: Final = {"(": ")", "[": "]", "{": "}"}
_OPENERS: Final = {closer: opener for opener, closer in _PAIRS.items()}
_LAYERS: Final = 4
"""Layers of punctuation that are taken off a word; what is left stays in its code span."""
_ESCAPED: Final = re.compile(r"[\\`*_\[\]<|~]")
_LINE_START: Final = re.compile(r"(?=[-+](?:\s|$)|--|=|#|:-|:\||>)")
_ORDINAL: Final = re.compile(r"(\d{1,9})([.)])(?=\s|$)")
_RUN: Final = re.compile("`+")
_FENCE_LINE: Final = re.compile(r"\s*(`{3,}|~{3,})[ \t]*([\w+#.-]{0,24})[ \t]*")
_EMPHASIS: Final = "*|[]"


def marker(action_id: str) -> str:
    """The hidden last line of every comment, by which a repeated attempt is recognised."""
    return f"<!-- dfg-orchestrator action={action_id} -->"


def _forms(text: str) -> set[str]:
    """`text` as it stands and as a lenient reader might take it."""
    if text.isascii() and "&" not in text:
        return {text}
    folded = unicodedata.normalize("NFKC", text)
    return {text, folded, html.unescape(text), unicodedata.normalize("NFKC", html.unescape(folded))}


def _is_live(token: str) -> bool:
    forms = _forms(token)
    return (len(forms) > 1 and any(html.unescape(form) != form for form in forms)) or any(
        _LIVE.search(form) for form in forms
    )


def _trimmed(token: str) -> tuple[int, int]:
    """Where the word begins and ends without the quotes, full stops and unmatched brackets around it."""
    start, end = 0, len(token)
    for _ in range(_LAYERS):
        end = len(token[:end].rstrip(_STOPS))
        start = min(end, len(token) - len(token[start:].lstrip(_QUOTES)))
        first, last = token[start : start + 1], token[end - 1 : end] if end > start + 1 else ""
        closer, opener = _PAIRS.get(first, ""), _OPENERS.get(last, "")
        if closer and token.find(closer, start) in (-1, end - 1):
            start += 1
            end -= last == closer
        elif opener and opener not in token[start:end]:
            end -= 1
        else:
            break
    return (0, len(token)) if start >= end or "&" in token else (start, end)


def _pieces(token: str) -> Inline:
    """One word: as text if nothing can act on it, else in code with the punctuation around it left out."""
    if token in _ARROWS:
        return (Text(token),)
    core = token.strip(_EMPHASIS)
    if not _is_live(token) and "*" not in core:
        return (Text(token),)
    start, end = _trimmed(token)
    before, word, after = token[:start], token[start:end], token[end:]
    if _is_live(before) or _is_live(after):
        before, word, after = "", token, ""
    parts = (Text(before), Code(word), Text(after))
    return tuple(part for part in parts if part.value)


def _joined(parts: list[Text | Code | Strong]) -> Inline:
    """Neighbours of one kind become one: two code spans that touch would read as a longer delimiter."""
    result: list[Text | Code | Strong] = []
    for part in parts:
        if not part.value:
            continue
        last = result[-1] if result else None
        if isinstance(last, Text) and isinstance(part, Text):
            result[-1] = Text(last.value + part.value)
        elif isinstance(last, Code) and isinstance(part, Code):
            result[-1] = Code(last.value + part.value)
        else:
            result.append(part)
    return tuple(result)


def _spans(line: str) -> list[Text | Code]:
    """The line cut at code spans that are already closed (CommonMark 6.1). Linear: runs are paired by length."""
    runs = [(match.start(), match.end()) for match in _RUN.finditer(line)]
    later: dict[int, list[int]] = {}
    for index, (start, end) in enumerate(runs):
        later.setdefault(end - start, []).append(index)
    for indexes in later.values():
        indexes.reverse()
    result: list[Text | Code] = []
    at, index = 0, 0
    while index < len(runs):
        start, end = runs[index]
        same = later[end - start]
        while same and same[-1] <= index:
            same.pop()
        if same and line[end : runs[same[-1]][0]].strip():
            closing = same[-1]
            result += [Text(line[at:start]), Code(line[end : runs[closing][0]].strip())]
            at, index = runs[closing][1], closing
        index += 1
    result.append(Text(line[at:]))
    return result


def inline(text: str) -> Inline:
    """One line of a model's words, made inert."""
    parts: list[Text | Code | Strong] = []
    for span in _spans(_BLANKS.sub(" ", text.strip())):
        if isinstance(span, Code):
            parts.append(span)
            continue
        for piece in _PIECE.findall(span.value):
            parts += (Text(piece),) if piece == " " else _pieces(piece)
    return _joined(parts)


def blocks(text: str) -> tuple[Block, ...]:
    """Several lines of a model's words: paragraphs, and fences as code. Other structure is shown, not used."""
    result: list[Block] = []
    lines: list[Inline] = []
    code: list[str] | None = None
    closing = ""

    def end_paragraph() -> None:
        if lines:
            result.append(Paragraph(tuple(lines)))
            lines.clear()

    for line in text.replace("\r\n", "\n").split("\n"):
        if code is not None:
            if line.strip() and not line.strip().strip(closing[0]) and len(line.strip()) >= len(closing):
                result.append(Fence("\n".join(code)))
                code = None
            else:
                code.append(line.expandtabs(4))
            continue
        fence = _FENCE_LINE.fullmatch(line)
        if fence:
            end_paragraph()
            code, closing = [], fence[1]
        elif line.strip():
            lines.append(inline(line))
        else:
            end_paragraph()
    if code is not None:
        result.append(Fence("\n".join(code)))
    end_paragraph()
    return tuple(result)


def labelled(label: str, text: str) -> tuple[Block, ...]:
    """A model's words behind our own. More than one line is quoted: no raw line begins with what the model chose."""
    said = blocks(text)
    if len(said) == 1 and isinstance(said[0], Paragraph) and len(said[0].lines) == 1:
        return (Paragraph((_joined([Strong(label), Text(" "), *said[0].lines[0]]),)),)
    return (Paragraph(((Strong(label),),)), Quote(said))


# --- notation --------------------------------------------------------------------------------


def _longest_run(text: str) -> int:
    return max((len(run) for form in _forms(text) for run in _RUN.findall(form)), default=0)


def _code(value: str) -> str:
    ticks = "`" * (_longest_run(value) + 1)
    tight = value[0] != "`" and value[-1] != "`" and len(ticks) == 1
    return f"{ticks}{value}{ticks}" if tight else f"{ticks} {value} {ticks}"


def _written_line(parts: Inline) -> str:
    written = ""
    for part in parts:
        if isinstance(part, Code):
            written += _code(part.value)
        elif isinstance(part, Strong):
            written += f"**{_ESCAPED.sub(_escape, part.value)}**"
        else:
            written += _ESCAPED.sub(_escape, part.value)
    written = _ORDINAL.sub(r"\1\\\2", written, count=1) if _ORDINAL.match(written) else written
    return "\\" + written if _LINE_START.match(written) else written


def _escape(match: re.Match[str]) -> str:
    return "\\" + match[0]


def _written(block: Block) -> list[str]:
    match block:
        case Heading(level, line):
            return ["#" * level + " " + _written_line(line)]
        case Paragraph(lines):
            return [_written_line(line) for line in lines]
        case Fence(text):
            fence = "`" * max(3, _longest_run(text) + 1)
            return [fence, *text.split("\n"), fence]
        case Quote(inner):
            return [f"> {written}" if written else ">" for written in _lines(inner)]
        case Items(items, ordered):
            result: list[str] = []
            loose = any(len(item) > 1 for item in items)
            for number, item in enumerate(items, 1):
                mark = f"{number}. " if ordered else "- "
                if loose and result:
                    result.append("")
                for index, written in enumerate(_lines(item)):
                    result.append((" " * len(mark) if index else mark) + written if written else "")
            return result


def _lines(inner: tuple[Block, ...]) -> list[str]:
    result: list[str] = []
    for block in inner:
        if result:
            result.append("")
        result += _written(block)
    return result


def write(document: tuple[Block, ...], last_line: str) -> str:
    """The bytes of a comment. `last_line` is the marker, on its own."""
    return "\n".join([*_lines(document), "", last_line])


def size(body: str) -> int:
    """Characters of a comment in the longer of its forms, raw or NFKC: GitHub's limit is kept in both."""
    return max(len(body), len(unicodedata.normalize("NFKC", body)))


# --- what the bytes must read back as --------------------------------------------------------


def _outlined(block: Block) -> list[tuple[str, str]]:
    match block:
        case Heading(level, line):
            return [(f"h{level}", ""), *_words((line,))]
        case Paragraph(lines):
            return [("p", ""), *_words(lines)]
        case Fence(text):
            return [("fence", text)]
        case Quote(inner):
            return [("quote", ""), *(entry for child in inner for entry in _outlined(child)), ("end", "")]
        case Items(items, ordered):
            result = [("ol" if ordered else "ul", "")]
            for item in items:
                result.append(("li", ""))
                result += [entry for child in item for entry in _outlined(child)]
            return [*result, ("end", "")]


def _words(lines: tuple[Inline, ...]) -> list[tuple[str, str]]:
    result: list[tuple[str, str]] = []
    for index, line in enumerate(lines):
        if index:
            result.append(("break", ""))
        result += [(type(part).__name__.lower(), part.value) for part in _joined(list(line))]
    return result


def outline(document: tuple[Block, ...]) -> Outline:
    """What a parser must find in `write(document, …)`, apart from the marker."""
    return tuple(entry for block in document for entry in _outlined(block))
