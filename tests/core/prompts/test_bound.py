"""No tokenizer that normalises or splits as it likes may find more tokens than the bound."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.prompts.tokens import FRAMING_TOKENS, byte_weight, character_weight, input_bound


def longest_form(text: str) -> int:
    return max(len(unicodedata.normalize(form, text).encode()) for form in ("NFC", "NFKC")) if text else 0


HOSTILE = {
    "one ligature of 18 letters": "\ufdfa" * 50,
    "squared words": "\u3316\u3356\ufdfb" * 20,
    "full width, which shrinks": "ＡＢＣ" * 50,
    "some that shrink beside some that grow": "Ａ" * 100 + "\ufdfa",
    "marks out of order": "A\u030a\u0323" * 30,
    "Hangul letters that compose": "\u1112\u1161\u11ab" * 30,
    "Hangul syllable and a trailing letter": "가\u11a8" * 30,
    "Kirat Rai vowels that compose two ways": "\U00016d63\U00016d67\U00016d67" * 9,
    "emoji family": "👩‍👩‍👧‍👦" * 20,
    "musical symbols, which decompose": "\U0001d160\U0001d164" * 20,
    "compatibility ideographs": "\uf900\U0002f800" * 20,
    "Hebrew presentation forms": "\ufb2c\ufb4f" * 20,
    "Tibetan, which never composes": "\u0f43\u0f73\u0f81" * 20,
    "tags": "\U000e0041\U000e007f" * 20,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_unicode_weighs_at_least_its_longest_form(name: str) -> None:
    text = HOSTILE[name]
    assert byte_weight(text) >= max(len(text.encode()), longest_form(text))


def test_joining_two_texts_can_make_them_longer_than_their_parts() -> None:
    """Why the bound is per code point: Å and a mark below are 4 bytes apart, 5 once composed anew."""
    first, second = "Å", "\u0323"
    assert longest_form(first + second) > longest_form(first) + longest_form(second)
    assert byte_weight(first + second) >= longest_form(first + second)


@settings(deadline=None)
@given(st.lists(st.text(max_size=20), max_size=6))
def test_any_join_and_any_split_stay_within_the_weight(parts: list[str]) -> None:
    whole = "".join(parts)
    assert byte_weight(whole) == sum(byte_weight(part) for part in parts)
    assert byte_weight(whole) >= len(whole.encode())
    assert byte_weight(whole) >= longest_form(whole)
    assert byte_weight(whole) >= sum(longest_form(part) for part in parts)


def test_composition_never_makes_bytes_longer() -> None:
    """The lemma behind `character_weight`, over all of Unicode: no composed character is longer than its parts."""
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        parts = unicodedata.normalize("NFD", character) if not 0xD800 <= code < 0xE000 else character
        if parts != character and unicodedata.normalize("NFC", parts) == character:
            assert len(character.encode()) <= len(parts.encode()), hex(code)


def test_a_code_point_newer_than_this_python_weighs_as_much_as_any() -> None:
    assert unicodedata.category("\U00018fff") == "Cn"
    heaviest = max(character_weight(chr(code)) for code in range(0xA0, 0x20000) if not 0xD800 <= code < 0xE000)
    assert character_weight("\U00018fff") == heaviest
    assert heaviest >= len(unicodedata.normalize("NFKC", "\ufdfa").encode()) == 33


def test_ordinary_text_weighs_its_bytes() -> None:
    for text in ("def main() -> None:\n", "拍卖列表", "경매 목록", "список", ""):
        assert byte_weight(text) <= len(text.encode()) * 1.4
    assert byte_weight("경매") == 6


def test_schema_and_framing_are_counted() -> None:
    schema = {"type": "object", "properties": {"reason": {"type": "string"}}}
    assert input_bound([], {}) >= FRAMING_TOKENS
    assert input_bound(["abc", "\ufdfa"], schema) > FRAMING_TOKENS + 3 + 33 + len(str(schema))
