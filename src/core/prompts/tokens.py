"""Two counts of a text's tokens: the bound that money is reserved by, and the estimate that limits a task's input.

The bound holds for any tokenizer: see docs/decisions/0005-input-bound.md. The estimate is calibrated on diffs in Go,
Python and TypeScript against the tokenizer that Anthropic published: 5 to 40 % above it, as newer models cut text
finer. Text without words (random letters, base64) may have half as many again.
"""

import json
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final

FRAMING_TOKENS: Final = 2_048
"""Roles, separators and the API's own words on structured output and thinking; a few hundred in practice."""

_SCHEMA_COPIES: Final = 2
"""The API puts the schema into the prompt in a form of its own: counted indented, and twice."""

_LONGEST_DECOMPOSITION: Final = 36
"""Bytes. U+FDFA has 33; a code point that is new to this Python's tables may not weigh more."""


def input_bound(parts: Iterable[str], schema: Mapping[str, Any]) -> int:
    """Tokens that a prompt of these texts can have at most, however the tokenizer normalises and splits it."""
    described = byte_weight(json.dumps(schema, indent=2, ensure_ascii=False))
    return sum(byte_weight(part) for part in parts) + _SCHEMA_COPIES * described + FRAMING_TOKENS


def byte_weight(text: str) -> int:
    """Bytes of the text in its longest form. No token is shorter than a byte. Additive over concatenation; linear."""
    if text.isascii():
        return len(text)
    return sum(count * character_weight(character) for character, count in Counter(text).items())


@lru_cache(maxsize=8_192)
def character_weight(character: str) -> int:
    """UTF-8 bytes of one code point, or of its full compatibility decomposition if that is longer.

    Composition never makes bytes longer than the decomposition, so the sum over a text bounds its raw, NFC and
    NFKC forms, of the whole and of any pieces. Hangul syllables always recompose, and count as they are.
    """
    own = len(character.encode("utf-8", "surrogatepass"))
    if "가" <= character <= "힣":
        return own
    if unicodedata.category(character) == "Cn":
        return _LONGEST_DECOMPOSITION
    return max(own, len(unicodedata.normalize("NFKD", character).encode("utf-8", "surrogatepass")))


UNITS: Final = 12
"""Units per token: costs are added as whole numbers, so that a sum of pieces is the cost of the whole."""

_LOWER: Final = 4
_UPPER_OR_DIGIT: Final = 6
_PUNCTUATION: Final = 8
_SPACE: Final = 3
_LINE_END: Final = 6
_PER_BYTE: Final = 7
_PER_BYTE_BEYOND_BMP: Final = 9


def estimate(text: str) -> int:
    """Tokens, rounded up."""
    return -(-units(text) // UNITS)


def units(text: str) -> int:
    """The same in twelfths of a token. Additive over concatenation; linear."""
    if text.isascii():
        return sum(text.encode("ascii").translate(_ASCII_UNITS))
    return sum(count * character_units(character) for character, count in Counter(text).items())


@lru_cache(maxsize=8_192)
def character_units(character: str) -> int:
    """What one character counts."""
    if not character.isascii():
        per_byte = _PER_BYTE if character <= "\uffff" else _PER_BYTE_BEYOND_BMP
        return character_weight(character) * per_byte
    if character.islower():
        return _LOWER
    if character.isalnum():
        return _UPPER_OR_DIGIT
    if character in " \t":
        return _SPACE
    return _LINE_END if character == "\n" else _PUNCTUATION


_ASCII_UNITS: Final = bytes(character_units(chr(code)) for code in range(128)) + bytes(128)
