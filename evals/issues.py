"""Grades of triage, briefs and sprint plans, simple ones. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from core.types import TaskType
from evals.case import Case
from evals.metrics import Metric, Row
from evals.plans import has, plain

PRIORITIES: Final = ("P0", "P1", "P2", "P3")
SPRINTS: Final = ("current", "next", "backlog")


def triage(answer: Mapping[str, Any], case: Case) -> Row:
    """Beside what a person said of the issue: the priority next to theirs counts half."""
    known = case.truth or {}
    given = set(_strings(answer, "components"))
    expected = set(known["components"])
    asks = bool(_strings(answer, "questions"))
    return {
        "priority": _priority(answer.get("priority"), known["priority"]),
        "sprint": _yes(answer.get("sprint") in known["sprint"], str(answer.get("sprint"))),
        "components": Metric(len(given & expected), len(expected), "more", details=tuple(sorted(expected - given))),
        "extra": Metric(len(given - expected - set(known.get("maybe", ()))), better="less"),
        "asks": _yes(asks is known["asks"], "asks" if asks else "-"),
        "ready": _yes(answer.get("ready_for_dev") is known["ready"], str(answer.get("ready_for_dev"))),
    }


def agent_brief(answer: Mapping[str, Any], case: Case) -> Row:
    """Criteria and files that a person expects, files that do not exist, and what a zealous agent must not do."""
    known = case.truth or {}
    files, tree = _strings(answer, "files"), set(case.content["tree"])
    missing = [path for path in known["files"] if path not in files]
    return {
        "criteria": _facts(known["criteria"], _strings(answer, "acceptance_criteria")),
        "files": Metric(len(known["files"]) - len(missing), len(known["files"]), "more", details=tuple(missing)),
        "elsewhere": Metric(
            sum(path not in known["files"] and path not in known["files_too"] for path in files), better="less"
        ),
        "no such file": Metric(sum(path not in tree for path in files), better="less"),
        "kept out": _facts(known["out_of_scope"], _strings(answer, "out_of_scope")),
        "tests": _facts(known["tests"], [*_strings(answer, "test_notes"), *_strings(answer, "acceptance_criteria")]),
        "invented": _claims(known["must_not_claim"], _all(answer)),
        "words": Metric(sum(len(text.split()) for text in _all(answer))),
    }


def sprint_plan(answer: Mapping[str, Any], case: Case) -> Row:
    """Where a person would put each issue, what needs what, and how much fits."""
    known = case.truth or {}
    placed = {
        item["issue"]: item.get("sprint")
        for item in answer.get("items") or ()
        if isinstance(item, dict) and type(item.get("issue")) is int
    }
    wrong = [number for number, sprints in known["sprint"].items() if placed.get(int(number)) not in sprints]
    broken = [
        f"#{number} before #{needed}"
        for number, needs in case.options.get("depends_on", {}).items()
        for needed in needs
        if _too_early(placed.get(int(number)), placed.get(needed))
    ]
    capacity = case.options.get("capacity")
    current = sum(sprint == "current" for sprint in placed.values())
    return {
        "placed": Metric(
            len(known["sprint"]) - len(wrong), len(known["sprint"]), "more", details=tuple(f"#{one}" for one in wrong)
        ),
        "unplaced": Metric(sum(number not in placed for number in case.options.get("issues", ())), better="less"),
        "too early": Metric(len(broken), better="less", details=tuple(broken)),
        "too many": Metric(max(0, current - capacity) if capacity is not None else 0, better="less"),
        "goal": _yes(has(plain(str(answer.get("goal", ""))), known["goal"]), ""),
        "risks": _facts(known["risks"], _strings(answer, "risks")),
        "words": Metric(sum(len(text.split()) for text in _all(answer))),
    }


GRADERS: Final[Mapping[TaskType, Callable[[Mapping[str, Any], Case], Row]]] = {
    "triage": triage,
    "agent_brief": agent_brief,
    "sprint_plan": sprint_plan,
}


def _priority(given: Any, expected: str) -> Metric:
    if given not in PRIORITIES:
        return Metric(0, 1, "more", str(given))
    apart = abs(PRIORITIES.index(given) - PRIORITIES.index(expected))
    return Metric({0: 1, 1: 0.5}.get(apart, 0), 1, "more", given if apart == 0 else f"{given} not {expected}")


def _too_early(sprint: Any, needed: Any) -> bool:
    return sprint in SPRINTS and needed in SPRINTS and SPRINTS.index(sprint) < SPRINTS.index(needed)


def _yes(right: bool, word: str) -> Metric:
    return Metric(int(right), 1, "more", word if right else f"{word} (!)" if word else "no")


def _facts(facts: Iterable[Mapping[str, Any]], texts: Sequence[str]) -> Metric:
    """How many of the known facts stand in one text each."""
    known, plains = list(facts), [plain(text) for text in texts]
    missing = [fact["id"] for fact in known if not any(has(text, fact["words"]) for text in plains)]
    return Metric(len(known) - len(missing), len(known), "more", details=tuple(missing))


def _claims(facts: Iterable[Mapping[str, Any]], texts: Sequence[str]) -> Metric:
    plains = [plain(text) for text in texts]
    made = [fact["id"] for fact in facts if any(has(text, fact["words"]) for text in plains)]
    return Metric(len(made), better="less", details=tuple(made))


def _all(value: Any) -> list[str]:
    """Every text of an answer."""
    if isinstance(value, str):
        return [value]
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for child in children for text in _all(child)]


def _strings(holder: Mapping[str, Any], name: str) -> list[str]:
    values = holder.get(name)
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []
