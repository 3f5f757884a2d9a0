"""A comment as a document: what GitHub's bytes and the console's view are both made from.

Our own words (`Own`, `Strong`, `Emphasis`, links and structure) and a model's (`Text`, `Code`, `CodeBlock`) are told
apart by type. A value that a renderer could act on does not come into being: `prose` makes `Text` and `Code` of
whatever a model wrote.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final
from urllib.parse import quote

from core.types import Json

AT: Final = "@\uff20\ufe6b"
"""The sign of a mention, and what NFKC makes it of."""
LIVE: Final = re.compile(
    rf"[{AT}$`\\_]"  # mentions, formulas, code, escapes, emphasis in names
    r"|<[A-Za-z/!?]"  # tags
    r"|://|www\."  # addresses that are linked by themselves
    r"|:[\w+-]+:"  # emoji by name
    r"|&#?\w+;"  # entities
    r"|#\d|\bGH-\d|\b(?:CVE|GHSA)-|\b(?=[a-f]*\d)[0-9a-f]{7,40}\b",  # references that GitHub links by itself
    re.IGNORECASE,
)
"""What GitHub acts on where no backslash helps. A backslash or our first word stops the rest."""
_OURS: Final = re.compile(r"[^@#$`~\\<>*\[\]_&\n]+")
_PAGE: Final = re.compile(r"https://[a-z0-9.:-]+(?:/(?!\.\.?(?:/|\Z))[\w.~%-]+)*", re.ASCII)


def _require_ours(value: str) -> None:
    if not _OURS.fullmatch(value):
        raise ValueError(f"not words of ours: {value!r}")


@dataclass(frozen=True)
class Text:
    """A model's words in which nothing is live."""

    value: str

    def __post_init__(self) -> None:
        if LIVE.search(self.value) or "\n" in self.value:
            raise ValueError("text that a renderer would act on")


@dataclass(frozen=True)
class Own:
    """Our words."""

    value: str

    def __post_init__(self) -> None:
        _require_ours(self.value)


@dataclass(frozen=True)
class Strong(Own):
    """Our words, in bold."""


@dataclass(frozen=True)
class Emphasis(Own):
    """Our words, in italics."""


@dataclass(frozen=True)
class Code:
    """Words in a code span: no mention, link, emoji or formula works there."""

    value: str


@dataclass(frozen=True)
class Link:
    """A page of the repository, under an address that we made with `page`."""

    label: Own | Code
    url: str

    def __post_init__(self) -> None:
        if not _PAGE.fullmatch(self.url):
            raise ValueError(f"not an address of ours: {self.url!r}")


Part = Text | Own | Code | Link
Inline = tuple[Part, ...]
"""One line."""


@dataclass(frozen=True)
class Heading:
    level: int
    line: Inline


@dataclass(frozen=True)
class Paragraph:
    lines: tuple[Inline, ...]


@dataclass(frozen=True)
class CodeBlock:
    """Lines of code, exactly."""

    text: str


@dataclass(frozen=True)
class Items:
    """A list; each item is a run of blocks."""

    items: tuple[tuple[Block, ...], ...]
    ordered: bool = False


@dataclass(frozen=True)
class Checks:
    """Steps with a box to tick, numbered from 1; each is a run of blocks."""

    steps: tuple[tuple[Block, ...], ...]

    @cached_property
    def numbered(self) -> tuple[Document, ...]:
        """The steps, each led by its number."""
        return tuple(led(Strong(str(number)), step) for number, step in enumerate(self.steps, 1))


@dataclass(frozen=True)
class Folded:
    """Blocks that are shown on demand, under a summary in our words."""

    summary: str
    blocks: tuple[Block, ...]

    def __post_init__(self) -> None:
        _require_ours(self.summary)


Block = Heading | Paragraph | CodeBlock | Items | Checks | Folded
Document = tuple[Block, ...]


def page(site: str, *parts: str) -> str:
    """An address below `site`, such as `page("https://github.com", "octo/shop", "blob", sha, path)`."""
    return "/".join((site, *(quote(part, safe="/") for part in parts)))


def led(lead: Own, blocks: Document) -> Document:
    """Blocks whose first line begins with `lead`, or follows it."""
    if blocks and isinstance(blocks[0], Paragraph):
        first, *rest = blocks[0].lines
        return (Paragraph(((lead, Own(" "), *first), *rest)), *blocks[1:])
    return (Paragraph(((lead,),)), *blocks)


def as_json(document: Document) -> list[Json]:
    """The document as a tree of objects: each has a `type` and the fields of the class of that name."""
    return [_tree(block) for block in document]


def _tree(node: Any) -> Any:
    if isinstance(node, tuple):
        return [_tree(child) for child in node]
    tree: dict[str, Any] = {"type": type(node).__name__.lower()}
    for name, value in ({"steps": node.numbered} if isinstance(node, Checks) else vars(node)).items():
        tree[name] = value if isinstance(value, (str, int)) else _tree(value)
    return tree
