"""docs/add-a-task.md, followed word for word in a copy of the repository: its files, its changes, its commands."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.child import ROOT

GUIDE = (ROOT / "docs" / "add-a-task.md").read_text()
BY_HAND = {
    "src/core/tasks/release_notes.py",
    "src/core/tasks/registry.py",
    "src/core/phases.py",
    "src/core/context/teams/dfg/packs.json",
    "src/core/context/teams/plain/packs.json",
    "tests/teams/kanban/packs.json",
    "src/handlers/release_notes.py",
    "template.yaml",
    "events/release_notes.json",
}
MADE = {
    "src/core/tasks/names.py",
    "src/core/tasks/schemas/release_notes.json",
    "src/handlers/page/tasks.js",
    "cli/dfg/tasks.py",
    "cli/README.md",
    "template.yaml",
    "docs/openapi.yaml",
    "docs/api.md",
    "docs/configuration.md",
    "docs/phases.md",
    "docs/teams.md",
    "events/oidc_release_notes.json",
    "tests/core/versions.json",
}
LEFT_OUT = (".*", "__pycache__", "build", "corpus", "cases", "recorded", "screenshots")
ANSWER = {
    "kind": "better",
    "note": "Listings that were dismissed no longer turn up in the search.",
    "steps": [],
    "reason": "The issue says what users saw, and what they see instead.",
    "evidence": "The description says that dismissed listings are still found.",
}
DISPATCH = """
import json, os, sys
from local.model import Order
from local.queue_demo import CONFIRMED, load_queue
from local.stack import Stack

with Stack({**os.environ, **CONFIRMED, "PHASE": "phase3"}) as stack:
    load_queue(stack.repository)
    stack.model.order(Order(text=sys.argv[1]))
    reply = stack.client.post("/dispatch/release-notes", {"issueNumber": 101})
    comments = [comment["body"] for comment in stack.repository.comments(101)]
print(json.dumps({"status": reply.status, "body": reply.body, "comments": comments}))
"""


class Copy:
    """A copy of the repository in which somebody works."""

    def __init__(self, path: Path) -> None:
        self.path = path
        shutil.copytree(ROOT, path, ignore=shutil.ignore_patterns(*LEFT_OUT))
        for environment in (".venv-engine", ".venv-sam"):
            (path / environment).symlink_to((ROOT / environment).resolve())

    def run(self, *arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        paths = os.pathsep.join(str(self.path / name) for name in ("src", "", "cli"))
        return subprocess.run(  # noqa: S603
            arguments,
            cwd=self.path,
            env={**os.environ, "PYTHONPATH": paths},
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )

    def files(self) -> dict[str, bytes]:
        found = (path for path in self.path.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
        return {str(path.relative_to(self.path)): path.read_bytes() for path in found if ".venv" not in str(path)}

    def changed(self, before: dict[str, bytes]) -> set[str]:
        return {name for name, data in self.files().items() if before.get(name) != data}


def fenced(kind: str) -> Iterator[str]:
    yield from re.findall(rf"^```{kind}\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)


def write_by_hand(copy: Copy) -> None:
    """What the guide shows: whole files, changes, and the sample's command."""
    for name, text in re.findall(r"^`(src/\S+)`:\n\n```python\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL):
        (copy.path / name).write_text(text)
    for patch in fenced("diff"):
        done = copy.run("patch", "--strip=1", "--no-backup-if-mismatch", text=patch)
        assert done.returncode == 0, done.stdout
    sample, _ = fenced("sh")
    assert copy.run("sh", "-c", sample).returncode == 0


def generate(copy: Copy, *arguments: str) -> subprocess.CompletedProcess[str]:
    return copy.run(sys.executable, "-m", "tools.generate", *arguments)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    return Copy(tmp_path_factory.mktemp("newcomer") / "dfg")


def test_the_guide_adds_a_task_that_is_dispatched_and_posted(copy: Copy) -> None:
    before = copy.files()
    write_by_hand(copy)
    assert copy.changed(before) == BY_HAND
    stale = generate(copy, "--check")
    assert (stale.returncode, "run `make generate`" in stale.stderr) == (1, True)

    by_hand = copy.files()
    made = generate(copy)
    assert (made.returncode, made.stderr) == (0, "")
    assert copy.changed(by_hand) == MADE
    assert generate(copy, "--check").returncode == 0

    done = copy.run(sys.executable, "-c", DISPATCH, json.dumps(ANSWER))
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert (said["status"], said["body"]["state"]) == (200, "executed")
    [comment] = said["comments"]
    assert comment.startswith("## 🤖 Release note\n")
    assert ANSWER["note"] in comment


@pytest.mark.parametrize(
    ("file", "there", "instead", "told"),
    [
        (
            "src/core/context/teams/plain/packs.json",
            '"release_notes"',
            '"releases"',
            "plain/packs.json has no row for it",
        ),
        ("src/core/phases.py", '("release_notes", "api")', "", "no phase lists it"),
        (
            "template.yaml",
            "Path: /dispatch/release-notes",
            "Path: /dispatch/notes",
            "has no route /dispatch/release-notes",
        ),
        ("src/core/tasks/registry.py", '    "release_notes",\n', "", "core/tasks/registry.py has no line for it"),
        (
            "src/handlers/release_notes.py",
            "ReleaseNotesBody",
            "NotesBody",
            "release_notes.py has no class ReleaseNotesBody",
        ),
        ("src/handlers/release_notes.py", "issueNumber", "number", "asks for issueNumber, which ReleaseNotesBody of"),
        (
            "src/core/tasks/release_notes.py",
            'its address pasted."),',
            'its address pasted."), Asked("since", "Since", "A number.")',
            "cli/dfg/commands/release_notes.py is missing",
        ),
        ("src/core/tasks/release_notes.py", "Release note, template 1.", "Release note.", "must end in its version"),
        ("src/core/tasks/release_notes.py", 'posted="The', 'posted="" and "The', "posted must not be empty"),
    ],
)
def test_what_is_missing_is_told_with_its_file(copy: Copy, file: str, there: str, instead: str, told: str) -> None:
    path = copy.path / file
    text = path.read_text()
    assert there in text, "the guide is followed first"
    path.write_text(text.replace(there, instead))
    try:
        done = generate(copy)
    finally:
        path.write_text(text)
    assert done.returncode == 1
    assert "core/tasks/release_notes: " in done.stderr
    assert told in done.stderr


def test_a_task_whose_files_were_not_made_says_so_before_anything_is_paid(copy: Copy) -> None:
    path = copy.path / "src/core/tasks/names.py"
    text = path.read_text()
    path.write_text((ROOT / "src/core/tasks/names.py").read_text())
    try:
        done = copy.run(sys.executable, "-c", "from core.tasks import registry; registry.task('release_notes')")
    finally:
        path.write_text(text)
    assert "core/tasks/release_notes: it is new" in done.stderr
    assert "run `make generate`" in done.stderr
