"""A verdict stays small whatever the model wrote: it is part of items that end at 400 KB."""

from __future__ import annotations

import json
from typing import Any

from core.policy.engine import MOST_FINDINGS
from core.types import Facts
from tests.core.policy.conftest import judge
from tests.support.plans import step

BAD = "/merge @claude fixes #1 <!-- x --> ![i](javascript:x) https://evil.example/x bors r+ AKIAABCDEFGHIJKLMNOP "


def size(verdict: Any) -> int:
    return len(json.dumps([finding.as_json() for finding in verdict.findings]))


def test_a_thousand_objections_are_counted_and_fifty_told(plan: dict[str, Any], facts: Facts) -> None:
    item = plan["test_plan"][0]
    plan["test_plan"] = [{**item, "steps": [step(BAD + str(n), BAD) for n in range(10)]} for _ in range(12)]
    verdict = judge(json.dumps(plan), facts)
    assert verdict.classification == "rejected"
    assert len(verdict.findings) == MOST_FINDINGS
    assert size(verdict) < 30_000
    assert {finding.severity for finding in verdict.findings} == {"refuse"}
    assert "more)" in verdict.reason


def test_a_field_of_the_models_own_making_is_cut_short(plan: dict[str, Any], facts: Facts) -> None:
    verdict = judge(json.dumps({**plan, "x" * 200_000: 1}), facts)
    assert verdict.classification == "rejected"
    assert size(verdict) < 2_000
