"""A case as the service would ask it: the exact bytes, what is known besides, and what policy says of an answer.

The service's own code reads a stand-in of GitHub that holds the case. Boundary and canary, random in the service, are
fixed here: the same case gives the same bytes until the template, the packs or the case change.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from typing import Final

from core.app import App
from core.bootstrap import make_app
from core.canonical import sha256
from core.context import team
from core.policy.engine import judge_answer
from core.tasks import registry
from core.types import Prompt, Target, TaskRequest, Verdict
from evals.case import Case
from local.github import GitHubStandIn
from local.repository import Repository

BOUNDARY: Final = "b0d4" * 8
CANARY: Final = "ca4a" * 8
PLAIN_TEAM: Final = team.DEFAULT.parent / "plain"
"""The packs without a product: the cases are of many products."""
ACTION_ID: Final = "00000000-0000-4000-8000-000000000042"
_TABLES: Final = ("AUDIT", "ACTIONS", "DEDUPE", "BREAKER", "CONTENT")


@contextmanager
def service(case: Case, env: Mapping[str, str]) -> Iterator[App]:
    """The service's own readers and settings, over a GitHub that holds the case alone."""
    github = GitHubStandIn(_repository(case))
    github.start()
    try:
        yield _app(case, env, github)
    finally:
        github.close()


def prompt(app: App, case: Case, boundary: str = BOUNDARY, canary: str = CANARY) -> Prompt:
    """The request for the case."""
    values = cycle((boundary, canary))
    fixed = replace(app, random_hex=lambda: next(values))
    request = TaskRequest(
        task_type=case.task_type,
        target=Target("pull_request" if case.task_type == "qa_plan" else "issue", case.number),
        linked_issue=case.options.get("linked"),
        force=False,
        principal="eval",
        trigger="api",
        issues=tuple(case.options.get("issues", ())),
        capacity=case.options.get("capacity"),
        depends_on={int(number): tuple(needs) for number, needs in case.options.get("depends_on", {}).items()},
    )
    return registry.build(fixed, request, registry.read(fixed, request))


def verdict(app: App, prompt: Prompt, answer: str) -> Verdict:
    """What policy says of the answer, today."""
    return judge_answer(
        answer,
        prompt.facts,
        registry.drafting(prompt.facts.task_type),
        team=app.team,
        run_id="eval",
        action_ids=lambda index: ACTION_ID[:-2] + f"{42 + index:02d}",
        phase="phase4",
        own_secrets=(),
    )


def digest(prompt: Prompt) -> str:
    """What a recorded answer names as its request."""
    return sha256(prompt.body)


def readable(prompt: Prompt) -> str:
    """The request for human eyes: the same words in the same order."""
    body = json.loads(prompt.body)
    system = "\n\n".join(block["text"] for block in body["system"])
    user = "\n\n".join(block["text"] for message in body["messages"] for block in message["content"])
    schema = json.dumps(body["output_config"]["format"]["schema"], ensure_ascii=False, indent=1)
    return f"# System\n\n{system}\n\n# User\n\n{user}\n\n# The answer is one JSON object of this schema\n\n{schema}\n"


def _repository(case: Case) -> Repository:
    repository = Repository(case.repository)
    if case.task_type == "qa_plan":
        repository.load(case.content)
        return repository
    for issue in case.content["issues"]:
        fields = {key: value for key, value in issue.items() if key != "number"}
        repository.put_issue(issue["number"], **fields)
    repository.put_tree(case.content["tree"])
    return repository


def _app(case: Case, env: Mapping[str, str], github: GitHubStandIn) -> App:
    own = {name: value for name, value in env.items() if name.startswith(("MODEL_", "MAX_", "COST_", "ANTHROPIC_"))}
    tables = {f"{name}_TABLE": "eval" for name in _TABLES}
    files = env.get("TEAM_FILES") or _team_files(case)
    return make_app(
        {
            **own,
            **tables,
            "PHASE": "phase4",
            "GITHUB_REPOSITORY": case.repository,
            "GITHUB_API_URL": github.url,
            "GITHUB_TOKEN": github.token,
            "TEAM_FILES": str(files),
        }
    )


def _team_files(case: Case) -> Path:
    return PLAIN_TEAM if case.task_type == "qa_plan" and PLAIN_TEAM.is_dir() else team.DEFAULT
