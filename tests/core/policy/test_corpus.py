"""The corpora: every line is treated as its class demands."""

from __future__ import annotations

import pytest

from core.policy.readings import Readings
from core.policy.rules import TEXT_RULES, Rule
from tests.corpus.load import BrokenAnswer, Case, Plan, broken, hostile, ordinary, plans
from tools.judge import judge_raw
from tools.policy_report import CONTEXT, fault, stopped


@pytest.mark.parametrize("case", hostile(), ids=lambda case: case.id)
def test_hostile_text_is_refused_asked_about_or_inert(case: Case) -> None:
    assert fault(case) is None, case.why


@pytest.mark.parametrize("case", ordinary(), ids=lambda case: case.id)
def test_ordinary_text_passes_and_is_inert(case: Case) -> None:
    assert fault(case) is None, case.why


@pytest.mark.parametrize("case", broken(), ids=lambda case: case.id)
def test_broken_answer_is_refused_with_its_fault(case: BrokenAnswer) -> None:
    judged = judge_raw(case.raw, case.files, "qa_plan", CONTEXT)
    assert (judged["valid"], judged["classification"], judged["rendered"]) == (False, "rejected", None), case.why
    assert judged["error"]


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
