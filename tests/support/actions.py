"""An action as policy makes it, of which a test says what it is about."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from core.types import Action, Target

_COMMENT = Action(
    id="a-1",
    run_id="r-1",
    task_type="qa_plan",
    type="add_comment",
    repository="dfg/app",
    target=Target("pull_request", 42),
    payload={"body": "A plan"},
    target_state="sha",
    reason="",
    evidence="",
    classification="auto_safe",
    policy_reason="",
    policy_version="1",
    digest="",
)


def a_comment(**changes: Any) -> Action:
    """A comment on pull request 42 of dfg/app that may be posted."""
    return replace(_COMMENT, **changes)
