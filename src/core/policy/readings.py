"""How a field may be read: as it is written, and as a lenient reader takes it. For detection only."""

import html
import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from core.text.invisible import removed

_ENTITY_ROUNDS: Final = 4
_ENDS: Final = re.compile("\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]|<br\\s*/?>", re.IGNORECASE)
_LEAD: Final = re.compile(r"(?:\[[ xX]\]|[^\w/@.!]|_|(?:\d{1,9}|[ivx]{1,4}|[a-zA-Z])[.)](?=\s))+")
"""What may stand between the start of a line and an order: blanks, marks of lists, quotes and code, boxes."""
_TAIL: Final = " \t\u00a0`*_~|\"'”’»)]}<>\\"
_DROPPED: Final = dict.fromkeys(map(ord, "\t\r\n\0"))
BREAK: Final = "\n\n.\n\n"
"""Between texts that are looked through as one: a sentence or a fence of the first does not go on in the next."""
_CODE: Final = re.compile(
    r"(?<!`)`(?!`)[^`\n]{1,1000}`(?!`)"
    rf"|^[ >*+-]{{0,12}}(```|~~~)[^\n]*\n.*?(?:^[ >]{{0,12}}\1|(?={re.escape(BREAK)})|\Z)",
    re.S | re.M,
)


@dataclass(frozen=True)
class Readings:
    """One text, and what is left of it once entities, compatibility forms and invisible characters are resolved."""

    raw: str

    @cached_property
    def plain(self) -> str:
        if self.raw.isascii() and "&" not in self.raw and self.raw.replace("\n", " ").isprintable():
            return self.raw
        text = unicodedata.normalize("NFKC", self.raw)
        for _ in range(_ENTITY_ROUNDS if "&" in text else 0):
            text, before = unicodedata.normalize("NFKC", html.unescape(text)), text
            if text == before:
                break
        return removed(text)

    @cached_property
    def all(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self.raw, self.plain)))

    @cached_property
    def joined(self) -> str:
        """All readings as one text, for what is looked for anywhere."""
        return BREAK.join(self.all)

    @cached_property
    def small(self) -> str:
        return self.joined.lower()

    @cached_property
    def tight(self) -> str:
        """`small` without what browsers drop inside an address (WHATWG URL 4.4): where stems are looked for."""
        return self.small.translate(_DROPPED)

    @cached_property
    def outside_code(self) -> str:
        """Without code spans and fences: what is quoted there is a sample for all to see."""
        return _CODE.sub(" ", self.joined)

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """Distinct lines without what may stand before or after an order."""
        lines = (line for text in self.all for line in _ENDS.split(text))
        return tuple(filter(None, dict.fromkeys(_bare(line) for line in lines)))


def _bare(line: str) -> str:
    lead = _LEAD.match(line)
    return (line[lead.end() :] if lead else line).rstrip(_TAIL)
