"""What `make serve` says while it runs."""

from __future__ import annotations

from pathlib import Path

from local.orders import Journal
from local.serve import given_up


def test_a_run_that_the_worker_gave_up_is_named_with_the_log_that_says_why() -> None:
    letters: Journal[bytes] = Journal()
    letters.add(b'{"runId": "first"}')
    letters.add(b'{"runId": "second"}')
    said = given_up(letters, 1, Path("logs"))
    assert said == 'The worker failed each time over {"runId": "second"}, which has not ended. Why: logs/worker.log'
