"""`make mutate`: removes each clause of each conditional write in turn; some test has to fail.

`python -m tests.prove_mutation.mutate [WORD …]` takes only clauses whose file, function or text contains a word.
Works on copies of the repository. Exit status 1 when a clause is not missed by any test.
"""

from __future__ import annotations

import importlib.util
import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local.child import ROOT
from tests.prove_mutation.clauses import Mutant, mutants

COPIES: Final = 2
LEFT_OUT: Final = (".git", ".venv*", ".aws-sam", ".local", ".*_cache", ".hypothesis", "__pycache__", "build")
ENGINE: Final = ".venv-engine"
MOST_SECONDS: Final = 300.0
"""A run of the tests that takes longer counts as failed: the condition kept something from looping."""
CORE: Final = "src/core"
RENDERING: Final = f"{CORE}/store.py"
"""Renders conditions and has none of its own."""

CONDITIONS: Final = "tests/engine/test_conditions.py"
TESTS: Final = {
    "src/core/actions/states.py": (
        CONDITIONS,
        "tests/engine/approvals/test_reconcile.py",
        "tests/engine/approvals/test_superseded.py",
        "tests/engine/approvals/test_outcomes.py",
    ),
    "src/core/runs/deliveries.py": (CONDITIONS,),
    "src/core/dispatcher/dedupe.py": (CONDITIONS,),
    "src/core/dispatcher/ledger.py": ("tests/engine/dispatcher/test_ledger.py", CONDITIONS),
    "src/core/audit/erasure.py": (CONDITIONS,),
    "src/core/dispatcher/gates.py": (CONDITIONS, "tests/engine/approvals/test_superseded.py"),
    "src/core/runs/queue.py": (CONDITIONS,),
    "src/core/runs/record.py": (CONDITIONS, "tests/engine/runs/test_pipeline.py"),
}
"""The tests that know a file with conditional writes."""

FAILED: Final = re.compile(r"^(?:FAILED|ERROR) (\S+?)(?: - .*)?$", re.M)


@dataclass(frozen=True)
class Outcome:
    """What one mutant came to: the test that misses the clause, or empty."""

    mutant: Mutant
    killed_by: str


def find(words: Sequence[str] = ("",)) -> list[Mutant]:
    """All clauses of the core, or those that contain one of `words`."""
    found: list[Mutant] = []
    for file in sorted((ROOT / CORE).rglob("*.py")):
        path = str(file.relative_to(ROOT))
        if path != RENDERING:
            found += mutants(path, file.read_text())
    return [mutant for mutant in found if any(word in f"{mutant.name} {mutant.clause}" for word in words)]


class Copy:
    """A copy of the repository that may be broken."""

    def __init__(self, directory: Path) -> None:
        self._root = directory
        shutil.copytree(ROOT, directory, ignore=shutil.ignore_patterns(*LEFT_OUT), dirs_exist_ok=True)
        (directory / ENGINE).symlink_to(ROOT / ENGINE)

    def try_out(self, mutant: Mutant) -> Outcome:
        file = self._root / mutant.path
        whole = file.read_text()
        try:
            self._write(file, mutant.source)
            return Outcome(mutant, self.run(TESTS[mutant.path]))
        finally:
            self._write(file, whole)

    def run(self, tests: Sequence[str]) -> str:
        """The first test that fails; empty when all pass."""
        command = [sys.executable, "-m", "pytest", "-x", "-p", "no:cacheprovider", "--no-header", "--tb=no", *tests]
        try:
            done = subprocess.run(  # noqa: S603 - our own interpreter and tests
                command,
                cwd=self._root,
                env={**os.environ, "PYTHONPATH": "src:."},
                capture_output=True,
                text=True,
                timeout=MOST_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return "no end"
        if done.returncode == 0:
            return ""
        failed = FAILED.search(done.stdout)
        if done.returncode != 1 or failed is None:
            raise RuntimeError(f"the tests could not be run:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        return failed[1]

    def _write(self, file: Path, source: str) -> None:
        file.write_text(source)
        # Two versions of one size within one second look the same to Python's cache.
        Path(importlib.util.cache_from_source(str(file))).unlink(missing_ok=True)


def try_all(found: Sequence[Mutant], told: Callable[[Outcome], None]) -> list[Outcome]:
    """Every mutant, on as many copies as there are; `told` hears of each at once.

    Raises RuntimeError when the tests fail with everything in place.
    """
    with tempfile.TemporaryDirectory() as directory:
        copies: queue.SimpleQueue[Copy] = queue.SimpleQueue()
        for number in range(COPIES):
            copies.put(Copy(Path(directory) / str(number)))
        lock = threading.Lock()

        def one(mutant: Mutant) -> Outcome:
            copy = copies.get()
            try:
                outcome = copy.try_out(mutant)
            finally:
                copies.put(copy)
            with lock:
                told(outcome)
            return outcome

        whole = copies.get()
        for tests in dict.fromkeys(TESTS[mutant.path] for mutant in found):
            if failing := whole.run(tests):
                raise RuntimeError(f"{failing} fails with all conditions in place")
        copies.put(whole)
        with ThreadPoolExecutor(COPIES) as pool:
            return list(pool.map(one, found))


def main(arguments: Sequence[str]) -> int:
    """Print the table."""
    found = find(arguments or ("",))
    if not found:
        print("no clause contains such a word")
        return 2
    print(f"{len(found)} clauses of conditional writes, each removed in turn\n", flush=True)

    def told(outcome: Outcome) -> None:
        test = outcome.killed_by.rsplit("/", 1)[-1] or "SURVIVED"
        print(f"{outcome.mutant.name}\n    {outcome.mutant.clause}\n    -> {test}", flush=True)

    outcomes = try_all(found, told)
    survivors = [outcome.mutant for outcome in outcomes if not outcome.killed_by]
    print(f"\n{len(found) - len(survivors)} of {len(found)} clauses: a test fails without them")
    for mutant in survivors:
        print(f"SURVIVED {mutant.name}: {mutant.clause}")
    return 1 if survivors else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
