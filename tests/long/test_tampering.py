"""All of tests/engine/audit/test_tampering.py, for a log of more than 1,000 events."""

from __future__ import annotations

import pytest

from tests.engine.audit.test_tampering import *  # noqa: F403 - every test of it, and its fixtures
from tests.engine.audit.test_tampering import Size


@pytest.fixture(scope="module")
def size() -> Size:
    return Size(runs=115, to_a_checkpoint=40, victim=20, other=60, events=1000)
