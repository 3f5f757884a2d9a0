"""Any text of a model is inert in every place of a comment, and seen as it is. `make long` tries many more."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings

from core.text.markdown import marker, write
from core.text.prose import blocks
from core.text.read_back import faults
from tests.corpus.bots import live
from tests.corpus.load import ordinary
from tests.support.inert import TEXTS, require_inert, require_seen


@given(TEXTS)
@settings(max_examples=150, deadline=None)
@example("_@foo.bar")
@example("`@a b@c.de`")
@example("]:")
@example("a\n===\n| b |\n|---|")
@example("```\n@x\n\n</pre>\n```\n")
def test_no_text_acts(text: str) -> None:
    require_inert(text)


@given(TEXTS)
@settings(max_examples=150, deadline=None)
@example("*`x`* and **`@y`**")
@example("\n@octocat")
def test_every_text_is_seen(text: str) -> None:
    require_seen(text)


def test_ordinary_texts_are_inert_as_they_are() -> None:
    mark = marker("6f1e6f0e-7d0b-5d6f-9a43-0c8f1b2a3d4e")
    for case in ordinary():
        body = write(blocks(case.body), mark)
        assert (faults(blocks(case.body), body), live(body)) == ((), None), case.id


@pytest.mark.parametrize("piece", ["[", "(a", "`a ", "``", "@a ", "{ x ", "ﷺ ", "**a ", "<a "])
def test_long_texts_take_time_in_proportion(piece: str) -> None:
    """Squared time would take minutes here."""
    text = piece * (60_000 // len(piece))
    write(blocks(text), "")
