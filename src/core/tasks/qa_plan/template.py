"""What the model is asked for a QA plan. docs/plans.md says how the wording was found, and how to try another."""

from __future__ import annotations

from pathlib import Path
from typing import Final

TEMPLATE: Final = (Path(__file__).parent / "template.txt").read_text("utf-8")
