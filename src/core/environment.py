"""Fields of a frozen value that variables of the environment say, each beside what may stand there. Pure.

What is not set reads as empty. Readers raise ConfigurationError naming the variable.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import field, fields
from typing import Any

from core.errors import ConfigurationError

Read = Callable[[str, str], object]
"""What the text of a variable, given its name too, stands for."""


def text(name: str, value: str) -> str | None:
    """Whatever it is; None where nothing is set."""
    return value or None


def variable(name: str, read: Read = text) -> Any:
    """A field that this variable says."""
    return field(metadata={"variable": name, "read": read})


def read_fields(cls: Any, env: Mapping[str, str]) -> dict[str, Any]:
    """The values of all fields of a dataclass that were made by `variable`."""
    said = [one for one in fields(cls) if one.metadata]
    return {one.name: one.metadata["read"](name := one.metadata["variable"], env.get(name) or "") for one in said}


def needed(name: str, value: str) -> str:
    """What has to be set."""
    if not value:
        raise ConfigurationError(f"{name} is not set")
    return value


def one_of(*words: str) -> Callable[[str, str], str]:
    """One of these, the first where nothing is set."""

    def read(name: str, value: str) -> str:
        if value and value not in words:
            raise ConfigurationError(f"{name} must be {', '.join(words[:-1])} or {words[-1]}, not {value!r}")
        return value or words[0]

    return read


def switch(default: str, other: str, *, yes: str = "on") -> Callable[[str, str], bool]:
    """Whether it is `yes`."""
    return lambda name, value: one_of(default, other)(name, value) == yes


def like(pattern: re.Pattern[str], words: str) -> Callable[[str, str], str]:
    """What has this form; empty where nothing is set."""

    def read(name: str, value: str) -> str:
        if value and not pattern.fullmatch(value):
            raise ConfigurationError(f"{name} must be {words}, not {value!r}")
        return value

    return read


def each_like(pattern: re.Pattern[str], words: str) -> Callable[[str, str], frozenset[str]]:
    """All that stand there with commas between, in lower case."""
    one = like(pattern, f"{words}, with commas between")
    return lambda name, value: frozenset(one(name, part.strip()).lower() for part in value.split(",") if part.strip())
