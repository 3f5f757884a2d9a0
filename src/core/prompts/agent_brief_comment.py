"""A brief for a coding agent as a comment on its issue, built from the answer's fields."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from core.prompts.comment_parts import fitting, listed, opening, section, unseen, why
from core.text.document import Block, Code, Own, Paragraph
from core.text.prose import labelled
from core.types import Facts

HEADING: Final = "🤖 Agent Brief"
_ROOM: Final = 20_000
"""Characters of file names that are shown; all other words of a brief fit beside them. The rest are counted."""


class AgentBriefLike(Protocol):
    """A valid answer to `agent_brief`."""

    @property
    def objective(self) -> str: ...
    @property
    def context(self) -> str: ...
    @property
    def acceptance_criteria(self) -> Sequence[str]: ...
    @property
    def files(self) -> Sequence[str]: ...
    @property
    def out_of_scope(self) -> Sequence[str]: ...
    @property
    def test_notes(self) -> Sequence[str]: ...
    @property
    def reason(self) -> str: ...
    @property
    def evidence(self) -> str: ...


def build(brief: AgentBriefLike, facts: Facts, hidden: frozenset[str]) -> tuple[Block, ...]:
    """The comment as a document. `hidden` are files whose names are not fit to be posted."""
    return (
        *opening(HEADING, "Drafted by a language model from this issue's text and from names of files alone."),
        *labelled("Objective:", brief.objective),
        *labelled("Context:", brief.context),
        *listed("Acceptance criteria", brief.acceptance_criteria, ordered=True),
        *section("Files", _files(brief.files, hidden)),
        *listed("Out of scope", brief.out_of_scope),
        *listed("Test notes", brief.test_notes),
        *unseen(facts.cuts),
        *why("Why this brief", brief.reason, brief.evidence),
    )


def _files(paths: Sequence[str], hidden: frozenset[str]) -> list[tuple[Block, ...]]:
    different = tuple(dict.fromkeys(paths))
    shown = fitting(different, hidden, _ROOM)
    items: list[tuple[Block, ...]] = [(Paragraph(((Code(path),),)),) for path in shown]
    unnamed = len(different) - len(items)
    if unnamed:
        items.append((Paragraph(((Own(f"{unnamed} whose names are not shown"),),)),))
    return items
