"""What the functions' packages are made of."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.template.reading import ROOT, written

ADDRESS = re.compile(r"https?://")


def pinned(path: Path) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", path.read_text(), re.MULTILINE))


@pytest.mark.parametrize("kind", ["api", "worker"])
def test_packages_hold_the_versions_that_the_tests_run_with(kind: str) -> None:
    lock = ROOT / "src" / f"requirements-{kind}.txt"
    assert pinned(lock).items() <= pinned(ROOT / "requirements.lock").items()
    assert not ADDRESS.search(lock.read_text())


def test_only_the_worker_carries_the_sdk_of_the_model() -> None:
    assert "anthropic" in pinned(ROOT / "src" / "requirements-worker.txt")
    assert "anthropic" not in pinned(ROOT / "src" / "requirements-api.txt")


def test_packages_are_built_for_the_runtime_of_the_template() -> None:
    runtime = written()["Globals"]["Function"]["Runtime"]
    assert (
        f'os.environ.get("LAMBDA_PYTHON", "{runtime.removeprefix("python")}")'
        in (ROOT / "tools" / "package.py").read_text()
    )
