"""A corpus case through the front door: the model stand-in answers with it, the relay stand-in gets what is posted."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Final

from local.model import Order
from local.stack import Stack
from tests.corpus.bots import live
from tests.corpus.load import REPOSITORY, Case
from tests.support.caller import Caller
from tests.support.plans import a_plan, scenario, step

FITS: Final = 500
"""Characters of the field that carries the case."""


@dataclass(frozen=True)
class Passed:
    """What came of one case: the answer's status, and the comments that were posted."""

    status: int
    classification: str
    posted: tuple[str, ...]


def knock(stack: Stack, case: Case) -> Passed:
    """Dispatches at a new commit, with the case as the expected result of the one step of the plan.

    Where the case speaks of the corpora's repository it means the one that is asked about.
    """
    assert stack.model is not None
    stack.repository.push(42, hashlib.sha256(case.id.encode()).hexdigest()[:40])
    before = len(stack.repository.comments(42))
    path = stack.repository.files(42)[0]["filename"]
    text = re.sub(REPOSITORY, stack.repository.name, case.body, flags=re.IGNORECASE)
    plan = a_plan(path, test_plan=[scenario(path, steps=[step("Open the page", text)])])
    stack.model.order(Order(text=json.dumps(plan)))
    asked = len(stack.model.calls.entries())
    reply = Caller(stack.url, stack.token).post("/dispatch/qa-plan", {"prNumber": 42})
    assert len(stack.model.calls.entries()) == asked + 1, f"{case.id} was not what the model answered: {reply.body}"
    comments = stack.repository.comments(42)[before:]
    return Passed(reply.status, reply.body.get("classification", ""), tuple(c["body"] for c in comments))


def wrong(case: Case, passed: Passed) -> str | None:
    """What is wrong with that, None when it is as the case's class demands."""
    if passed.status not in (200, 422):
        return f"status {passed.status}"
    acts = [act for body in passed.posted if (act := live(body))]
    if acts:
        return f"live: {acts}"
    if case.tier == "passes":
        return None if len(passed.posted) == 1 else f"{passed.classification}, must be posted"
    if case.tier in ("refused", "asks") and passed.posted:
        return f"posted, must not be ({case.tier})"
    return None
