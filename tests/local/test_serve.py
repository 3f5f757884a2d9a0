"""What `make serve` says while it runs."""

from __future__ import annotations

from pathlib import Path

from local.invoke import Delivery
from local.orders import Journal
from local.serve import failed


def test_a_run_over_which_the_worker_fails_is_named_with_the_log_that_says_why() -> None:
    deliveries: Journal[Delivery] = Journal()
    for run, succeeded in (("first", False), ("second", True), ("third", False)):
        deliveries.add(Delivery(f'{{"runId": "{run}"}}'.encode(), "request", 1, succeeded))
    said = [failed(deliveries, number, Path("logs")) for number in (0, 1)]
    assert said == [
        'The worker failed over {"runId": "first"}, attempt 1. Why: logs/worker.log',
        'The worker failed over {"runId": "third"}, attempt 1. Why: logs/worker.log',
    ]
