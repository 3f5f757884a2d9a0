"""Schemas: what goes to Claude is what the SDK makes of the models, and what comes back is read strictly."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.errors import ConfigurationError
from core.policy import schemas
from core.policy.strict_json import Fault, read
from core.types import TASK_TYPES, TaskType
from local.make_schemas import transformed


@pytest.mark.parametrize("task_type", TASK_TYPES)
def test_checked_in_schema_is_the_sdks_own(task_type: TaskType) -> None:
    path = Path(schemas.__file__).parent / "data" / "schemas" / f"{task_type}.json"
    assert path.read_text("utf-8") == transformed(task_type)
    assert schemas.wire_schema(task_type) == json.loads(transformed(task_type))


def test_schema_of_an_unknown_task_is_not_made_up() -> None:
    with pytest.raises(ConfigurationError):
        schemas.wire_schema("haiku")


@pytest.mark.parametrize(
    ("raw", "path", "why"),
    [
        ('{"a": 1, "a": 2}', "", "twice"),
        ('{"a": NaN}', "", "NaN"),
        ('{"a": ["x", "\\ud800"]}', "a[1]", "surrogate"),
        ('{"a": 1} x', "", "follows"),
        ("[1]", "", "object"),
        ("[" * 50 + "]" * 50, "", "deeper"),
        (b'{"a": "\xff"}', "", "UTF-8"),
    ],
)
def test_fault_has_a_path_and_a_reason(raw: str | bytes, path: str, why: str) -> None:
    fault = read(raw)
    assert isinstance(fault, Fault)
    assert fault.path == path
    assert why in fault.why


def test_answer_over_the_limit_is_refused_unread() -> None:
    fault = read('{"a": "' + "x" * 262_144 + '"}')
    assert isinstance(fault, Fault)
    assert "longer" in fault.why


def test_brackets_inside_strings_are_not_depth() -> None:
    assert read('{"a": "' + "[" * 100 + '"}') == {"a": "[" * 100}


def test_path_of_a_schema_fault() -> None:
    fault = schemas.validate("triage", {"priority": "P9"})
    assert isinstance(fault, Fault)
    assert fault.path == "priority"
