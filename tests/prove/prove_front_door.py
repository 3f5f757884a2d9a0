"""Corpus cases that fit a field, through the front door. `make front-door` sends all of them."""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

from tests.conftest import MakeStack
from tests.corpus.load import hostile, ordinary
from tests.prove.report import Report
from tests.support.front_door import FITS, knock, wrong

OWN_SECRETS = "secret-own"
EACH = int(os.environ.get("EACH", "24"))
"""Every so manieth case: the policy has judged them all in tests/core/policy, this is about the way to it."""
AT_A_TIME = 40
"""Cases between two clean slates: the window takes fifty tasks."""


def test_the_corpora_through_the_front_door(make_stack: MakeStack, sample: dict[str, Any], report: Report) -> None:
    stack = make_stack({"GUARDRAIL_OVERRIDE": "acknowledged", "MAX_COMMENTS_PER_TARGET_PER_DAY": "100"})
    counts: Counter[str] = Counter()
    faults = []
    chosen = (*hostile()[::EACH], *ordinary()[::EACH])
    # The corpora's own secrets are not those of the stack: tests/core/policy/test_corpus.py has them.
    cases = [case for case in chosen if len(case.body) <= FITS and case.kind != OWN_SECRETS]
    for number, case in enumerate(cases):
        if number % AT_A_TIME == 0:
            stack.reset()
            stack.repository.load(sample)
        passed = knock(stack, case)
        counts["posted" if passed.posted else passed.classification] += 1
        fault = wrong(case, passed)
        if fault:
            faults.append(f"{case.id}: {fault}")
    report(f"front door: {len(cases)} cases: {dict(counts)}, {len(faults)} wrong")
    assert faults == []
