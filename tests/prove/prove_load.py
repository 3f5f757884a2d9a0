"""Fifty dispatches at once, and a hundred approvals, through the real stack."""

from __future__ import annotations

from typing import Any

from tests.conftest import MakeStack
from tests.prove.crowd import ROOMY
from tests.prove.judging_crowds import many_approvals_of_one, many_for_many, many_for_one, more_than_the_window_holds
from tests.prove.report import Report


def test_fifty_dispatches_for_fifty_pull_requests(
    make_stack: MakeStack, sample: dict[str, Any], report: Report
) -> None:
    report(f"load: 50 dispatches for 50 pull requests: {dict(many_for_many(make_stack(ROOMY), sample, 50))}")


def test_fifty_dispatches_for_one_pull_request(make_stack: MakeStack, sample: dict[str, Any], report: Report) -> None:
    report(f"load: 50 dispatches for one pull request: {dict(many_for_one(make_stack(), sample, 50))}")


def test_fifty_dispatches_under_the_usual_ceilings(
    make_stack: MakeStack, sample: dict[str, Any], report: Report
) -> None:
    report(
        f"load: 50 dispatches under the usual ceilings: {dict(more_than_the_window_holds(make_stack(), sample, 50))}"
    )


def test_a_hundred_approvals_of_one_action(make_stack: MakeStack, sample: dict[str, Any], report: Report) -> None:
    statuses = many_approvals_of_one(make_stack(worker=False), sample, 100)
    report(f"load: 100 approvals of one action: {dict(statuses)}")
