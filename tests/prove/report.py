"""What a proof prints, also when it passes."""

from __future__ import annotations

from typing import Protocol


class Report(Protocol):
    """Prints one line past pytest's capture."""

    def __call__(self, line: str) -> None: ...
