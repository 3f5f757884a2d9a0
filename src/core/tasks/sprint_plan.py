"""A sprint plan's answer: one comment on the planning issue, and one change of labels for each issue that moves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from core.context.team import Team
from core.policy.found import Hit, as_finding
from core.prompts import sprint_plan_comment
from core.tasks.answer import IssueNumber, Sentence, Strict, Words500
from core.tasks.drafted import Comment, Drafted, LabelChange, Unfit, label_change
from core.types import SPRINTS, Facts, Finding, Target


class SprintItem(Strict):
    """Where one issue goes."""

    issue: IssueNumber
    sprint: Literal["current", "next", "backlog"]
    rationale: Sentence


class SprintPlan(Strict):
    """The answer to `sprint_plan`."""

    goal: Sentence
    items: Annotated[list[SprintItem], Field(min_length=1, max_length=50)]
    risks: Annotated[list[Words500], Field(max_length=10)]
    reason: Sentence
    evidence: Sentence


def draft(answer: Strict, facts: Facts, unfit: Unfit, team: Team) -> Drafted:
    """The plan, and whether it keeps to the issues, the capacity and the dependencies that were given."""
    assert isinstance(answer, SprintPlan)
    hidden = unfit([issue["title"] for issue in facts.extra["issues"].values()])
    comment = Comment(sprint_plan_comment.build(answer, facts, hidden))
    changes = (change for item in answer.items for change in _change(item, facts, team))
    return Drafted((comment, *changes), answer.reason, answer.evidence, tuple(_faults(answer, facts)))


def _change(item: SprintItem, facts: Facts, team: Team) -> tuple[LabelChange, ...]:
    issue = facts.extra["issues"].get(str(item.issue))
    if issue is None:
        return ()
    label = team.rules.sprints[item.sprint]
    return label_change(Target("issue", item.issue), issue["labels"], (label,), team.taxonomy, item.rationale)


def _faults(answer: SprintPlan, facts: Facts) -> Iterator[Finding]:
    issues, capacity = facts.extra["issues"], facts.extra["capacity"]
    placed = {item.issue: SPRINTS.index(item.sprint) for item in answer.items}
    times = Counter(item.issue for item in answer.items)
    for index, item in enumerate(answer.items):
        if str(item.issue) not in issues:
            yield _finding("issue", "is not an issue of this plan", item.issue, f"items[{index}].issue")
            continue
        if times[item.issue] > 1:
            yield _finding("issue", "is placed more than once", item.issue, f"items[{index}].issue")
        for needed in issues[str(item.issue)]["dependsOn"]:
            if needed in placed and placed[item.issue] < placed[needed]:
                why = f"comes in an earlier sprint than {needed}, which it depends on"
                yield _finding("dependency", why, item.issue, f"items[{index}].sprint")
    current = sum(item.sprint == "current" for item in answer.items)
    if capacity is not None and current > capacity:
        hit = Hit("sprint.capacity", "refuse", str(current), f"issues in a sprint that takes {capacity}")
        yield as_finding(hit, "items")
    left = [number for number in issues if int(number) not in placed]
    if left:
        yield as_finding(Hit("sprint.left_out", "ask", ", ".join(left), "has no place in the plan"), "items")


def _finding(rule: str, why: str, issue: int, field: str) -> Finding:
    return as_finding(Hit(f"sprint.{rule}", "refuse", str(issue), why), field)
