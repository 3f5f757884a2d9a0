"""A QA plan's answer: one comment on the pull request."""

from __future__ import annotations

from dataclasses import replace

from core.context.team import Team
from core.policy.drafted import Comment, Drafted, Unfit
from core.policy.grounding import grounding_faults
from core.policy.schemas import QaPlan, Strict
from core.prompts import qa_plan_comment
from core.types import Facts


def draft(answer: Strict, facts: Facts, unfit: Unfit, team: Team) -> Drafted:
    """The plan, and whether it is about this pull request."""
    assert isinstance(answer, QaPlan)
    hidden = unfit(facts.changed_paths)
    strange = unfit(facts.cuts)
    shown = replace(
        facts, cuts=tuple("A part that cannot be described here." if cut in strange else cut for cut in facts.cuts)
    )
    document = qa_plan_comment.build(answer, shown, hidden)
    return Drafted((Comment(document),), answer.reason, answer.evidence, tuple(grounding_faults(answer, facts)))
