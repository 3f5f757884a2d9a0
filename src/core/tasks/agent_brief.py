"""A brief's answer: one comment on the issue, naming only files that there are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from core.context.team import Team
from core.policy.found import Hit, as_finding
from core.prompts import agent_brief_comment
from core.tasks.answer import FilePath, LongText, Sentence, Strict, Words200, Words500
from core.tasks.drafted import Comment, Drafted, Unfit
from core.types import Facts, Finding


class AgentBrief(Strict):
    """The answer to `agent_brief`."""

    objective: Sentence
    context: LongText
    acceptance_criteria: Annotated[list[Words500], Field(min_length=1, max_length=10)]
    files: Annotated[list[FilePath], Field(max_length=20)]
    out_of_scope: Annotated[list[Words200], Field(max_length=10)]
    test_notes: Annotated[list[Words500], Field(max_length=10)]
    reason: Sentence
    evidence: Sentence


def draft(answer: Strict, facts: Facts, unfit: Unfit, team: Team) -> Drafted:
    """The brief, and whether its files are among those that the prompt showed."""
    assert isinstance(answer, AgentBrief)
    document = agent_brief_comment.build(answer, facts, unfit(answer.files))
    return Drafted((Comment(document),), answer.reason, answer.evidence, tuple(_faults(answer, facts)))


def _faults(answer: AgentBrief, facts: Facts) -> Iterator[Finding]:
    known = frozenset(facts.changed_paths)
    for index, path in enumerate(answer.files):
        if path not in known:
            hit = Hit("brief.path", "refuse", path, "is not among the repository's files that the prompt listed")
            yield as_finding(hit, f"files[{index}]")
