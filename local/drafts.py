"""What the model stand-in writes: a QA plan derived from the files that the prompt lists, and what `issue_drafts` has.

Not intelligence, and it says so in every plan: a rule per kind of file, one test per acceptance
criterion and per group of changed files.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final

from local.issue_drafts import NOT_CLAUDE, agent_brief, criteria, parts, sprint_plan, triage

_FILE: Final = re.compile(r"^(?P<status>[a-z]+) \+(?P<added>\d+) -(?P<removed>\d+) \[(?P<kind>[a-z ]+)\] (?P<path>.+)$")
_MAX_FILE_TESTS: Final = 8
_MAX_COVERS: Final = 20


@dataclass(frozen=True)
class File:
    """A changed file, as the prompt lists it."""

    path: str
    kind: str
    added: int
    removed: int


def draft(user_text: str, schema: Mapping[str, Any] | None, system_text: str = "") -> str:
    """The answer's text for one prompt. A schema that is not known gets a sentence, which no policy takes."""
    fields = (schema or {}).get("properties", {})
    if "test_plan" in fields:
        answer = qa_plan(user_text)
    elif "priority" in fields:
        answer = triage(user_text, system_text)
    elif "objective" in fields:
        answer = agent_brief(user_text)
    elif "goal" in fields:
        answer = sprint_plan(user_text)
    else:
        return f"{NOT_CLAUDE}. It has no draft for this kind of task."
    return json.dumps(answer, ensure_ascii=False)


def qa_plan(user_text: str) -> dict[str, Any]:
    """A plan in the shape of the qa_plan schema."""
    sections = parts(user_text)
    issue = next((text for name, text in sections.items() if name.startswith("linked issue")), "")
    files = _files(sections.get("changed files", ""))
    tested = [file for file in files if file.kind in ("source", "test", "minified", "vendored")]
    source = [file for file in tested if file.kind == "source"] or tested
    evidence = (
        f"The list of changed files names {len(files)}, {len(source)} of them to be tested, with "
        f"{sum(f.added for f in files)} lines added and {sum(f.removed for f in files)} removed."
    )
    if not source:
        return {
            **_NOTHING,
            "summary": "Only text, generated or binary files change; the stand-in sees nothing that could break.",
            "nothing_to_test": "Only documentation, generated or binary files change, and no behaviour of the product.",
            "reason": f"{NOT_CLAUDE}: it found no file whose behaviour a tester could see.",
            "evidence": evidence,
        }
    tests = [_criterion_test(n, text, source) for n, text in enumerate(criteria(issue), 1)]
    covered = {path for test in tests for path in test["covers"]}
    groups = _groups([file for file in source if file.path not in covered])
    tests += [_file_test(n, group) for n, group in enumerate(groups, 1)]
    plan = tests[:12]
    return {
        **_NOTHING,
        "observations": _observations(source, plan),
        "summary": f"{len(source)} files that can change behaviour change. The largest change comes first.",
        "test_plan": plan,
        "short_run": [test["ac_id"] for test in plan[:2]],
        "general_checks": ["What worked before in the same area still works: repeat its main path once."],
        "not_tested": [
            {"what": "What the automated tests of the repository cover", "why": "they run before a person does"}
        ],
        "nothing_to_test": None,
        "reason": f"{NOT_CLAUDE}: one test per acceptance criterion and per group of changed files.",
        "evidence": evidence,
    }


_NOTHING: Final[Mapping[str, Any]] = {
    "observations": [],
    "setup": [],
    "test_plan": [],
    "short_run": [],
    "before_merge": None,
    "general_checks": [],
    "not_tested": [],
    "open_questions": [],
}


def _observations(source: Sequence[File], plan: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Where most lines went away, and the scenario that goes there."""
    largest = sorted(source, key=lambda file: -file.removed)[:2]
    return [
        {
            "kind": "changed",
            "where": file.path,
            "what": f"{file.removed} lines went away and {file.added} came: what relied on the old ones must be seen.",
            "certainty": "unsure",
            "proof": next((f"{test['ac_id']}.1" for test in plan if file.path in test["covers"]), None),
        }
        for file in largest
    ]


def _scenario(
    ac_id: str, title: str, holds: str, covers: Sequence[str], steps: Sequence[Sequence[str]], basis: str
) -> dict[str, Any]:
    """One test in the shape of the schema. Each step is what to do, and what to expect then."""
    return {
        "ac_id": ac_id,
        "title": title,
        "ac_text": holds[:300],
        "basis": basis,
        "risk": "medium",
        "minutes": 3 * len(steps),
        "covers": list(covers),
        "steps": [{"do": do, "code": None, "expect": expect} for do, expect in steps],
        "edge_cases": ["An empty value", "The same action twice in a row"],
    }


_CRITERION: Final = (
    ("Perform the action that the criterion describes, on a record for which it matters.", "The criterion holds."),
    ("Reload, and look at the record again as a second user.", "It still holds, for both users."),
    ("Try what the criterion excludes, or a value just beyond its limit.", "A message says why not; nothing changes."),
)
_COMPARED: Final = ("Repeat it on the base branch and compare.", "Nothing differs but what the description says.")


def _files(listing: str) -> list[File]:
    matches = (_FILE.match(line) for line in listing.split("\n"))
    return [File(m["path"], m["kind"], int(m["added"]), int(m["removed"])) for m in matches if m]


def _criterion_test(number: int, text: str, source: Sequence[File]) -> dict[str, Any]:
    words = {word.lower() for word in re.findall(r"\w{4,}", text)}

    def closeness(file: File) -> int:
        return len(words & {part.lower() for part in re.findall(r"[A-Za-z]{4,}", file.path)})

    covers = [file.path for file in sorted(source, key=lambda file: (-closeness(file), -file.added))[:3]]
    return _scenario(f"AC{number}", f"Criterion {number} holds", text, covers, _CRITERION, "criterion")


def _groups(source: Sequence[File]) -> list[list[File]]:
    """One group per file while they are few, else one per directory, the largest changes first."""
    by_size = sorted(source, key=lambda file: -(file.added + file.removed))
    if len(by_size) <= _MAX_FILE_TESTS:
        return [[file] for file in by_size]
    directories: dict[str, list[File]] = defaultdict(list)
    for file in by_size:
        directories[str(PurePosixPath(file.path).parent)].append(file)
    return list(directories.values())[:_MAX_FILE_TESTS]


_STEPS: Final[tuple[tuple[tuple[str, ...], str, str], ...]] = (
    ((".sql",), "Apply the migration to a copy of the database, twice.", "The second run changes nothing."),
    ((".tsx", ".jsx", ".vue", ".svelte", ".css", ".scss", ".html"),
     "Open the page that uses this file, on a wide and on a narrow screen.",
     "The page shows the change and nothing else moved."),
    ((".yml", ".yaml", ".toml", ".json", ".ini", ".cfg"),
     "Start the service with the changed configuration, and once with the old one.",
     "It starts with both, and the log names no unknown setting."),
)  # fmt: skip
_OTHER_STEP: Final = (
    "Call what this file offers with ordinary input, with empty input, and with input it must refuse.",
    "The results are those of the description, and what is refused leaves nothing behind.",
)


def _file_test(number: int, group: Sequence[File]) -> dict[str, Any]:
    suffix = PurePosixPath(group[0].path).suffix
    first = next((row for suffixes, *row in _STEPS if suffix in suffixes), _OTHER_STEP)
    changed = "this file" if len(group) == 1 else f"these {len(group)} files of one directory"
    covers = [file.path for file in group[:_MAX_COVERS]]
    holds = f"The change to {changed} does what the pull request says"
    return _scenario(f"F{number}", "The change does what it says", holds, covers, [first, _COMPARED], "diff")
