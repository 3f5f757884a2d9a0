"""One answer's row of the table: what its task counts, what policy says, and what it cost. Pure."""

from __future__ import annotations

from typing import Final

from core.dispatcher import pricing
from core.types import Prompt, Verdict
from evals.answers import Given, read_answer
from evals.case import Case
from evals.issues import GRADERS
from evals.metrics import UNKNOWN, Metric, Row
from evals.plans import Found, PlanGrades, grade

_RANK: Final = {"rejected": 0.0, "requires_approval": 0.5, "auto_safe": 1.0}
MOST_FINDINGS: Final = 5


def row(case: Case, prompt: Prompt, given: Given, verdict: Verdict) -> Row:
    """All columns of one case."""
    answer = read_answer(given.text)
    if case.task_type == "qa_plan":
        graded: Row = _plan(case, grade(answer, case))
    else:
        graded = GRADERS[case.task_type](answer, case)
    return {**graded, "policy": _policy(verdict), **_spent(prompt, given)}


def _plan(case: Case, grades: PlanGrades) -> Row:
    testing = grades.verdict_on_testing
    return {
        "lines": Metric(case.changed_lines),
        "faults": _found(grades.faults),
        "behaviours": _found(grades.behaviours),
        "criteria": _found(grades.criteria),
        "false": UNKNOWN
        if grades.false_claims is None
        else Metric(len(grades.false_claims.hits), better="less", details=grades.false_claims.hits),
        "tests": UNKNOWN if testing is None else Metric(int(testing), 1, "more", "right" if testing else "wrong"),
        "expect": Metric(grades.steps_with_expectation, grades.steps, "more"),
        "ungrounded": Metric(len(grades.ungrounded), better="less", details=grades.ungrounded),
        "words": Metric(grades.words),
        "minutes": Metric(grades.minutes),
    }


def _found(found: Found | None) -> Metric:
    if found is None:
        return UNKNOWN
    return Metric(len(found.hits), len(found.hits) + len(found.misses), "more", details=found.misses)


def _policy(verdict: Verdict) -> Metric:
    findings = tuple(
        f"{finding.severity} {finding.rule} {finding.field}: {finding.why}"
        for finding in verdict.findings[:MOST_FINDINGS]
    )
    name = verdict.classification
    words = {"rejected": "refused", "requires_approval": "asks", "auto_safe": "posts"}
    return Metric(_RANK.get(name, 0.5), 1, "more", words.get(name, name), findings)


def _spent(prompt: Prompt, given: Given) -> Row:
    usage = given.usage
    return {
        "in": Metric(usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens),
        "out": Metric(usage.output_tokens),
        "dollars": Metric(pricing.cost(prompt.model, usage) / 1_000_000, better="less"),
        "note": Metric(None, word=given.note),
    }
