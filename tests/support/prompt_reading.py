"""What the prompts' tests share: the random words of a request, and its parts read back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from core.context.team import Team, load
from core.prompts.frame import Frame
from core.tasks import registry
from core.tasks.wire_schemas import wire_schema
from core.types import Context, Issue, Prompt, Target, TaskRequest, TaskType

MAX_BODY_CHARACTERS = 65_536
BOUNDARY = "0123456789abcdef" * 2
TEAM = load()
CANARY = "fedcba9876543210" * 2


def built(
    name: TaskType,
    context: Context,
    team: Team = TEAM,
    *,
    capacity: int | None = None,
    depends_on: Mapping[int, tuple[int, ...]] | None = None,
    **other: Any,
) -> Prompt:
    """The request of a task, on a frame as the service makes it but for `other`."""
    task = registry.task(name)
    about = context.pull or context.issue
    assert about is not None
    request = TaskRequest(
        task.name,
        Target(task.target, about.number),
        None,
        False,
        "captain",
        "api",
        capacity=capacity,
        depends_on=depends_on or {},
    )
    given = {
        "task_type": task.name,
        "subject": task.subject,
        "template": task.template,
        "repository": "dfg/dfg-app",
        "model": task.limits.model,
        "limits": task.limits,
        "packs": team.packs[name],
        "boundary": BOUNDARY,
        "canary": CANARY,
        "wire_schema": wire_schema(name),
    }
    return task.build(Frame(**{**given, **other}), request, context, team)


def an_issue(body: str = "", title: str = "Fees are missing", number: int = 7, labels: tuple[str, ...] = ()) -> Issue:
    return Issue(number, title, body, "open", labels)


def user_text(prompt: Prompt) -> str:
    text: str = json.loads(prompt.body)["messages"][0]["content"][0]["text"]
    return text


def system_text(prompt: Prompt) -> str:
    return "".join(block["text"] for block in json.loads(prompt.body)["system"])


def section(prompt: Prompt, title: str) -> str:
    text = user_text(prompt)
    start, end = f"===== {BOUNDARY} begin {title} =====\n", f"\n===== {BOUNDARY} end {title} =====\n"
    assert text.count(start) == text.count(end) == 1
    return text.split(start)[1].split(end)[0]


LARGE = {
    kind: (text * MAX_BODY_CHARACTERS)[:MAX_BODY_CHARACTERS]
    for kind, text in {
        "words": "Word of a text. ",
        "Chinese": "测试",
        "emoji": "👩‍👩‍👧‍👦🚀",
        "ligatures of 18 letters": "\ufdfa",
        "invisible": "\u200b\u202e",
        "control characters": "\x00\x1b\x85\r",
        "random letters": "q7Zk!@#$",
        "line ends": "\n",
        "carriage returns": "a\r\n",
        "numbers of issues": "depends on #10, #11\n",
    }.items()
}
"""The longest bodies that GitHub takes, each costly in its own way."""
