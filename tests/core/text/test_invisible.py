from __future__ import annotations

import sys
import unicodedata

import pytest

from core.text.invisible import visible, visible_line


@pytest.mark.parametrize(
    ("hidden", "shown"),
    [
        ("a\u202eb", "a⟨U+202E⟩b"),
        ("pass\u200bword", "pass⟨U+200B⟩word"),
        ("\ufeffstart", "⟨U+FEFF⟩start"),
        ("\U000e0041\U000e0042", "⟨U+E0041⟩⟨U+E0042⟩"),
        ("\u200b" * 40, "⟨U+200B ×40⟩"),
        ("\x1b[31m", "⟨U+001B⟩[31m"),
        ("a\rb", "a⟨U+000D⟩b"),
        ("a\u2028b", "a⟨U+2028⟩b"),
        ("x\ufe0f\ufe0e", "x⟨U+FE0F⟩⟨U+FE0E⟩"),
        ("a\u200db", "a⟨U+200D⟩b"),
        ("❤\ufe0f\ufe0f", "❤\ufe0f⟨U+FE0F⟩"),
        ("\u3164", "⟨U+3164⟩"),
    ],
)
def test_hidden_characters_are_shown_and_not_dropped(hidden: str, shown: str) -> None:
    assert visible(hidden) == shown


@pytest.mark.parametrize(
    "text",
    [
        "plain\ttext\nand lines",
        "👩‍👩‍👧‍👦 ❤️ 1️⃣",
        "می‌خواهم",
        "क्‍ष",
        "拍卖列表 경매 список",
        "ＡＢＣ　",
    ],
)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert visible(text) == text


def test_crlf_is_a_line_end() -> None:
    assert visible("a\r\nb\r\n") == "a\nb\n"


def test_no_control_or_format_character_is_forgotten() -> None:
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        if unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp", "Cs") and character not in "\t\n":
            assert visible(character) == f"⟨U+{code:04X}⟩"


def test_a_file_name_is_one_line() -> None:
    assert visible_line("a\nb\tc") == "a⟨U+000A⟩b⟨U+0009⟩c"
