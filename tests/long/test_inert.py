"""Many thousand texts of a model, in every place of a comment."""

from __future__ import annotations

from hypothesis import given, settings

from tests.support.inert import TEXTS, require_inert, require_seen


@given(TEXTS)
@settings(max_examples=4_000, deadline=None)
def test_no_text_acts(text: str) -> None:
    require_inert(text)


@given(TEXTS)
@settings(max_examples=4_000, deadline=None)
def test_every_text_is_seen(text: str) -> None:
    require_seen(text)
