"""A text that changes gets a new version: versions.json holds every version that there has been, with its digest.

To change a prompt template, a context pack, the price table or data of the policy: raise its version (the number in the
template's first line, `versions` in the team's packs.json, `PRICES_DATE`, the engine's number) and add a line here. A
line that is there is never changed. `python -m tests.core.test_versions` prints those of the files as they are.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from core.audit.provenance import SOURCE, code_digest, digest_of
from core.context import team
from core.dispatcher import pricing
from core.policy.version import version
from core.tasks import registry
from local.child import ROOT

HISTORY: Mapping[str, Mapping[str, str]] = json.loads(Path(__file__).with_name("versions.json").read_text())


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def templates() -> dict[str, str]:
    """First line → digest of every prompt template that there is."""
    texts = [registry.task(name).template for name in registry.REGISTERED]
    return {text.partition("\n")[0]: sha256(text) for text in texts}


def current() -> dict[str, dict[str, str]]:
    words = team.load()
    number, _, policy = version(words).partition("-")
    return {
        "prompts": templates(),
        "packs": {f"{pack.name} {pack.version}": pack.sha256 for packs in words.packs.values() for pack in packs},
        "prices": {pricing.PRICES_DATE: pricing.PRICES_VERSION.partition("/")[2]},
        "policy": {number: policy},
    }


def unrecorded() -> list[str]:
    """What is in use and has not the digest that its version has on record."""
    return [
        f"{kind}: {name}"
        for kind, texts in current().items()
        for name, digest in texts.items()
        if HISTORY[kind].get(name) != digest
    ]


def test_every_text_in_use_has_the_digest_that_its_version_has_on_record() -> None:
    assert unrecorded() == []


@pytest.mark.parametrize(
    ("file", "before", "after", "told"),
    [
        (
            "core/tasks/qa_plan/template.txt",
            "QA plan, template 3.\n",
            "QA plan, template 3.\nBe brief.\n",
            "prompts: QA plan, te",
        ),
        ("core/context/teams/dfg/packs/product.md", "", "\nOne more line.\n", "packs: product"),
        ("core/dispatcher/pricing.py", "Tier(None, 4_000, 20_000,", "Tier(None, 4_000, 19_000,", "prices: "),
        ("core/policy/data/harm.json", " delete ", " delette ", "policy: "),
        ("core/context/teams/dfg/taxonomy.json", '"status:verified"', '"status:checked"', "policy: "),
    ],
)
def test_a_text_that_changes_under_its_version_is_told(
    tmp_path: Path, file: str, before: str, after: str, told: str
) -> None:
    source = tmp_path / "src"
    shutil.copytree(SOURCE, source, ignore=shutil.ignore_patterns("__pycache__"))
    text = (source / file).read_text()
    assert before in text
    (source / file).write_text(text.replace(before, after) if before else text + after)
    done = subprocess.run(
        [sys.executable, "-m", "tests.core.test_versions"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(source), "."]), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert any(line.startswith(told) for line in done.stdout.splitlines()), done.stdout


def test_every_template_names_its_version() -> None:
    assert templates()
    assert all(line[:-1].rpartition(" template ")[2].isdigit() for line in templates())


def test_the_digest_of_the_code_is_that_of_its_files(tmp_path: Path) -> None:
    for package in ("core", "handlers"):
        (tmp_path / package / "__pycache__").mkdir(parents=True)
        (tmp_path / package / "a.py").write_text("x = 1\n")
    before = digest_of(tmp_path)
    line = "{}/a.py\0" + sha256("x = 1\n") + "\n"
    assert before == sha256(line.format("core") + line.format("handlers"))
    (tmp_path / "core" / "__pycache__" / "a.pyc").write_bytes(b"made by the interpreter")
    (tmp_path / "requirements.txt").write_text("not code of ours")
    assert digest_of(tmp_path) == before
    (tmp_path / "handlers" / "a.py").write_text("x = 2\n")
    assert digest_of(tmp_path) != before
    assert code_digest() == digest_of(SOURCE)


if __name__ == "__main__":
    print("\n".join(unrecorded()))  # noqa: T201
    sys.exit(1 if unrecorded() else 0)
