"""A brief's answer: one comment on the issue, naming only files that there are."""

from __future__ import annotations

from collections.abc import Iterator

from core.context.team import Team
from core.policy.drafted import Comment, Drafted, Unfit
from core.policy.found import Hit, as_finding
from core.policy.schemas import AgentBrief
from core.prompts import agent_brief_comment
from core.tasks.answer import Strict
from core.types import Facts, Finding


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
