"""The cases of the evaluation: what GitHub would say, and what a person knows about it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from core.types import TaskType

HERE: Final = Path(__file__).parent
QA_PLANS: Final = HERE / "cases"


class BadCase(Exception):
    """What is wrong with a file of cases."""


@dataclass(frozen=True)
class Case:
    """One request of the evaluation. `content` is `{"pull", "files", "issue"}`, or `{"issues", "tree"}`."""

    name: str
    task_type: TaskType
    repository: str
    number: int
    content: Mapping[str, Any]
    truth: Mapping[str, Any] | None = None
    """What a good answer holds; None where nobody wrote it down."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """What the caller says besides the number."""

    @property
    def changed_lines(self) -> int:
        return sum(int(file["changes"]) for file in self.content.get("files", ()))

    @property
    def changed_paths(self) -> tuple[str, ...]:
        return tuple(file["filename"] for file in self.content.get("files", ()))

    @property
    def diff(self) -> str:
        """All patches, each behind its path."""
        return "\n".join(f"{file['filename']}\n{file.get('patch') or ''}" for file in self.content.get("files", ()))

    @property
    def material(self) -> str:
        """Everything that the model could have read."""
        return json.dumps(self.content, ensure_ascii=False).replace("\\n", "\n").replace('\\"', '"')


def pull_requests(folder: Path) -> list[Case]:
    """The pull requests of a folder, by name, with `NAME.truth.json` where there is one. Raises BadCase."""
    paths = sorted(path for path in folder.glob("*.json") if not path.name.endswith(".truth.json"))
    if not paths:
        raise BadCase(f"{folder} has no case")
    return [_pull_request(path) for path in paths]


def issue_cases(task_type: TaskType, path: Path | None = None) -> list[Case]:
    """The cases of a task that is about issues. Raises BadCase."""
    return list(_issue_cases(task_type, _read(path or _issues_of(task_type))))


def has_cases(task_type: TaskType) -> bool:
    """Whether somebody has written cases for the task: a new one has none."""
    return task_type == "qa_plan" or _issues_of(task_type).exists()


def _issues_of(task_type: TaskType) -> Path:
    return HERE / f"{task_type}.json"


def load(task_type: TaskType, folder: Path | None = None) -> list[Case]:
    """The cases of a task. Raises BadCase."""
    return pull_requests(folder or QA_PLANS) if task_type == "qa_plan" else issue_cases(task_type)


def _pull_request(path: Path) -> Case:
    content = _read(path)
    truth = path.with_name(f"{path.stem}.truth.json")
    try:
        return Case(
            name=path.stem,
            task_type="qa_plan",
            repository=content["repository"],
            number=int(content["pull"]["number"]),
            content={"pull": content["pull"], "files": content["files"], "issue": content.get("issue")},
            truth=_read(truth) if truth.exists() else None,
            options={"linked": (content.get("issue") or {}).get("number")},
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BadCase(f"{path} is no pull request in GitHub's REST shape: {error!r}") from None


def _issue_cases(task_type: TaskType, file: Mapping[str, Any]) -> Iterator[Case]:
    for raw in file["cases"]:
        issues = [_issue(issue) for issue in raw.get("issues", [raw])]
        yield Case(
            name=raw["name"],
            task_type=task_type,
            repository=file["repository"],
            number=issues[0]["number"],
            content={"issues": issues, "tree": raw.get("tree", file.get("tree", []))},
            truth=raw["truth"],
            options=raw.get("options", {}),
        )


def _issue(raw: Mapping[str, Any]) -> dict[str, Any]:
    """An issue in GitHub's REST shape, from the fields that differ between cases."""
    author = {"login": raw.get("author", "petra-lindqvist"), "id": 71_002, "type": "User"}
    return {
        "number": raw["number"],
        "title": raw["title"],
        "body": raw["body"],
        "state": "open",
        "user": author,
        "author_association": "MEMBER",
        "labels": [{"name": name} for name in raw.get("labels", ["status:triage"])],
    }


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise BadCase(f"{path} cannot be read: {error}") from None
