"""Shows characters that a reader cannot see, so that people and model read the same text."""

from __future__ import annotations

import re
from typing import Final

_HIDDEN: Final = (
    "\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f"  # controls but tab and line feed
    "\\u00ad\\u034f\\u0600-\\u0605\\u061c\\u06dd\\u070f\\u0890\\u0891\\u08e2"
    "\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f"
    "\\u2800\\u3164\\ud800-\\udfff\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufffb"
    "\\U000110bd\\U000110cd\\U00013430-\\U0001343f\\U0001bca0-\\U0001bca3\\U0001d173-\\U0001d17a"
    "\\U000e0000-\\U000e0fff"
)
"""Unicode 16: general categories Cc, Cf, Zl, Zp, the property Default_Ignorable_Code_Point, and blank letters."""

_EMOJI: Final = "\\u00a9\\u00ae\\u203c-\\u3299\\U0001f000-\\U0001faff"
_JOINING: Final = (
    "\\u0620-\\u06dc\\u06de-\\u070e\\u0710-\\u088f\\u08a0-\\u08e1\\u08e3-\\u109f\\u1780-\\u17b3\\u17b6-\\u17d3"
)
_REGIONS: Final = "|".join(
    "".join(f"\\U{0xE0000 + ord(letter):08x}" for letter in region)
    for region in ("gbeng", "gbsct", "gbwls", "ustx", "usca")
)
_ORDINARY: Final = (
    f"(?<=[{_EMOJI}])\\ufe0f"
    "|(?<=[0-9#*])\\ufe0f(?=\\u20e3)"
    f"|(?<=[{_EMOJI}\\ufe0f])\\u200d(?=[{_EMOJI}])"
    f"|(?<=[{_JOINING}])[\\u200c\\u200d](?=[{_JOINING}])"
    f"|(?<=\\U0001f3f4)(?:{_REGIONS})\\U000e007f"
)
"""One joiner inside an emoji, or between letters of scripts that are written with it (Persian, Indic); the tags of a
flag that exists (UTS #51)."""

_ASCII_CONTROL: Final = re.compile("[\\u0000-\\u0008\\u000b-\\u001f\\u007f]")
_PATTERN: Final = re.compile(f"(?:{_ORDINARY})|(([{_HIDDEN}])\\2*)")


def visible(text: str) -> str:
    """The text with CRLF as LF and each hidden character as ⟨U+202E⟩; a run of the same one as ⟨U+200B ×40⟩.

    Nothing is dropped: what an attacker hid stays, for everybody to see. Linear.
    """
    text = text.replace("\r\n", "\n")
    if text.isascii() and not _ASCII_CONTROL.search(text):
        return text
    return _PATTERN.sub(_shown, text)


def visible_line(text: str) -> str:
    """`visible`, with line feeds and tabs shown as well: for titles and file names, which are one line."""
    return visible(text).replace("\n", "⟨U+000A⟩").replace("\t", "⟨U+0009⟩")


def _shown(match: re.Match[str]) -> str:
    run = match.group(1)
    if run is None:
        return match.group(0)
    code = f"U+{ord(run[0]):04X}"
    return f"⟨{code}⟩" * len(run) if len(run) < 3 else f"⟨{code} ×{len(run)}⟩"
