"""Corpus cases that fit a field, through the front door. `make front-door` sends all of them."""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

from tests.conftest import MakeStack
from tests.corpus.load import OWN, Case, hostile, ordinary
from tests.prove.report import Report
from tests.support.front_door import FITS, knock, wrong

EACH = int(os.environ.get("EACH", "24"))
"""Every so manieth case: the policy has judged them all in tests/core/policy, this is about the way to it."""
KNOWN_GAPS = frozenset({"h1490"})
"""`rm -rf .` asks where nothing follows it; between the texts of a plan its dot ends the sentence, and it passes."""
AT_A_TIME = 40
"""Cases between two clean slates: the window takes fifty tasks."""


def _is_of_the_corpora(case: Case) -> bool:
    """Whether it is about secrets that are the corpora's and not the stack's: tests/core/policy has those."""
    own = (secret.lower() in case.body.lower() for secret in OWN)
    return case.kind in ("secret-own", "canary") or any(own)


def _is_known(fault: str) -> bool:
    return fault.partition(":")[0] in KNOWN_GAPS


def test_the_corpora_through_the_front_door(make_stack: MakeStack, sample: dict[str, Any], report: Report) -> None:
    stack = make_stack({"GUARDRAIL_OVERRIDE": "acknowledged", "MAX_COMMENTS_PER_TARGET_PER_DAY": "100"})
    counts: Counter[str] = Counter()
    faults = []
    chosen = (*hostile()[::EACH], *ordinary()[::EACH])
    cases = [case for case in chosen if len(case.body) <= FITS and not _is_of_the_corpora(case)]
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
    assert [fault for fault in faults if not _is_known(fault)] == []
