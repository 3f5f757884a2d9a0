"""The corpora: every line is treated as its class demands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeVar

import pytest

from core.policy.readings import Readings
from core.policy.rules import TEXT_RULES, Rule
from tests.corpus.load import BrokenAnswer, Case, Plan, broken, hostile, ordinary, plans
from tools.judge import judge_raw
from tools.policy_report import CONTEXT, fault, stopped

Line = TypeVar("Line", Case, BrokenAnswer)


def by_kind(lines: Iterable[Line]) -> Mapping[str, list[Line]]:
    found: dict[str, list[Line]] = {}
    for line in lines:
        found.setdefault(line.kind, []).append(line)
    return found


HOSTILE: Final = by_kind(hostile())
ORDINARY: Final = by_kind(ordinary())
BROKEN: Final = by_kind(broken())


def require_none_wrong(cases: Sequence[Case]) -> None:
    """Names every line that is treated otherwise, since one test judges all lines of a kind."""
    wrong = [f"{case.id}: {what} ({case.why})" for case in cases if (what := fault(case)) is not None]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_text_is_refused_asked_about_or_inert(kind: str) -> None:
    require_none_wrong(HOSTILE[kind])


@pytest.mark.parametrize("kind", ORDINARY)
def test_ordinary_text_passes_and_is_inert(kind: str) -> None:
    require_none_wrong(ORDINARY[kind])


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_answer_is_refused_with_its_fault(kind: str) -> None:
    wrong = []
    for case in BROKEN[kind]:
        judged = judge_raw(case.raw, case.files, "qa_plan", CONTEXT)
        verdict = (judged["valid"], judged["classification"], judged["rendered"])
        if verdict != (False, "rejected", None) or not judged["error"]:
            wrong.append(f"{case.id}: {verdict}, error {judged['error']!r} ({case.why})")
    assert not wrong, "\n".join(wrong)


def test_each_line_has_a_name_of_its_own() -> None:
    names = [case.id for case in (*hostile(), *ordinary(), *broken())]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("plan", plans(), ids=lambda plan: plan.name)
def test_plan_that_a_model_drafted_is_stopped_by_what_is_listed_alone(plan: Plan) -> None:
    assert list(stopped(plan)) == []


def test_every_tier_says_why_and_trust_is_for_words_alone() -> None:
    assert {case.tier for case in hostile()} == {"refused", "asks", "inert", "trust"}
    assert all(case.why for case in hostile())
    kinds = {case.kind for case in hostile() if case.tier == "trust"}
    assert kinds.isdisjoint({"mention", "agent", "structure", "image", "html-comment", "script", "invisible"})
    assert not {kind for kind in kinds if kind.startswith("command")}


def test_corpora_are_as_large_as_promised() -> None:
    assert len(hostile()) >= 300
    assert len(ordinary()) >= 200
    assert len(broken()) >= 100
    assert len({case.body for case in hostile()}) == len(hostile())


@pytest.mark.parametrize("rule", TEXT_RULES, ids=lambda rule: rule.name)
def test_each_rule_is_missed_when_it_is_removed(rule: Rule) -> None:
    rest = CONTEXT.only({other.name for other in TEXT_RULES if other is not rule})
    its_own = (case for case in hostile() if len(case.body) < 2000 and any(rule.check(Readings(case.body), CONTEXT)))
    assert any(fault(case, rest) is not None for case in its_own)
