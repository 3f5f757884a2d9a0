"""The task types by name, for those who only name them.

The rows are made by `make generate` from core/tasks: change the tasks, not these.
"""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple, get_args

TaskType = Literal["qa_plan", "triage", "agent_brief", "sprint_plan"]
TASK_TYPES: Final[tuple[TaskType, ...]] = get_args(TaskType)


class Named(NamedTuple):
    """What is known of a task without loading it: see `core.tasks.task.Task`."""

    title: str
    target: Literal["pull_request", "issue"]
    purpose: str
    input_tokens: int
    output_tokens: int
    model: str
    effort: Literal["low", "medium", "high"]
    proposes: tuple[Literal["add_comment", "change_labels"], ...]


NAMED: Final[Mapping[TaskType, Named]] = {
    # made by make generate: tasks
    "qa_plan": Named(
        "QA plan",
        "pull_request",
        "How much of a pull request is read",
        60_000,
        12_000,
        "claude-sonnet-5-5",
        "medium",
        ("add_comment",),
    ),
    "triage": Named(
        "Triage",
        "issue",
        "How much of an issue is read",
        6_000,
        4_000,
        "claude-haiku-5-5",
        "low",
        ("change_labels", "add_comment"),
    ),
    "agent_brief": Named(
        "Agent brief",
        "issue",
        "How much of issue and tree is read",
        16_000,
        8_000,
        "claude-sonnet-5-5",
        "low",
        ("add_comment",),
    ),
    "sprint_plan": Named(
        "Sprint plan",
        "issue",
        "How much of all planned issues is read",
        32_000,
        8_000,
        "claude-sonnet-5-5",
        "low",
        ("add_comment", "change_labels"),
    ),
    # end of tasks
}
