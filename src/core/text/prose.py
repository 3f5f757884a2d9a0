"""From a model's words to inert parts of a document.

Words that GitHub would act on stand in code spans, the one place that it leaves alone. A span is never a piece of a
command: words beside each other that look like code, and what stands between brackets that they open, are one span.
"""

import re
from functools import partial
from itertools import groupby, takewhile
from typing import Final

from core.text.document import LIVE, Block, Code, CodeBlock, Document, Inline, Paragraph, Part, Strong, Text, led

_BLANKS: Final = re.compile(r"[ \t]+")
_RUN: Final = re.compile("`+")
_FENCE: Final = re.compile(r"\s*(`{3,}|~{3,})[ \t]*([\w+#.-]{0,24})[ \t]*")
_CODE: Final = re.compile(rf"{LIVE.pattern}|[{{}}\[\]<>=|]|\w\(|^--?\w|\":", re.IGNORECASE)
"""A word that looks like code."""
_OPENED: Final = re.compile(r"[(\[{]|<(?=[\w/!?])")
_CLOSED: Final = re.compile(r"[)\]}]|(?<![-=])>")
_REACH: Final = 60
"""Words after which an open bracket counts as one that nobody closes."""
_PAUSE: Final = re.compile(r"(?:[,;.!?…]|\w:)[\"'”’»)]?$")
_OPERATORS: Final = frozenset({"->", "=>", "<-", "<=", ">=", "<", ">", "<>", "=", "==", "===", "!=", "&&", "||", "<->"})
_STOPS: Final = ".,;:!?…"
_PAIRS: Final = {"(": ")", '"': '"', "'": "'", "“": "”", "‘": "’", "«": "»", "„": "“"}
_OPENERS: Final = {closer: opener for opener, closer in _PAIRS.items()}
_LAYERS: Final = 4
"""Layers of punctuation that are left out of a span; what is below them stays in it."""


def inline(text: str) -> Inline:
    """One line of a model's words. What it broke into several is one here."""
    parts: list[str | Code] = []
    for span in _spans(_BLANKS.sub(" ", " ".join(text.splitlines()).strip())):
        parts += [span] if isinstance(span, Code) else _marked(span)
    return _joined(parts)


def blocks(text: str) -> Document:
    """Several lines of a model's words: paragraphs, and fences as code. Other structure is shown, not used."""
    result: list[Block] = []
    paragraph: list[Inline] = []
    lines = iter(text.replace("\r\n", "\n").split("\n"))
    for line in lines:
        fence = _FENCE.fullmatch(line)
        if line.strip() and not fence:
            paragraph.append(inline(line))
            continue
        if paragraph:
            result.append(Paragraph(tuple(paragraph)))
            paragraph = []
        if fence:
            code = takewhile(partial(_is_inside, fence[1]), lines)
            result.append(CodeBlock("\n".join(code)))
    return (*result, Paragraph(tuple(paragraph))) if paragraph else tuple(result)


def _is_inside(fence: str, line: str) -> bool:
    bare = line.strip()
    return not bare.startswith(fence) or bool(bare.strip(fence[0]))


def labelled(label: str, text: str) -> Document:
    """A model's words behind a label of ours."""
    return led(Strong(label), blocks(text))


def _spans(line: str) -> list[str | Code]:
    """The line cut at code spans that are already closed (CommonMark 6.1). Linear: runs are paired by length."""
    runs = [(match.start(), match.end()) for match in _RUN.finditer(line)]
    later: dict[int, list[int]] = {}
    for index, (start, end) in reversed(list(enumerate(runs))):
        later.setdefault(end - start, []).append(index)
    result: list[str | Code] = []
    at, index = 0, 0
    while index < len(runs):
        start, end = runs[index]
        same = later[end - start]
        while same and same[-1] <= index:
            same.pop()
        if same and (value := line[end : runs[same[-1]][0]].strip()):
            index = same[-1]
            result += [line[at:start], Code(value)]
            at = runs[index][1]
        index += 1
    return [*result, line[at:]]


def _marked(text: str) -> list[str | Code]:
    if not LIVE.search(text):
        return [text]
    words = text.split(" ")
    parts: list[str | Code] = []
    at = 0
    while at < len(words):
        end = _end_of_code(words, at)
        parts += [" "] * bool(at) + _piece(" ".join(words[at:end]))
        at = end
    return parts


def _end_of_code(words: list[str], at: int) -> int:
    """Where the words end that belong to the one at `at`."""
    end = at
    while end < len(words) and _CODE.search(words[end]):
        end = _end_of_brackets(words, end)
        if _PAUSE.search(words[end - 1]) or (words[end : end + 1] and words[end][:1] == "("):
            break
    while end > at and words[end - 1] in _OPERATORS:
        end -= 1
    return max(end, at + 1)


def _end_of_brackets(words: list[str], at: int) -> int:
    depth = 0
    for end in range(at, min(at + _REACH, len(words))):
        word = words[end].lstrip("(\"'") if end == at else words[end]
        if word not in _OPERATORS:
            depth += len(_OPENED.findall(word)) - len(_CLOSED.findall(word))
        if depth <= 0:
            return end + 1
    return at + 1


def _piece(piece: str) -> list[str | Code]:
    """Words as text if nothing can act on them, else in a span with the punctuation around it left out."""
    if not LIVE.search(piece):
        return [piece]
    start, end = _trimmed(piece)
    if LIVE.search(piece[:start]) or LIVE.search(piece[end:]) or not LIVE.search(piece[start:end]):
        start, end = 0, len(piece)
    return [piece[:start], Code(piece[start:end]), piece[end:]]


def _trimmed(piece: str) -> tuple[int, int]:
    start, end = 0, len(piece)
    for _ in range(_LAYERS):
        end = len(piece[:end].rstrip(_STOPS))
        first, last = piece[start : start + 1], piece[max(start, end - 1) : end]
        closer, opener = _PAIRS.get(first), _OPENERS.get(last)
        if closer and piece.find(closer, start + 1, end) in (-1, end - 1):
            end -= last == closer
            start += 1
        elif opener and opener not in piece[start : end - 1]:
            end -= 1
        else:
            break
    return start, end


def _joined(parts: list[str | Code]) -> Inline:
    """Neighbours of one kind become one: two code spans that touch would read as a longer delimiter."""
    result: list[Part] = []
    for is_code, run in groupby((part for part in parts if part), lambda part: isinstance(part, Code)):
        words = "".join(part.value if isinstance(part, Code) else part for part in run)
        result.append(Code(words) if is_code else Text(words))
    return tuple(result)
