"""Schemas: what goes to Claude is what the SDK makes of the models, and what comes back is read strictly."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.errors import ConfigurationError
from core.tasks import registry, wire_schemas
from core.types import TASK_TYPES, TaskType
from tests.core.policy.conftest import FACTS, judge
from tools.generate import wire_schema


@pytest.mark.parametrize("task_type", TASK_TYPES)
def test_checked_in_schema_is_the_sdks_own(task_type: TaskType) -> None:
    path = Path(wire_schemas.__file__).parent / "schemas" / f"{task_type}.json"
    sdks = wire_schema(registry.task(task_type))
    assert path.read_text("utf-8") == sdks
    assert wire_schemas.wire_schema(task_type) == json.loads(sdks)


def test_schema_of_an_unknown_task_is_not_made_up() -> None:
    with pytest.raises(ConfigurationError):
        wire_schemas.wire_schema("haiku")


def test_path_of_a_schema_fault() -> None:
    verdict = judge({"priority": "P9"}, replace(FACTS, task_type="triage"))
    assert [(found.rule, found.field) for found in verdict.findings] == [("answer.schema", "priority")]


def test_every_field_of_an_answer_may_be_named(plan: dict[str, Any]) -> None:
    parts = [
        plan,
        plan["observations"][0],
        plan["test_plan"][0],
        plan["test_plan"][0]["steps"][0],
        plan["not_tested"][0],
    ]
    assert {name for part in parts for name in part} == wire_schemas.field_names("qa_plan")


@pytest.mark.parametrize("task_type", TASK_TYPES)
def test_only_fields_of_the_schema_are_named(task_type: TaskType) -> None:
    assert {name for name in wire_schemas.field_names(task_type) if not re.fullmatch("[a-z_]+", name)} == set()
