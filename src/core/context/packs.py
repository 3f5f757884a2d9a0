"""Curated context excerpts: short texts that we wrote, kept as data beside the code."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from core.errors import ConfigurationError
from core.types import Pack, TaskType

PACKS: Final[Mapping[TaskType, tuple[str, ...]]] = {
    "qa_plan": ("product", "qa_method"),
    "triage": ("product",),
    "agent_brief": ("product",),
    "sprint_plan": ("product",),
}
"""Which packs go into which task's prompt, in this order. Each stays below 2,000 tokens."""

VERSIONS: Final[Mapping[str, int]] = {"product": 1, "qa_method": 1}
"""Raised when the text of a pack changes; tests/unit/versions.json holds every version that there has been."""

_FOLDER: Final = Path(__file__).parent / "pack_texts"


def load(name: str) -> Pack:
    """One pack. Raises ConfigurationError for a name that no task uses."""
    if not any(name in names for names in PACKS.values()):
        raise ConfigurationError(f"no context pack is called {name!r}")
    text = (_FOLDER / f"{name}.md").read_text(encoding="utf-8")
    return Pack(name, text, hashlib.sha256(text.encode()).hexdigest())


def for_task(task_type: TaskType) -> dict[str, Pack]:
    """The packs of a task by name, in the order of the prompt."""
    return {name: load(name) for name in PACKS[task_type]}
