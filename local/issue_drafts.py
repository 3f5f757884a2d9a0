"""What the model stand-in writes about issues: triage, briefs, sprint plans. Rules of a line each, not intelligence.

A prompt is read back into its own words and the parts between its boundary lines.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

_BEGIN: Final = re.compile(r"^===== (?P<id>[0-9a-f]{32,}) begin (?P<name>[a-z ]+?(?: #\d+)?) =====$", re.MULTILINE)

NOT_CLAUDE: Final = "Drafted by the local stand-in model, which is not Claude"
PLAIN: Final = re.compile(r"[\w ,.;:'’()%+=–-]{10,400}")
"""Of the parts only plain words are quoted: what they say came from a stranger."""

_CRITERION: Final = re.compile(r"^\s*(?:[-*]\s+\[[ xX]\]|[-*]?\s*AC[- ]?\d+\s*[:.])\s*(?P<text>.+)$")
_URGENCY: Final[tuple[tuple[str, str, re.Pattern[str]], ...]] = (
    ("P0", "current", re.compile(r"crash|security|data loss|corrupt|production is down", re.IGNORECASE)),
    ("P1", "current", re.compile(r"\bblock|cannot|broken|\bwrong\b|fails", re.IGNORECASE)),
    ("P3", "backlog", re.compile(r"\btypo\b|polish|rename|clean ?up|\bdebt\b|colou?r", re.IGNORECASE)),
    ("P2", "next", re.compile("")),
)
_COMPONENTS: Final = re.compile(r"^The team's components\n((?:- .+\n)+)", re.MULTILINE)
_SHORT_BODY: Final = 40
"""Characters below which nobody could start."""
_MOST_COMPONENTS: Final = 5
_MOST_FILES: Final = 5
_USUAL_CAPACITY: Final = 5
_SPRINTS: Final = ("current", "next", "backlog")


def triage(user_text: str, system_text: str) -> dict[str, Any]:
    """Urgency by telling words; components that are named; questions when little is said."""
    said = parts(user_text)
    body = said["description"].removeprefix("(none)")
    text = f"{said['title']}\n{body}"
    priority, sprint = _urgency(text)
    known = [
        name for block in _COMPONENTS.findall(system_text) for name in re.findall(r"^- (.+)$", block, re.MULTILINE)
    ]
    questions = []
    if len(body.strip()) < _SHORT_BODY:
        questions.append("Which steps lead there, and what should happen instead?")
    if "?" in body:
        questions.append("What is the answer to the question that the description leaves open?")
    return {
        "priority": priority,
        "priority_rationale": f"The words of the issue are those of a {priority} by the stand-in's list.",
        "sprint": sprint,
        "components": [name for name in known if re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text)][
            :_MOST_COMPONENTS
        ],
        "questions": questions,
        "ready_for_dev": not questions,
        "reason": f"{NOT_CLAUDE}: it looks for telling words and for names of components.",
        "evidence": f"Title and description, {len(text)} characters in all.",
    }


def agent_brief(user_text: str) -> dict[str, Any]:
    """The issue's own criteria, and the first of the files that the prompt lists."""
    said = parts(user_text)
    title, body = said["title"], said["description"]
    files = [path for path in said["files"].split("\n") if path != "(none)"]
    known = criteria(body)
    return {
        "objective": title if PLAIN.fullmatch(title) else "What the issue asks for works, and a test shows it.",
        "context": f"The issue describes it in {len(body)} characters. {len(files)} files of the repository are known.",
        "acceptance_criteria": known
        or ["What the issue describes can be done, start to end.", "Wrong input is refused."],
        "files": files[:_MOST_FILES],
        "out_of_scope": ["Changes of behaviour that the issue does not name."],
        "test_notes": ["Write a test for each criterion that fails before the change.", "Try empty and wrong input."],
        "reason": f"{NOT_CLAUDE}: criteria come from the issue, files are the likeliest that the prompt lists.",
        "evidence": f"{len(known)} criteria of the issue, and the list of files.",
    }


def sprint_plan(user_text: str) -> dict[str, Any]:
    """The most urgent first, after what they need, while the current sprint has room."""
    certain, said = head(user_text), parts(user_text)
    numbers = [int(number) for number in re.findall(r"#(\d+)", _line(certain, "Issues to place: "))]
    takes = re.match(r"\d+", _line(certain, "The current sprint takes: "))
    capacity = int(takes[0]) if takes else _USUAL_CAPACITY
    needs = {
        int(number): [int(needed) for needed in re.findall(r"#(\d+)", rest)]
        for number, rest in re.findall(r"^- #(\d+) needs (.+)$", certain, re.MULTILINE)
    }
    urgency = {number: _urgency(said[f"issue #{number}"]) for number in numbers}
    places = _place(urgency, needs, capacity)
    return {
        "goal": "The most urgent of the planned issues are done, and nothing that they need is missing.",
        "items": [
            {
                "issue": number,
                "sprint": places[number],
                "rationale": f"Urgency {urgency[number][0]} by the stand-in's list, after what it needs.",
            }
            for number in sorted(numbers, key=lambda number: (_SPRINTS.index(places[number]), urgency[number], number))
        ],
        "risks": ["An issue turns out larger than its text says."],
        "reason": f"{NOT_CLAUDE}: it sorts by telling words and keeps to capacity and dependencies.",
        "evidence": f"{len(numbers)} issues, {sum(map(len, needs.values()))} dependencies, room for {capacity}.",
    }


def _place(urgency: Mapping[int, tuple[str, str]], needs: Mapping[int, list[int]], capacity: int) -> dict[int, str]:
    places: dict[int, str] = {}
    while True:
        free = [n for n in urgency if n not in places and all(needed in places for needed in needs.get(n, ()))]
        if not free:
            return places | {number: "backlog" for number in urgency if number not in places}
        number = min(free, key=lambda number: (urgency[number], number))
        earliest = max([urgency[number][1], *(places[n] for n in needs.get(number, ()))], key=_SPRINTS.index)
        full = list(places.values()).count("current") >= capacity
        places[number] = "next" if earliest == "current" and full else earliest


def _urgency(text: str) -> tuple[str, str]:
    return next((priority, sprint) for priority, sprint, words in _URGENCY if words.search(text))


def _line(text: str, start: str) -> str:
    return next(line.removeprefix(start) for line in text.split("\n") if line.startswith(start))


def parts(text: str) -> dict[str, str]:
    """Name → text of each part: `title`, `issue #12`."""
    found: dict[str, str] = {}
    for match in _BEGIN.finditer(text):
        end = text.find(f"\n===== {match['id']} end {match['name']} =====", match.end())
        found[match["name"]] = text[match.end() + 1 : end if end >= 0 else len(text)]
    return found


def head(text: str) -> str:
    """The service's own words before the first part."""
    first = _BEGIN.search(text)
    return text[: first.start()] if first else text


def criteria(issue: str) -> list[str]:
    """The acceptance criteria of an issue's text, in plain words."""
    matches = (_CRITERION.match(line) for line in issue.split("\n"))
    texts = [match["text"].replace("`", "").strip() for match in matches if match]
    return [
        text if PLAIN.fullmatch(text) else f"Acceptance criterion {n} of the linked issue"
        for n, text in enumerate(texts[:8], 1)
    ]
