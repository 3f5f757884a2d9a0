"""Steps that would harm whoever follows them: a short, closed table. A person decides; a test may need such words.

It does not grow: words are without end, and what the table misses is what trust and a person are for.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final

from core.policy.found import Hit
from core.policy.readings import Readings
from core.policy.version import load

_ENDS: Final = re.compile(r"[.!?;](?=\s)|\n")
_SIGNS: Final = str.maketrans(dict.fromkeys("`\"“”'’()[]<>,", " "))

Row = tuple[str, Sequence[Sequence[str]], Sequence[str]]
"""What a step does; the kinds of words of which its sentence has one each; the words that excuse it."""


@cache
def table() -> tuple[Row, ...]:
    """A word with a blank at an end is whole there."""
    data: Any = load("harm")
    words: Mapping[str, str] = data["words"]

    def split(kind: str) -> list[str]:
        return ";".join(words.get(part, part) for part in kind.split(";")).split(";")

    return tuple(
        (row["why"], sorted(map(split, row["words"]), key=len), split(row["unless"]) if row.get("unless") else ())
        for row in data["steps"]
    )


def harmful_steps(text: Readings) -> Iterator[Hit]:
    """The first sentence that has a word of each kind of a row, and none that excuses it."""
    whole = text.small.replace("**", " ")
    small = f" {whole.translate(_SIGNS | {10: ' '})} "
    likely = [row for row in table() if all(any(map(small.__contains__, kind)) for kind in row[1])]
    sentences = [f" {sentence.strip()} ".translate(_SIGNS) for sentence in _ENDS.split(whole)] if likely else []
    for why, kinds, excuses in likely:
        for sentence in sentences:
            has = sentence.__contains__
            if all(any(map(has, kind)) for kind in kinds) and not any(map(has, excuses)):
                yield Hit("harm", "ask", sentence.strip(), why)
                return
