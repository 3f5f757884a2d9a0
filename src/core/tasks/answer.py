"""What answers are made of: strict fields whose every bound is checked by us.

Claude enforces only the shape of an answer; lengths and counts are told to it in words and checked here.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, WithJsonSchema

from core.text.invisible import removed

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def _words(value: str) -> str:
    if not removed(value).strip():
        raise ValueError("blank")
    if _CONTROL.search(value):
        raise ValueError("holds a control character")
    return value


def one_line(value: str) -> str:
    """Raises ValueError for a text of several lines."""
    if len(value.splitlines()) > 1 or value != value.strip("\r\n"):
        raise ValueError("more than one line")
    return value


Words50 = Annotated[
    str, StringConstraints(min_length=1, max_length=50), AfterValidator(_words), AfterValidator(one_line)
]
Words200 = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_words)]
Words300 = Annotated[str, StringConstraints(min_length=1, max_length=300), AfterValidator(_words)]
Words500 = Annotated[str, StringConstraints(min_length=1, max_length=500), AfterValidator(_words)]
Sentence = Annotated[str, StringConstraints(min_length=10, max_length=500), AfterValidator(_words)]
_CODE_SCHEMA = {"type": "string", "minLength": 1, "maxLength": 1500}
Code = Annotated[
    str, StringConstraints(min_length=1, max_length=2000), AfterValidator(_words), WithJsonSchema(_CODE_SCHEMA)
]
"""What is typed or sent, exactly. A model is told 1,500 characters, and counts them badly."""
LongText = Annotated[str, StringConstraints(min_length=10, max_length=2000), AfterValidator(_words)]
FilePath = Annotated[str, StringConstraints(min_length=1, max_length=4096)]
IssueNumber = Annotated[int, Field(ge=1, le=2**31)]


class Strict(BaseModel):
    """A frozen answer: unknown fields and coerced types are faults."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)


_LOCATES: Final = re.compile(r"^observations\[\d+\]\.where$").match
"""A field that begins with a file's name."""


def texts(value: Any, known: frozenset[str], path: str = "") -> Iterator[tuple[str, str]]:
    """Path and words of each text of an answer, but for the `known` file names: those are GitHub's, not the model's."""
    if isinstance(value, str):
        named = max((name for name in known if value.startswith(name)), key=len, default="") if _LOCATES(path) else ""
        yield path, value[len(named) :]
    elif isinstance(value, Mapping):
        for key, child in value.items():
            names_files = key in ("covers", "files")
            for at, text in texts(child, known, f"{path}.{key}" if path else str(key)):
                if not (names_files and text in known):
                    yield at, text
    elif isinstance(value, (list, tuple)):
        for index, child in enumerate(value):
            yield from texts(child, known, f"{path}[{index}]")
