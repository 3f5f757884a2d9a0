"""The cases are honest pull requests, and each has its truth."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from core.context.github_json import read_files, read_issue, read_pull
from evals.plans import has, plain

CASES = Path(__file__).parents[2] / "evals" / "cases"
NAMES = sorted(path.stem for path in CASES.glob("*.json") if not path.name.endswith(".truth.json"))
HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


def load(name: str) -> dict[str, Any]:
    return dict(json.loads((CASES / f"{name}.json").read_text("utf-8")))


def truth(name: str) -> dict[str, Any]:
    return dict(json.loads((CASES / f"{name}.truth.json").read_text("utf-8")))


def hunks(patch: str) -> list[tuple[re.Match[str], list[str]]]:
    found: list[tuple[re.Match[str], list[str]]] = []
    for line in patch.split("\n"):
        header = HUNK.match(line)
        if header:
            found.append((header, []))
        else:
            found[-1][1].append(line)
    return found


def test_there_are_small_cases_and_large_ones() -> None:
    sizes = sorted(sum(file["changes"] for file in load(name)["files"]) for name in NAMES)
    assert len(NAMES) >= 10
    assert sizes[0] <= 10
    assert sizes[-1] >= 2_000


@pytest.mark.parametrize("name", NAMES)
def test_hunks_have_the_lines_that_their_headers_count(name: str) -> None:
    for file in load(name)["files"]:
        moved = 0
        for header, lines in hunks(file["patch"]):
            kept = [line for line in lines if not line.startswith("\\")]
            assert all(line[:1] in (" ", "+", "-") for line in kept), file["filename"]
            removed = sum(line[:1] != "+" for line in kept)
            added = sum(line[:1] != "-" for line in kept)
            assert (removed, added) == (int(header[2] or 1), int(header[4] or 1)), file["filename"]
            if removed and added:
                assert int(header[3]) - int(header[1]) == moved, file["filename"]
            moved += added - removed


@pytest.mark.parametrize("name", NAMES)
def test_additions_and_deletions_are_those_of_the_patch(name: str) -> None:
    case = load(name)
    for file in case["files"]:
        lines = [line for _, lines in hunks(file["patch"]) for line in lines]
        assert file["additions"] == sum(line.startswith("+") for line in lines)
        assert file["deletions"] == sum(line.startswith("-") for line in lines)
        assert file["changes"] == file["additions"] + file["deletions"]
    for total in ("additions", "deletions"):
        assert case["pull"][total] == sum(file[total] for file in case["files"])
    assert case["pull"]["changed_files"] == len(case["files"])


@pytest.mark.parametrize("name", NAMES)
def test_a_case_is_what_github_answers(name: str) -> None:
    case = load(name)
    pull, count = read_pull(case["pull"], case["pull"]["number"])
    assert len(read_files(case["files"])) == count
    assert pull.head_sha != case["pull"]["base"]["sha"]
    if case["issue"]:
        read_issue(case["issue"], case["issue"]["number"])


@pytest.mark.parametrize("name", NAMES)
def test_a_truth_names_files_and_words(name: str) -> None:
    known = truth(name)
    paths = {file["filename"] for file in load(name)["files"]}
    assert known["nothing_to_test"] is not bool(known["faults"])
    for fault in known["faults"]:
        assert fault["file"] in paths
    for fact in (*known["faults"], *known["behaviours"], *known["must_not_claim"]):
        assert fact["description"]
        assert fact["words"]
        assert all(group and all(word == word.lower() for word in group) for group in fact["words"])


@pytest.mark.parametrize("name", NAMES)
def test_a_criterion_stands_in_what_the_model_reads(name: str) -> None:
    case = load(name)
    text = f"{case['pull']['body']}\n{(case['issue'] or {}).get('body', '')}"
    for criterion in truth(name)["criteria"]:
        assert re.search(rf"\b{re.escape(criterion)}\b", text)


@pytest.mark.parametrize("name", NAMES)
def test_a_truth_recognises_its_own_words(name: str) -> None:
    known = truth(name)
    for fact in (*known["faults"], *known["behaviours"]):
        assert has(plain(fact["description"]), fact["words"]), fact["id"]
