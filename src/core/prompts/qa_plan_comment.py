"""The QA plan as a comment on its pull request, built from the answer's fields."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from core.config import MAX_COMMENT_CHARACTERS
from core.prompts.comment_parts import fitting, listed, unseen, why
from core.text.document import Block, Code, Heading, Inline, Items, Own, Paragraph, Part, Strong
from core.text.markdown import marker, size, write
from core.text.prose import blocks, inline, labelled
from core.types import Facts

HEADING: Final = "🤖 QA Test Plan"
_MOST_PATHS: Final = 100
"""Files named in the lists of covered and uncovered files; the rest are counted."""
_ROOMS: Final = (60_000, 40_000, 24_000, 12_000, 4_000, 0)
"""Characters that file names may take: the first with which the comment keeps GitHub's limit."""

_ANY_ID: Final = "0" * 36
"""As long as an action's id."""


class TestCaseLike(Protocol):
    """One criterion of a plan, as the schema delivers it."""

    @property
    def ac_id(self) -> str: ...
    @property
    def ac_text(self) -> str: ...
    @property
    def covers(self) -> Sequence[str]: ...
    @property
    def steps(self) -> Sequence[str]: ...
    @property
    def expected(self) -> str: ...
    @property
    def edge_cases(self) -> Sequence[str]: ...


class QaPlanLike(Protocol):
    """A valid answer to `qa_plan`."""

    @property
    def test_plan(self) -> Sequence[TestCaseLike]: ...
    @property
    def general_checks(self) -> Sequence[str]: ...
    @property
    def nothing_to_test(self) -> str | None: ...
    @property
    def reason(self) -> str: ...
    @property
    def evidence(self) -> str: ...


@dataclass(frozen=True)
class Coverage:
    """Which changed files the plan's criteria name, in the pull request's order."""

    covered: tuple[str, ...]
    uncovered: tuple[str, ...]


def coverage(plan: QaPlanLike, changed_paths: tuple[str, ...]) -> Coverage:
    """Computed, never taken from the model's words."""
    named = {path for case in plan.test_plan for path in case.covers}
    return Coverage(
        tuple(path for path in changed_paths if path in named),
        tuple(path for path in changed_paths if path not in named),
    )


def _paths(paths: Sequence[str], hidden: frozenset[str], room: int) -> Inline:
    shown = fitting(paths, hidden, room)[:_MOST_PATHS]
    rest = len(paths) - len(shown)
    parts: list[Part] = []
    for path in shown:
        parts += [Own(", "), Code(path)] if parts else [Code(path)]
    if rest:
        more = f"{rest} more whose names are not shown" if shown else f"{rest} whose names are not shown"
        parts.append(Own(f", and {more}" if shown else more))
    return tuple(parts)


def _case(number: int, case: TestCaseLike, hidden: frozenset[str], room: int) -> list[Block]:
    result: list[Block] = [
        Heading(3, (Own(f"{number} · "), *inline(case.ac_id))),
        *labelled("Criterion:", case.ac_text),
    ]
    if case.covers:
        covers = _paths(list(dict.fromkeys(case.covers)), hidden, room)
        result.append(Paragraph(((Strong("Covers:"), Own(" "), *covers),)))
    result += [
        Paragraph(((Strong("Steps"),),)),
        Items(tuple(blocks(step) for step in case.steps), ordered=True),
        *labelled("Expected:", case.expected),
    ]
    if case.edge_cases:
        result += [
            Paragraph(((Strong("Edge cases"),),)),
            Items(tuple(blocks(edge) for edge in case.edge_cases)),
        ]
    return result


def _files(plan: QaPlanLike, facts: Facts, hidden: frozenset[str], room: int) -> list[Block]:
    found = coverage(plan, facts.changed_paths)
    total = len(facts.changed_paths)
    if not total:
        return []
    lines: list[Inline] = [
        (Own(f"The plan covers {len(found.covered)} of {total} changed file{'s' if total != 1 else ''}."),)
    ]
    if found.covered:
        lines.append((Strong("Covered:"), Own(" "), *_paths(found.covered, hidden, room)))
    if found.uncovered:
        lines.append((Strong("Not covered:"), Own(" "), *_paths(found.uncovered, hidden, room)))
    return [Heading(3, (Own("Changed files"),)), Items(tuple((Paragraph((line,)),) for line in lines))]


def build(plan: QaPlanLike, facts: Facts, hidden: frozenset[str]) -> tuple[Block, ...]:
    """The comment as a document. `hidden` are changed paths whose names are not fit to be posted."""
    for room in _ROOMS:
        document = _document(plan, facts, hidden, room)
        if size(write(document, marker(_ANY_ID))) <= MAX_COMMENT_CHARACTERS:
            break
    return document


def _document(plan: QaPlanLike, facts: Facts, hidden: frozenset[str], room: int) -> tuple[Block, ...]:
    """Half of the room is for what the criteria cover, in equal shares, and a quarter for each list at the end."""
    document: list[Block] = [
        Heading(2, (Own(HEADING),)),
        Paragraph(
            (
                (
                    Own("Drafted by a language model for commit "),
                    Code(facts.target_state[:12]),
                    Own(". Nobody has run these steps yet."),
                ),
            )
        ),
    ]
    if plan.nothing_to_test is not None:
        document += labelled("Nothing to test:", plan.nothing_to_test)
    for number, case in enumerate(plan.test_plan, 1):
        document += _case(number, case, hidden, room // 2 // len(plan.test_plan))
    document += listed("General checks", plan.general_checks)
    document += _files(plan, facts, hidden, room // 4)
    document += [*unseen(facts.cuts), *why("Why this plan", plan.reason, plan.evidence)]
    return tuple(document)


def render(plan: QaPlanLike, facts: Facts, action_id: str, hidden: frozenset[str] = frozenset()) -> str:
    """The comment's bytes, marker last."""
    return write(build(plan, facts, hidden), marker(action_id))
