"""What a proof says of itself, also when it passes."""

from __future__ import annotations

from typing import Protocol


class Report(Protocol):
    """Takes one line, which is printed at the end of the run."""

    def __call__(self, line: str) -> None: ...
