"""A sprint plan as a comment on its planning issue, built from the answer's fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from core.prompts.comment_parts import listed, opening, section, unseen, why
from core.text.document import Block, Code, Inline, Own, Paragraph
from core.text.prose import inline, labelled
from core.types import Facts, Json, Sprint

HEADING: Final = "🤖 Sprint Plan"
_SPRINTS: Final[Mapping[Sprint, str]] = {"current": "Current sprint", "next": "Next sprint", "backlog": "Backlog"}


class SprintItemLike(Protocol):
    """Where one issue goes."""

    @property
    def issue(self) -> int: ...
    @property
    def sprint(self) -> Sprint: ...
    @property
    def rationale(self) -> str: ...


class SprintPlanLike(Protocol):
    """A valid answer to `sprint_plan`."""

    @property
    def goal(self) -> str: ...
    @property
    def items(self) -> Sequence[SprintItemLike]: ...
    @property
    def risks(self) -> Sequence[str]: ...
    @property
    def reason(self) -> str: ...
    @property
    def evidence(self) -> str: ...


def build(plan: SprintPlanLike, facts: Facts, hidden: frozenset[str]) -> tuple[Block, ...]:
    """The comment as a document. `hidden` are titles of issues that are not fit to be posted."""
    issues: Mapping[str, Json] = facts.extra["issues"]
    placed = {item.issue for item in plan.items}
    words = (
        "Drafted by a language model from the texts of the issues below. The labels are proposed apart, issue by issue."
    )
    document = [*opening(HEADING, words), *labelled("Goal:", plan.goal)]
    for sprint, heading in _SPRINTS.items():
        items = [item for item in plan.items if item.sprint == sprint]
        document += section(
            _counted(heading, len(items), facts.extra["capacity"] if sprint == "current" else None),
            [_item(item, issues, hidden) for item in items],
        )
    left = [int(number) for number in issues if int(number) not in placed]
    document += section("Without a place", [(Paragraph((_name(number, issues, hidden),)),) for number in left])
    document += [*listed("Risks", plan.risks), *unseen(facts.cuts)]
    return (*document, *why("Why this plan", plan.reason, plan.evidence))


def _counted(heading: str, count: int, capacity: int | None) -> str:
    return f"{heading}, {count}" if capacity is None else f"{heading}, {count} of {capacity}"


def _item(item: SprintItemLike, issues: Mapping[str, Json], hidden: frozenset[str]) -> tuple[Block, ...]:
    needed = issues[str(item.issue)]["dependsOn"] if str(item.issue) in issues else []
    lines = [_name(item.issue, issues, hidden)]
    if needed:
        lines.append((Own("Needs "), Code(", ".join(f"#{number}" for number in needed))))
    return (Paragraph(tuple(lines)), *labelled("Why:", item.rationale))


def _name(number: int, issues: Mapping[str, Json], hidden: frozenset[str]) -> Inline:
    title = issues[str(number)]["title"] if str(number) in issues else ""
    known = title and title not in hidden
    return (Code(f"#{number}"), Own(" "), *inline(title)) if known else (Code(f"#{number}"),)
