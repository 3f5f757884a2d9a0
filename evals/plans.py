"""Grades of a QA plan that need no model. Pure.

The plan is a plain dict in whatever state the model left it: what is missing counts as empty, never as an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from evals.case import Case

_SPACE: Final = re.compile(r"\s+")
_WORD: Final = re.compile(r"[^\W_](?:[\w'’.-]*\w)?")
_NAMES: Final = re.compile(
    r"""
    (?<![\w/.@-])
    (?: [\w.-]+(?:/[\w.-]+)+\.\w{1,5}      # a/path.py
      | [\w-]+\.(?:py|go|tsx?|jsx?|rs|rb|sql|ya?ml|json|toml|tf|md|sh|css)\b
      | [a-z]\w*_\w+                        # snake_case
      | [A-Z][A-Z0-9]*_[A-Z0-9_]+           # CONSTANT
      | [a-z]+[a-z0-9]*[A-Z]\w+             # camelCase
      | [A-Za-z_]\w+(?=\(\))                # call()
    )
    """,
    re.VERBOSE,
)
_NO_NAMES: Final = frozenset({"iPhone", "iPad", "macOS", "iOS", "eBay", "gRPC", "localhost"})
_TEXTS: Final = ("summary", "nothing_to_test")
_OLD_STEP_ENDS: Final = "expected"


@dataclass(frozen=True)
class Step:
    """One thing a tester does."""

    do: str
    code: str
    expect: str


@dataclass(frozen=True)
class Unit:
    """A part of a plan that is read as one: an observation, an item with its steps, a question."""

    kind: str
    text: str
    files: str
    """Where its files may be named."""
    proves: bool
    """Whether it is an observation or has steps: only these can find a fault."""


@dataclass(frozen=True)
class Found:
    """Which of the known facts a plan has."""

    hits: tuple[str, ...]
    misses: tuple[str, ...]


@dataclass(frozen=True)
class PlanGrades:
    """What can be counted. `None` where there is no truth to compare with."""

    faults: Found | None
    behaviours: Found | None
    criteria: Found | None
    false_claims: Found | None
    """The hits are claims that a plan must not make."""
    verdict_on_testing: bool | None
    """Whether the plan has something to test where there is something, and nothing where there is nothing."""
    steps: int
    steps_with_expectation: int
    ungrounded: tuple[str, ...]
    words: int
    minutes: int


def grade(plan: Mapping[str, Any], case: Case) -> PlanGrades:
    """The grades of one plan."""
    units = list(_units(plan))
    steps = [step for item in _objects(plan, "test_plan") for step in _steps(item)]
    truth = case.truth
    return PlanGrades(
        faults=None if truth is None else _found(truth["faults"], [unit for unit in units if unit.proves]),
        behaviours=None if truth is None else _found(truth["behaviours"], units),
        criteria=None if truth is None else _criteria(truth["criteria"], plan),
        false_claims=None if truth is None else _found(truth["must_not_claim"], list(_sentences(units))),
        verdict_on_testing=None if truth is None else bool(steps) is not bool(truth["nothing_to_test"]),
        steps=len(steps),
        steps_with_expectation=sum(bool(step.expect.strip()) for step in steps),
        ungrounded=ungrounded(plan, case.material),
        words=words(plan),
        minutes=sum(item["minutes"] for item in _objects(plan, "test_plan") if type(item.get("minutes")) is int),
    )


def words(plan: Mapping[str, Any]) -> int:
    """Words that a tester reads, code apart."""
    return sum(len(_WORD.findall(text)) for text in _prose(plan))


def ungrounded(plan: Mapping[str, Any], material: str) -> tuple[str, ...]:
    """Paths and identifiers in prose that are neither in the material nor in the plan's own code."""
    own = "\n".join(step.code for step in _all_steps(plan))
    names = {name for text in _prose(plan) for name in _NAMES.findall(text)}
    return tuple(sorted(name for name in names - _NO_NAMES if name not in material and name not in own))


def has(text: str, groups: Sequence[Sequence[str]]) -> bool:
    """Whether the text has a word of each group, each as the beginning of a word."""
    return all(any(_pattern(word).search(text) for word in group) for group in groups)


@cache
def _pattern(word: str) -> re.Pattern[str]:
    """A number is looked for as a whole; a word also where it goes on: `truncat` stands for all its forms."""
    if word.isdigit():
        return re.compile(rf"(?<![\w.]){word}(?!\w)")
    before = r"(?<![^\W_])" if word[0].isalnum() else ""
    return re.compile(before + re.escape(word))


def plain(text: str) -> str:
    """Lower case, one blank between words, no code marks."""
    return _SPACE.sub(" ", text.replace("`", "").replace("’", "'").replace("‑", "-").casefold())


def _found(facts: Iterable[Mapping[str, Any]], units: Sequence[Unit]) -> Found:
    hits: list[str] = []
    misses: list[str] = []
    for fact in facts:
        known = any(has(unit.text, fact["words"]) and _at(unit, fact.get("file")) for unit in units)
        (hits if known else misses).append(fact["id"])
    return Found(tuple(hits), tuple(misses))


def _at(unit: Unit, path: str | None) -> bool:
    return path is None or path.rpartition("/")[2].casefold() in unit.files


def _criteria(ids: Iterable[str], plan: Mapping[str, Any]) -> Found:
    """A criterion is covered by an item with its id, or by one that names it."""
    items = _objects(plan, "test_plan")
    named = {_bare(_text(item, "ac_id")) for item in items}
    texts = [" ".join((_text(item, "ac_id"), _text(item, "title"), _text(item, "ac_text"))) for item in items]
    covered = {
        name
        for name in ids
        if _bare(name) in named or any(re.search(rf"\b{re.escape(name)}\b", text) for text in texts)
    }
    return Found(tuple(name for name in ids if name in covered), tuple(name for name in ids if name not in covered))


def _bare(name: str) -> str:
    return re.sub(r"[\W_]", "", name).casefold()


def _units(plan: Mapping[str, Any]) -> Iterator[Unit]:
    for one in _objects(plan, "observations"):
        where, what = _text(one, "where"), _text(one, "what")
        yield Unit("observation", plain(f"{where} {what}"), plain(f"{where} {what}"), proves=True)
    for item in _objects(plan, "test_plan"):
        steps = _steps(item)
        prose = [_text(item, "title"), _text(item, "ac_text"), *_strings(item, "edge_cases")]
        text = plain(" ".join([*prose, *(f"{step.do} {step.code} {step.expect}" for step in steps)]))
        yield Unit("item", text, plain(" ".join([*_strings(item, "covers"), text])), proves=bool(steps))
    others = [*_strings(plan, "general_checks"), *_strings(plan, "open_questions")]
    others += [f"{_text(one, 'what')} {_text(one, 'why')}" for one in _objects(plan, "not_tested")]
    others += [_text(plan, name) for name in _TEXTS]
    others += [f"{step.do} {step.code} {step.expect}" for step in _own_steps(plan, "setup")]
    for text in others:
        yield Unit("other", plain(text), plain(text), proves=False)


def _sentences(units: Iterable[Unit]) -> Iterator[Unit]:
    for unit in units:
        for sentence in re.split(r"(?<=[.;:!?]) ", unit.text):
            yield Unit(unit.kind, sentence, unit.files, unit.proves)


def _prose(plan: Mapping[str, Any]) -> Iterator[str]:
    """All texts that are shown, without code. Reason and evidence are folded away in the service, and left out."""
    yield from (_text(plan, name) for name in _TEXTS)
    for one in _objects(plan, "observations"):
        yield _text(one, "where")
        yield _text(one, "what")
    for step in _all_steps(plan):
        yield step.do
        yield step.expect
    for item in _objects(plan, "test_plan"):
        yield _text(item, "title")
        yield _text(item, "ac_text")
        yield from _strings(item, "edge_cases")
    yield from _strings(plan, "general_checks")
    yield from _strings(plan, "open_questions")
    for one in _objects(plan, "not_tested"):
        yield _text(one, "what")
        yield _text(one, "why")


def _all_steps(plan: Mapping[str, Any]) -> Iterator[Step]:
    yield from _own_steps(plan, "setup")
    for item in _objects(plan, "test_plan"):
        yield from _steps(item)


def _steps(item: Mapping[str, Any]) -> list[Step]:
    """Steps of today's shape, or sentences with one expectation behind the last, as they once were."""
    steps = _own_steps(item, "steps")
    expected = _text(item, _OLD_STEP_ENDS)
    if expected and steps:
        steps[-1] = Step(steps[-1].do, steps[-1].code, expected)
    return steps


def _own_steps(holder: Mapping[str, Any], name: str) -> list[Step]:
    steps = holder.get(name)
    found = []
    for step in steps if isinstance(steps, list) else ():
        if isinstance(step, str):
            found.append(Step(step, "", ""))
        elif isinstance(step, dict):
            found.append(Step(_text(step, "do"), _text(step, "code"), _text(step, "expect")))
    return found


def _objects(holder: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    values = holder.get(name)
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []


def _strings(holder: Mapping[str, Any], name: str) -> list[str]:
    values = holder.get(name)
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []


def _text(holder: Mapping[str, Any], name: str) -> str:
    value = holder.get(name)
    return value if isinstance(value, str) else ""
