"""Characters that a reader cannot see: they hide commands, split secrets and smuggle instructions.

One table for all: a prompt shows them by number, policy refuses them, and looks for words without them. What scripts
and emoji need is let through where they need it (UAX #9, UTS #37, UTS #51).
"""

import re
from collections.abc import Iterator
from typing import Final

_TABLE: Final = (
    r"\x00-\x08\x0b-\x1f\x7f-\x9f"  # controls but tab and line feed
    r"\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    r"\u2028-\u202e\u2060-\u206f\u2800\u3164\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    r"\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    r"\ud800-\uf8ff\U000e0000-\U0010ffff"  # surrogates, tags, more variation selectors, private use
)
"""Unicode 16: categories Cc, Cf, Cs, Co, Zl, Zp, the property Default_Ignorable_Code_Point, and blank letters."""
_EMOJI: Final = r"\xa9\xae\u203c-\u3299\U0001f000-\U0001faff"
_JOINED: Final = (
    r"\u0620-\u06dc\u06de-\u070e\u0710-\u088f\u08a0-\u08e1\u08e3-\u109f\u1780-\u17b3\u17b6-\u17d3\u1810-\u18af"
    r"\ua8e0-\ua8ff\ufb50-\ufdcf\ufdf0-\ufdff\ufe70-\ufefc\U00011000-\U000110bc\U000110c2-\U00011fff"
)
"""Scripts that are written with joiners: Arabic, Persian, those of India and their neighbours."""
_LEFTWARD: Final = r"[\u0590-\u05ff\u0608-\u061b\u061d-\u06dc\u06de-\u070e\u0710-\u08ff\ufb1d-\ufdcf\ufe70-\ufefc]"
_REGIONS: Final = "|".join(
    "".join(f"\\U{0xE0000 + ord(letter):08x}" for letter in region)
    for region in ("gbeng", "gbsct", "gbwls", "ustx", "usca")
)
_ORDINARY: Final = "|".join(
    (
        r"\r(?=\n)",
        rf"(?<=[{_EMOJI}])[\ufe0e\ufe0f]|(?<=[0-9#*])\ufe0f(?=\u20e3)",
        rf"(?<=[{_EMOJI}\ufe0f])\u200d(?=[{_EMOJI}])",
        rf"(?<=\U0001f3f4)(?:{_REGIONS})\U000e007f",  # a flag that exists
        rf"(?<=[{_JOINED}])[\u200c\u200d](?![A-Za-z0-9@/#_\u200c\u200d])",
        r"[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2](?=[\u0600-\u08ff])",  # signs around Arabic numbers
        r"(?<=[\u3400-\u9fff\U00020000-\U0003ffff])[\ufe00-\ufe02\U000e0100-\U000e01ef]",
        r"(?<=[\u1810-\u18af])[\u180b-\u180f]",
        rf"(?<![A-Za-z0-9])[\u200e\u200f\u061c](?![A-Za-z0-9])"
        rf"(?:(?<={_LEFTWARD}.)|(?<={_LEFTWARD}..)|(?<={_LEFTWARD}...)|(?=.{{0,2}}{_LEFTWARD}))",
    )
)
_HIDDEN: Final = re.compile(f"[{_TABLE}]")
_RUN: Final = re.compile(rf"(?:{_ORDINARY})|(([{_TABLE}])\2*)")
_STACKED: Final = re.compile("[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{4,}")
_PADDING: Final = re.compile(r"[^\S\n]{256,}|\n(?:[^\S\n]*\n){30,}")


def removed(text: str) -> str:
    """The text without its invisible characters."""
    return _HIDDEN.sub("", text)


def found(text: str) -> Iterator[tuple[int, str]]:
    """Position and reason of each invisible or padding character that nothing justifies."""
    for match in _RUN.finditer(text.removesuffix("\r")) if _HIDDEN.search(text) else ():
        if match[1]:
            yield match.start(), f"U+{ord(match[2]):04X} cannot be seen"
    for match in () if text.isascii() else _STACKED.finditer(text):
        yield match.start(), "combining marks piled up"
    for match in _PADDING.finditer(text):
        yield match.start(), "blank padding"


def visible(text: str) -> str:
    """The text with CRLF as LF and each hidden character as ⟨U+202E⟩; a run of the same one as ⟨U+200B ×40⟩.

    Nothing is dropped: what an attacker hid stays, for everybody to see. Linear.
    """
    text = text.replace("\r\n", "\n")
    return _RUN.sub(_shown, text) if _HIDDEN.search(text) else text


def visible_line(text: str) -> str:
    """`visible`, with line feeds and tabs shown as well: for titles and file names, which are one line."""
    return visible(text).replace("\n", "⟨U+000A⟩").replace("\t", "⟨U+0009⟩")


def _shown(match: re.Match[str]) -> str:
    run, one = match[1], match[2]
    if run is None:
        return match[0]
    return f"⟨U+{ord(one):04X}⟩" * len(run) if len(run) < 3 else f"⟨U+{ord(one):04X} ×{len(run)}⟩"
