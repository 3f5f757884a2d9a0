"""What a task type is made of: how its context is read and how its prompt is built.

A new task type is one entry here, one prompt file, one schema, one handler and one route.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from core.app import App, Thunk
from core.config import TASK_LIMITS
from core.context import packs
from core.errors import Conflict
from core.policy.schemas import wire_schema
from core.prompts import qa_plan
from core.types import Issue, Prompt, PullRequest, TaskRequest, TaskType


@dataclass(frozen=True)
class Context:
    """What GitHub said about a task's target."""

    pull: PullRequest | None
    issue: Issue | None


@dataclass(frozen=True)
class Task:
    """The two steps before the model is asked."""

    read: Callable[[App, TaskRequest], Context]
    build: Callable[[App, TaskRequest, Context], Prompt]


def read_pull_request(app: App, request: TaskRequest) -> Context:
    """The pull request and its linked issue, at once. Raises Conflict when the pull request is closed."""
    linked = request.linked_issue
    github = app.github()
    reads: list[Thunk] = [lambda: github.pull_request(request.target.number)]
    if linked is not None:
        reads.append(lambda: github.issue(linked))
    pull, *issues = app.together(reads)
    if pull.state != "open":
        raise Conflict(f"pull request {pull.number} is {pull.state}", state=pull.state)
    return Context(pull, issues[0] if issues else None)


def build_qa_plan(app: App, request: TaskRequest, context: Context) -> Prompt:
    """The QA plan's prompt, with a fresh boundary and canary."""
    assert context.pull is not None
    return qa_plan.build(
        context.pull,
        context.issue,
        repository=app.settings.repository,
        model=app.settings.models[request.task_type],
        limits=TASK_LIMITS[request.task_type],
        pack_texts=packs.for_task(request.task_type),
        boundary=app.random_hex(),
        canary=app.random_hex(),
        wire_schema=wire_schema(request.task_type),
    )


TASKS: Final[Mapping[TaskType, Task]] = {"qa_plan": Task(read_pull_request, build_qa_plan)}
