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
_DEFINITION: Final = re.compile(r"\b(?:def|func|function|class|struct)\s+(?:\([^)]*\)\s*)?([A-Za-z_]\w{2,40})")
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
    names = _definitions(sections.get("diffs", ""))
    tests = [_criterion_test(n, text, source) for n, text in enumerate(criteria(issue), 1)]
    covered = {path for test in tests for path in test["covers"]}
    groups = _groups([file for file in source if file.path not in covered])
    tests += [_file_test(n, group, names) for n, group in enumerate(groups, 1)]
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


def _scenario(ac_id: str, title: str, holds: str, covers: Sequence[str], steps: Sequence[str], expect: str,
              edges: Sequence[str], basis: str) -> dict[str, Any]:  # fmt: skip
    """One test in the shape of the schema: what is expected stands beside the last step."""
    done = [{"do": step, "code": None, "expect": None} for step in steps]
    done[-1]["expect"] = expect
    return {
        "ac_id": ac_id,
        "title": title,
        "ac_text": holds[:300],
        "basis": basis,
        "risk": "medium",
        "minutes": 2 * len(done),
        "covers": list(covers),
        "steps": done,
        "edge_cases": list(edges),
    }


def _files(listing: str) -> list[File]:
    matches = (_FILE.match(line) for line in listing.split("\n"))
    return [File(m["path"], m["kind"], int(m["added"]), int(m["removed"])) for m in matches if m]


def _definitions(diffs: str) -> dict[str, list[str]]:
    """Path → names defined or named by the hunks of its patch."""
    names: dict[str, list[str]] = defaultdict(list)
    path = ""
    for line in diffs.split("\n"):
        if line.startswith("file: "):
            path = line.removeprefix("file: ")
        elif line.startswith(("@@", "+", "-")) and len(names[path]) < 3:
            names[path] += [name for name in _DEFINITION.findall(line) if name not in names[path]]
    return names


def _criterion_test(number: int, text: str, source: Sequence[File]) -> dict[str, Any]:
    words = {word.lower() for word in re.findall(r"\w{4,}", text)}

    def closeness(file: File) -> int:
        return len(words & {part.lower() for part in re.findall(r"[A-Za-z]{4,}", file.path)})

    closest = sorted(source, key=lambda file: (-closeness(file), -file.added))
    _, steps, expected, edge_cases = next(plan for plan in _CRITERION_PLANS if plan[0].search(text))
    covers = [file.path for file in closest[:3]]
    title = f"Criterion {number} holds"
    return _scenario(f"AC{number}", title, text, covers, steps, expected, edge_cases, "criterion")


_CRITERION_PLANS: Final[tuple[tuple[re.Pattern[str], tuple[str, ...], str, tuple[str, ...]], ...]] = (
    (re.compile(r"\d"),
     ("Try it just below the limit that the criterion names.", "Try it exactly at the limit.",
      "Try it just beyond the limit."),
     "Below and at the limit it works; beyond it a message says why not, and nothing is changed.",
     ("The limit is reached while the page is open", "A value with spaces around it")),
    (re.compile(r"\b(?:not|cannot|never|no longer|without)\b", re.IGNORECASE),
     ("Prepare one record that the criterion excludes, and one that it does not.",
      "Attempt the action on the excluded record, in the app and directly at the API.",
      "Perform it on the other record."),
     "The excluded record is refused or absent everywhere, with a clear message; the other one works.",
     ("The record becomes excluded while the page is open", "The same request twice in a row")),
    (re.compile(""),
     ("Prepare a record for which the criterion matters.", "Perform the action that the criterion describes.",
      "Reload, and look at the record again as a second user."),
     "The criterion holds after the reload, for both users.",
     ("An empty value", "The same action twice in a row")),
)  # fmt: skip
"""What a criterion says → steps, what is expected after them, and what else to try."""


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


def _file_test(number: int, group: Sequence[File], names: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    suffix = PurePosixPath(group[0].path).suffix
    step, expected = next(((s, e) for suffixes, s, e in _STEPS if suffix in suffixes), _OTHER_STEP)
    defined = [name for file in group for name in names.get(file.path, ())][:3]
    about = f" Look at {', '.join(defined)} in particular." if defined else ""
    changed = "this file" if len(group) == 1 else f"these {len(group)} files of one directory"
    covers = [file.path for file in group[:_MAX_COVERS]]
    holds = f"The change to {changed} does what the pull request says"
    steps = [f"{step}{about}", "Repeat it on the base branch and compare."]
    edges = ["Two users at once", "A request that is repeated after a time-out"]
    return _scenario(f"F{number}", "The change does what it says", holds, covers, steps, expected, edges, "diff")
