"""A sample of the corpora through the front door; `make prove` sends more of them."""

from __future__ import annotations

import pytest

from local.stack import Stack
from tests.corpus.load import Case, hostile, ordinary
from tests.support.front_door import FITS, knock, wrong

SMALL = [case for case in (*hostile()[::150], *ordinary()[::100]) if len(case.body) <= FITS]


@pytest.mark.parametrize("case", SMALL, ids=lambda case: case.id)
def test_what_the_model_says_reaches_github_as_its_class_demands(stack: Stack, case: Case) -> None:
    assert wrong(case, knock(stack, case)) is None, case.why
