"""The verifier as a stranger runs it: one file, without this project, on what somebody handed over."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from local.child import ROOT
from tests.support.forge import KEY, Forged, posted, refusal


@pytest.fixture
def stranger(tmp_path: Path) -> Path:
    """A folder with nothing but the verifier."""
    shutil.copy(ROOT / "verifier" / "dfg_verify.py", tmp_path)
    return tmp_path


def check(folder: Path, forged: Forged, *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "audit.jsonl").write_text("".join(json.dumps(record) + "\n" for record in forged.records))
    return subprocess.run(  # noqa: S603 - our own file
        [sys.executable, "-I", "dfg_verify.py", "audit.jsonl", "--key", KEY, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def honest() -> Forged:
    events = [*posted("a", 0), *refusal("b", 1)]
    return Forged().add(posted("a", 0), refusal("b", 1)).covers(events)


def test_an_honest_log_against_the_checkpoints_of_the_bucket(stranger: Path) -> None:
    forged = honest()
    folder = stranger / "bucket" / "checkpoints"
    folder.mkdir(parents=True)
    (folder / "0000000000.note").write_text(forged.notes[0])
    done = check(stranger, forged, "--known", "bucket")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "2 chains, 6 events, 1 checkpoints, 0 contents\nnothing wrong\n"


def test_what_could_not_be_checked_is_said(stranger: Path) -> None:
    done = check(stranger, honest())
    assert done.returncode == 0
    assert "UNCHECKED  no checkpoint from elsewhere was given" in done.stdout
    assert done.stdout.endswith("nothing wrong; 1 things could not be checked\n")


def test_a_fault_is_named(stranger: Path) -> None:
    forged = honest()
    del forged.records[3]
    done = check(stranger, forged)
    assert done.returncode == 1
    assert "WRONG      chain a: event 3 is missing or out of order (found 4)" in done.stdout
    assert json.loads(check(stranger, forged, "--json").stdout)["faults"]


def test_nothing_proven_and_nothing_readable_are_not_success(stranger: Path) -> None:
    unsigned = check(stranger, Forged().add(posted("a", 0)))
    assert (unsigned.returncode, "nothing is proven" in unsigned.stdout) == (2, True)
    assert check(stranger, honest(), "--known", "missing.note").returncode == 2
    forged = honest()
    forged.records[0]["event"]["seq"] = 0.5
    done = check(stranger, forged)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "cannot be checked: line 1: 0.5 is not a whole number\n"
