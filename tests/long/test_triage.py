"""Two runs on one issue at once, many times."""

from __future__ import annotations

from tests.handlers.conftest import MakeService, claude, make_service  # noqa: F401 - fixtures
from tests.handlers.test_triage import require_one_status


def test_two_runs_on_one_issue_at_once_never_leave_two_statuses(make_service: MakeService) -> None:  # noqa: F811
    require_one_status(make_service, rounds=20)
