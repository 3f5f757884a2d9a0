"""Writes the wire schemas of all tasks, as the Anthropic SDK transforms them: `python -m local.make_schemas`."""

from __future__ import annotations

import json
from pathlib import Path

from anthropic import transform_schema

from core.tasks import registry, wire_schemas
from core.types import TASK_TYPES, TaskType


def transformed(task_type: TaskType) -> str:
    """The schema of one task as it is checked in."""
    schema = transform_schema(registry.task(task_type).drafting().model.model_json_schema())
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    folder = Path(wire_schemas.__file__).parent / "schemas"
    for task_type in TASK_TYPES:
        (folder / f"{task_type}.json").write_text(transformed(task_type), "utf-8")


if __name__ == "__main__":
    main()
