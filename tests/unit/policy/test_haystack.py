"""Looking for many words at once finds what looking for each of them would."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.policy.haystack import Haystack, Needles

LETTERS = st.text(alphabet="ab é\n日\U0001f512", max_size=40)
WORDS = st.lists(st.text(alphabet="ab é\n日\U0001f512", min_size=1, max_size=8), max_size=6)


@given(text=LETTERS, things=st.lists(WORDS, max_size=12))
def test_what_is_found_is_what_stands_there_in_order(text: str, things: list[list[str]]) -> None:
    needles = Needles(enumerate(things))
    assert needles.found(Haystack(text)) == [
        place for place, words in enumerate(things) if any(word in text for word in words)
    ]
