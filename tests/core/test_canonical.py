from __future__ import annotations

import pytest

from core.canonical import canonical, iso


def test_canonical_json_refuses_floats_anywhere() -> None:
    with pytest.raises(TypeError):
        canonical({"deep": [{"cost": 0.1}]})


def test_times_sort_as_text() -> None:
    assert sorted([iso(1_790_000_000_999), iso(1_790_000_000_001), iso(999)]) == [
        iso(999),
        iso(1_790_000_000_001),
        iso(1_790_000_000_999),
    ]
    assert iso(0) == "1970-01-01T00:00:00.000Z"
