"""What a task type is. Each is one file beside this one, or a folder, with its `TASK`: see docs/add-a-task.md."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, NoReturn

from core.app import App
from core.config import TaskLimits
from core.context.authors import Authors
from core.context.team import Team
from core.errors import ConfigurationError, Conflict, NotFound
from core.prompts.frame import Frame
from core.tasks.drafted import Drafting
from core.types import ActionType, Context, Issue, Prompt, TargetType, TaskRequest, TaskType

_VERSION: Final = re.compile(r"[^\n]+, template [1-9][0-9]*\.\n")


@dataclass(frozen=True)
class Asked:
    """A field of the dispatch's body, as a form asks for it."""

    name: str
    """In the body."""
    label: str
    hint: str
    kind: Literal["pull", "issues", ""] = "issues"
    """Whose number or address it takes; empty: any number."""
    several: bool = False
    required: bool = True
    id: str = "issue"
    """In the console's form."""


@dataclass(frozen=True)
class Task:
    """Everything that is particular to one task type."""

    name: TaskType
    title: str
    """As people read it."""
    does: str
    """What a dispatch asks for, as a sentence."""
    posted: str
    """What the caller is told once it is carried out, as a sentence."""
    asked: tuple[Asked, ...]
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
    command: str = ""
    """Its name on the command line, where that is not `name`."""

    def __post_init__(self) -> None:
        """Raises ConfigurationError for what would be missing when it is needed."""
        empty = [
            name
            for name in ("title", "does", "posted", "asked", "subject", "purpose", "proposes")
            if not getattr(self, name)
        ]
        if empty:
            self.refuse(f"{', '.join(empty)} must not be empty")
        if not _VERSION.match(self.template):
            self.refuse("the template's first line must end in its version, as in 'Release notes, template 1.'")

    def refuse(self, why: str) -> NoReturn:
        """Raises ConfigurationError with the file to be changed."""
        raise ConfigurationError(f"core/tasks/{self.name}: {why}")

    @property
    def path(self) -> str:
        """The last part of its route."""
        return self.name.replace("_", "-")


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
