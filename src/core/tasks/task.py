"""What a task type is. Each is one file beside this one, or a folder, with its `TASK`: see docs/add-a-task.md."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.app import App
from core.config import TaskLimits
from core.context.authors import Authors
from core.context.team import Team
from core.errors import Conflict, NotFound
from core.prompts.frame import Frame
from core.tasks.drafted import Drafting
from core.types import ActionType, Context, Issue, Prompt, TargetType, TaskRequest, TaskType


@dataclass(frozen=True)
class Task:
    """Everything that is particular to one task type."""

    name: TaskType
    title: str
    """As people read it."""
    target: TargetType
    subject: str
    """What its prompt is about, as the model is told."""
    purpose: str
    """What its guardrail on the input bounds."""
    limits: TaskLimits
    proposes: tuple[ActionType, ...]
    """The action types that a draft can come to."""
    template: str
    """What the model is asked. Its first line ends in its version."""
    read: Callable[[App, TaskRequest], Context]
    """What GitHub says about the target now. Raises NotFound, Conflict, BadRequest, UpstreamUnavailable."""
    build: Callable[[Frame, TaskRequest, Context, Team], Prompt]
    """The request to the model. Pure; raises ValueError and ConfigurationError as `Frame` does."""
    drafting: Callable[[], Drafting]
    """What is needed once there is an answer."""


def read_issue(app: App, request: TaskRequest) -> Context:
    """The issue and the repository's labels, at once.

    Raises Conflict when the issue is closed, NotFound when the number is a pull request's.
    """
    github = app.github()
    issue, labels = app.together([lambda: open_issue(github.issue(request.target.number)), github.labels])
    return Context(issue=Authors(github.permission).of(issue), labels=labels)


def open_issue(issue: Issue) -> Issue:
    """The issue itself. Raises as `read_issue` does."""
    if issue.is_pull_request:
        raise NotFound(f"{issue.number} is a pull request, not an issue")
    if issue.state != "open":
        raise Conflict(f"issue {issue.number} is {issue.state}", state=issue.state)
    return issue
