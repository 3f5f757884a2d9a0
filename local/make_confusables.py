"""Writes the look-alike table: `python -m local.make_confusables`.

Latin variants follow from the names in Python's Unicode database. The other scripts are the usual
confusables of UTS #39 (https://www.unicode.org/reports/tr39/), written down by hand.
"""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from pathlib import Path
from typing import Final

from core.text import readings

_NAMED: Final = re.compile(
    r"LATIN LETTER SMALL CAPITAL ([A-Z])"
    r"|LATIN (?:SMALL|CAPITAL) LETTER (?:DOTLESS |SCRIPT |INSULAR |OPEN |BLACKLETTER |SIDEWAYS |TURNED |REVERSED )?"
    r"([A-Z])(?: WITH [A-Z ]+)?"
    r"|(?:NEGATIVE )?(?:CIRCLED|SQUARED|PARENTHESIZED) LATIN (?:CAPITAL|SMALL) LETTER ([A-Z])"
    r"|NEGATIVE (?:CIRCLED|SQUARED) LATIN CAPITAL LETTER ([A-Z])"
    r"|CROSSED NEGATIVE SQUARED LATIN CAPITAL LETTER ([A-Z])"
    r"|REGIONAL INDICATOR SYMBOL LETTER ([A-Z])"
    r"|LISU LETTER ([A-Z])"
    r"|TAG LATIN (?:SMALL|CAPITAL) LETTER ([A-Z])"
)

_BY_HAND: Final = {
    # Cyrillic
    "a": "аӑӓӕꙗ",
    "b": "ЬьвВƄБ",
    "c": "сСҫҪϲςᴄ",
    "d": "ԁԀꓒ",
    "e": "еЕёЁѐҽҿ℮ӗєЄэ",
    "f": "ғҒϝſẝ",
    "g": "Ԍԍɡցϱꓖ",
    "h": "һҺнНԨնհ",
    "i": "іІїЇӏӀıɩι",
    "j": "јЈϳյ",
    "k": "кКқҚӄκΚҡ",
    "l": "Ӏⅼ∣ǀɭլ",
    "m": "мМӎΜⅿ",
    "n": "пПиИղոռηΝή",
    "o": "оОӧӦөσοΟօՕσ໐ο০০०ഠ○◯ө",
    "p": "рРρΡϼҏ",
    "q": "ԛԚգզ",
    "r": "гГѓґяЯᴦ",
    "s": "ѕЅꙅՏ",
    "t": "тТҭτΤ",
    "u": "цЦυսՍμ",
    "v": "ѵѴνѷ",
    "w": "ԝԜшШщЩωѡա",
    "x": "хХҳχΧ×",
    "y": "уУүҮұγʏΥ",
    "z": "ΖʐՀᴢ",
    # Greek capitals, Cherokee, Lisu, Coptic, Canadian syllabics, one line a letter
    "A": "ΑАᎪᗅꓮⲀ",
    "B": "ΒᏴᗷꓐⲂ",
    "C": "ϹᏟⲤᑕꓚ",
    "D": "Ꭰᗞᗪꓓ",
    "E": "ΕᎬⴹꓰⲈᕮ",
    "F": "Ϝᖴꓝ",
    "G": "Ꮐꓖ",
    "H": "ΗᎻᕼꓧⲎᏂ",
    "I": "ΙⵏІꓲⲒ",
    "J": "ЈᎫᒍꓙ",
    "K": "ᏦᛕꓗⲔ",
    "L": "ᏞᒪꓡᏞ",
    "M": "ᎷᗰⲘꓟ",
    "N": "ΝᑎꓠⲚᏁ",
    "O": "ᏫᗝꓳⲞᎾ",
    "P": "ᏢᑭꓑⲢ",
    "R": "ᎡᏒᖇꓣⲄ",
    "S": "ᏚᏕᔕꓢ",
    "T": "Ꭲ⊤ꓔⲦ",
    "U": "Սᑌꓴ⋃",
    "V": "Ꮩᐯꓦ",
    "W": "ᎳᏔᗯꓪ",
    "X": "᙭ꓫⲬ",
    "Y": "ᎩУᎽꓬⲨ",
    "Z": "ᏃꓜⲌ",
    # Signs that stand before a command or a mention
    "/": "∕⁄⧸╱⟋〳丿ノ᜵⳹",
    "@": "ⓐ",
    ".": "․。｡۔·",
    "!": "ǃⵑ❗❕",
    "-": "‐‑‒–—―−﹘⁃➖",
    "#": "♯⋕",
    "+": "➕᛭",
    ":": "ː꞉׃։∶ꓽ",
}


def table() -> dict[str, str]:
    """Look-alike → the ASCII character it passes for, for those that NFKC leaves alone."""
    result: dict[str, str] = {}
    for code in range(0x80, sys.maxunicode + 1):
        char = chr(code)
        match = _NAMED.fullmatch(unicodedata.name(char, ""))
        if match:
            result[char] = next(group for group in match.groups() if group).lower()
    for plain, alike in _BY_HAND.items():
        for char in alike:
            result.update(dict.fromkeys((char, char.lower(), char.upper()), plain.lower()))
    result["ʟ"], result["ȷ"], result["ⱺ"], result["ɑ"], result["α"] = "l", "j", "o", "a", "a"
    for char, plain in list(result.items()):
        result.setdefault(unicodedata.normalize("NFKC", char), plain)
    result["ε"], result["β"], result["ß"], result["ø"], result["đ"] = "e", "b", "b", "o", "d"
    return {
        char: plain
        for char, plain in sorted(result.items())
        if len(char) == 1 and not (unicodedata.normalize("NFKC", char).isascii())
    }


def main() -> None:
    path = Path(readings.__file__).parents[1] / "policy" / "data" / "confusables.json"
    content = {
        "source": "Names in the Unicode Character Database; UTS #39 https://www.unicode.org/reports/tr39/",
        "map": table(),
    }
    path.write_text(json.dumps(content, ensure_ascii=False, indent=0) + "\n", "utf-8")


if __name__ == "__main__":
    main()
