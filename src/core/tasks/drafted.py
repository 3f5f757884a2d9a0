"""What a drafter makes of an answer: documents and label changes, for the engine to judge."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from core.context.team import Taxonomy, Team
from core.tasks.answer import Strict
from core.text.document import Block
from core.types import Facts, Finding, Target

Unfit = Callable[[Sequence[str]], frozenset[str]]
"""Which of GitHub's own texts (file names, titles) may not be repeated in a comment."""


@dataclass(frozen=True)
class Comment:
    """A comment on the run's target, as the document it is built from."""

    document: tuple[Block, ...]


@dataclass(frozen=True)
class LabelChange:
    """What to add to an issue's labels and remove from them, as they were read. `why` is told to the Captain."""

    target: Target
    before: tuple[str, ...]
    add: tuple[str, ...]
    remove: tuple[str, ...]
    why: str = ""


@dataclass(frozen=True)
class Drafted:
    """An answer's proposals, in the order in which they are carried out, and what its facts object to."""

    parts: tuple[Comment | LabelChange, ...]
    reason: str
    evidence: str
    findings: tuple[Finding, ...] = ()


Drafter = Callable[[Strict, Facts, Unfit, Team], Drafted]


def label_change(
    target: Target, before: Sequence[str], wanted: Iterable[str], taxonomy: Taxonomy, why: str
) -> tuple[LabelChange, ...]:
    """The change that makes all wanted labels present, each instead of the others of its exclusive group.

    Nothing when they are there already. Whether the change is allowed is for the engine to say.
    """
    labels = tuple(dict.fromkeys(wanted))
    replaced = frozenset().union(*(group for group in taxonomy.exclusive.values() if not group.isdisjoint(labels)))
    add = tuple(label for label in labels if label not in before)
    remove = tuple(label for label in before if label in replaced and label not in labels)
    return (LabelChange(target, tuple(before), add, remove, why),) if add or remove else ()
