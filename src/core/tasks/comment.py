"""Parts that the comments of several tasks have in common, as blocks."""

from collections.abc import Iterable, Sequence

from core.text.document import Block, Heading, Items, Own, Paragraph
from core.text.markdown import size
from core.text.prose import blocks, inline, labelled


def fitting(paths: Iterable[str], hidden: frozenset[str], room: int) -> list[str]:
    """The file names that may be shown and together take no more than `room` characters: a long one gives way."""
    shown = []
    for path in paths:
        if path not in hidden and size(path) <= room:
            shown.append(path)
            room -= size(path)
    return shown


def opening(heading: str, words: str) -> list[Block]:
    """The comment's heading, and in our own words where it comes from."""
    return [Heading(2, (Own(heading),)), Paragraph(((Own(words),),))]


def listed(heading: str, texts: Sequence[str], *, ordered: bool = False) -> list[Block]:
    """A model's texts as a list under our heading; nothing for none."""
    return section(heading, [blocks(text) for text in texts], ordered=ordered)


def section(heading: str, items: Iterable[tuple[Block, ...]], *, ordered: bool = False) -> list[Block]:
    """A list under a heading; nothing for none."""
    every = tuple(items)
    return [Heading(3, (Own(heading),)), Items(every, ordered)] if every else []


def unseen(cuts: Sequence[str]) -> list[Block]:
    """What the prompt did not hold."""
    return section("Not seen by the model", [(Paragraph((inline(cut),)),) for cut in cuts])


def why(heading: str, reason: str, evidence: str) -> list[Block]:
    """The end of every comment."""
    return [Heading(3, (Own(heading),)), *labelled("Reason:", reason), *labelled("Evidence:", evidence)]
