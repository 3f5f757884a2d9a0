"""The JSON schemas that go to Claude: the same answers as `schemas`, for those who only ask."""

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

from core.errors import ConfigurationError
from core.types import TASK_TYPES, TaskType

_FILES: Final = Path(__file__).parent / "schemas"


@cache
def wire_schema(task_type: TaskType) -> dict[str, Any]:
    """The JSON schema that goes to Claude, from a checked-in file: the SDK's own transformation of the model's.

    The file spares the functions the SDK's import; a test proves that it is current.
    """
    if task_type not in TASK_TYPES:
        raise ConfigurationError(f"no schema for the task {task_type!r}")
    schema: dict[str, Any] = json.loads((_FILES / f"{task_type}.json").read_text("utf-8"))
    return schema


def _names(schema: Any) -> frozenset[str]:
    """Every field that a JSON schema knows, at whatever depth."""
    if isinstance(schema, list):
        return frozenset().union(*map(_names, schema))
    if not isinstance(schema, dict):
        return frozenset()
    return frozenset(schema.get("properties", ())).union(*map(_names, schema.values()))


@cache
def field_names(task_type: TaskType) -> frozenset[str]:
    """The keys that an answer may have: no finding repeats any other."""
    return _names(wire_schema(task_type))
