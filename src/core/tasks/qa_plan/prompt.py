"""The request for a QA plan: the template, the team's words, and the pull request as far as it fits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.config import TaskLimits
from core.prompts import pull_request
from core.prompts.frame import Frame
from core.tasks.qa_plan.template import TEMPLATE
from core.types import Issue, Pack, Prompt, PullRequest


def build(
    pull: PullRequest,
    issues: Sequence[Issue],
    *,
    repository: str,
    model: str,
    limits: TaskLimits,
    packs: tuple[Pack, ...],
    boundary: str,
    canary: str,
    wire_schema: Mapping[str, Any],
    unread: Sequence[str] = (),
) -> Prompt:
    """The request, whatever the size of the pull request: see `pull_request.build`."""
    frame = Frame("pull request", TEMPLATE, model, limits, packs, boundary, canary, wire_schema)
    head = f"Write the QA plan for pull request #{pull.number} of {repository}.\n"
    return pull_request.build(frame, head, "qa_plan", repository, pull, issues, unread)
