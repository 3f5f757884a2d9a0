"""The questions of a triage as a comment on the issue, built from the answer's fields."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from core.prompts.comment_parts import listed, opening, unseen, why
from core.text.document import Block
from core.types import Facts

HEADING: Final = "🤖 Questions before this can start"


class TriageLike(Protocol):
    """A valid answer to `triage`."""

    @property
    def questions(self) -> Sequence[str]: ...
    @property
    def reason(self) -> str: ...
    @property
    def evidence(self) -> str: ...


def build(answer: TriageLike, facts: Facts) -> tuple[Block, ...]:
    """The comment as a document. Priority and labels are not in it: they are a proposal of their own."""
    return (
        *opening(HEADING, "Asked by a language model that has read this issue's text and nothing else."),
        *listed("Questions", answer.questions, ordered=True),
        *unseen(facts.cuts),
        *why("Why these questions", answer.reason, answer.evidence),
    )
