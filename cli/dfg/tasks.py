"""What can be asked for.

The rows are made by `make generate` from core/tasks: change the tasks, not these.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Task(NamedTuple):
    """One kind of dispatch, and the field that says what it is about."""

    name: str
    command: str
    path: str
    field: str
    label: str
    several: bool
    does: str
    posted: str


TASKS: Final = (
    # made by make generate: tasks
    Task(
        "qa_plan",
        "qa-plan",
        "/dispatch/qa-plan",
        "prNumber",
        "Pull request",
        False,
        "Draft a QA plan for a pull request.",
        "The plan is posted on the pull request.",
    ),
    Task(
        "triage",
        "triage",
        "/dispatch/triage",
        "issueNumbers",
        "Issues",
        True,
        "Suggest labels for an issue, or for several in one run.",
        "It is carried out on GitHub.",
    ),
    Task(
        "agent_brief",
        "brief",
        "/dispatch/agent-brief",
        "issueNumber",
        "Issue",
        False,
        "Draft a coding agent's brief for an issue.",
        "The brief is posted under the issue.",
    ),
    Task(
        "sprint_plan",
        "sprint-plan",
        "/dispatch/sprint-plan",
        "planningIssue",
        "Planning issue",
        False,
        "Draft which issues go into which sprint, under a planning issue.",
        "The sprint plan is posted under the planning issue.",
    ),
    # end of tasks
)
