"""The files that README names for reading: in this order, each with a sentence, and short enough for an hour."""

from __future__ import annotations

import ast
import re
from typing import Final

from tests.template.reading import ROOT

PATH: Final = (
    "src/core/types.py",
    "src/core/config.py",
    "src/core/runs/arrow.py",
    "src/core/runs/admit.py",
    "src/core/runs/generate.py",
    "src/core/policy/engine.py",
    "src/core/runs/finish.py",
    "src/core/approvals/approve.py",
    "src/core/dispatcher/ledger.py",
    "src/core/store.py",
)
MOST_LINES: Final = 2_500
MOST_OF_SRC: Final = (16_400, 10_050)
"""Lines and statements, see decision 20."""
STEP: Final = re.compile(r"^(\d+)\. \[`([\w.]+)`\]\(([\w./]+)\): (\w.+\.)$", re.MULTILINE)


def steps() -> list[tuple[str, str, str, str]]:
    """Number, name, path and sentence of each step in README."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    section = readme.partition("## Reading the source\n")[2].partition("\n## ")[0]
    return STEP.findall(section)


def test_readme_names_the_files_in_reading_order_each_with_a_sentence() -> None:
    assert tuple(path for _, _, path, _ in steps()) == PATH
    assert [int(number) for number, *_ in steps()] == list(range(1, len(PATH) + 1))
    assert all(path.endswith(f"/{name}") for _, name, path, _ in steps())


def test_the_files_of_the_reading_path_are_read_in_an_hour() -> None:
    lines = {path: len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path in PATH}
    assert sum(lines.values()) <= MOST_LINES, lines


def test_no_file_of_the_service_is_longer_than_one_purpose() -> None:
    lines = {
        str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines()) for path in ROOT.glob("src/**/*.py")
    }
    assert {name: count for name, count in lines.items() if count > 350} == {}


def test_the_service_grows_by_decision_alone() -> None:
    sources = [path.read_text("utf-8") for path in ROOT.glob("src/**/*.py")]
    lines = sum(len(source.splitlines()) for source in sources)
    statements = sum(isinstance(node, ast.stmt) for source in sources for node in ast.walk(ast.parse(source)))
    assert (lines <= MOST_OF_SRC[0], statements <= MOST_OF_SRC[1]) == (True, True), (lines, statements)


def test_the_policy_is_read_in_half_an_hour() -> None:
    lines = [
        len(path.read_text("utf-8").splitlines())
        for room in ("policy", "text")
        for path in ROOT.glob(f"src/core/{room}/*.py")
    ]
    assert sum(lines) <= 2_350
