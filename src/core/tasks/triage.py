"""A triage's answer: one change of the issue's labels, and its questions as a comment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from core.context.team import Team
from core.policy.found import Hit, as_finding
from core.prompts import triage_comment
from core.tasks.answer import Sentence, Strict, Words50, Words500
from core.tasks.drafted import Comment, Drafted, Unfit, label_change
from core.types import Facts, Finding

_LONGEST_WHY = 500


class Triage(Strict):
    """The answer to `triage`."""

    priority: Literal["P0", "P1", "P2", "P3"]
    priority_rationale: Sentence
    sprint: Literal["current", "next", "backlog"]
    components: Annotated[list[Words50], Field(max_length=5)]
    questions: Annotated[list[Words500], Field(max_length=3)]
    ready_for_dev: bool
    reason: Sentence
    evidence: Sentence


def draft(answer: Strict, facts: Facts, unfit: Unfit, team: Team) -> Drafted:
    """What the answer means in the team's labels, against the labels that were read."""
    assert isinstance(answer, Triage)
    before = tuple(facts.extra["labels"])
    why = f"{answer.priority}: {answer.priority_rationale}"[:_LONGEST_WHY]
    change = label_change(facts.target, before, _wanted(answer, before, team), team.taxonomy, why)
    asked = (Comment(triage_comment.build(answer, facts)),) if answer.questions else ()
    return Drafted((*change, *asked), answer.reason, answer.evidence, tuple(_faults(answer, team)))


def _wanted(answer: Triage, before: tuple[str, ...], team: Team) -> Iterator[str]:
    rules, statuses = team.rules, team.taxonomy.exclusive["status"]
    yield rules.priorities[answer.priority].label
    yield rules.sprints[answer.sprint]
    yield from (rules.components[name] for name in answer.components if name in rules.components)
    asks = rules.questions if answer.questions else None
    if asks is not None:
        yield asks
    if answer.ready_for_dev:
        yield rules.ready
    elif statuses.isdisjoint(before) and asks not in statuses:
        yield rules.untriaged


def _faults(answer: Triage, team: Team) -> Iterator[Finding]:
    for index, name in enumerate(answer.components):
        if name not in team.rules.components:
            hit = Hit("triage.component", "refuse", name, "is not a component of the team")
            yield as_finding(hit, f"components[{index}]")
    if answer.ready_for_dev and answer.questions:
        hit = Hit("triage.ready", "ask", answer.questions[0], "is to be asked, and yet the issue is called ready")
        yield as_finding(hit, "ready_for_dev")
