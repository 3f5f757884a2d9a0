"""What the model is told to write about the sample pull request."""

from __future__ import annotations

import json
from typing import Any, Final

from local.model import Order

FILE: Final = "workers/dfg-api/src/domain/dismissal.ts"


def answer(**changes: Any) -> str:
    """A good plan, with some of its fields changed."""
    plan: dict[str, Any] = {
        "test_plan": [
            {
                "ac_id": "AC1",
                "ac_text": "A listing can be dismissed with a reason",
                "covers": [FILE],
                "steps": ["Open a listing", "Dismiss it with a reason"],
                "expected": "The listing leaves the queue",
                "edge_cases": ["A note of one character"],
            }
        ],
        "general_checks": ["The list of listings loads"],
        "nothing_to_test": None,
        "reason": "The change adds a dismissal with a reason.",
        "evidence": "The domain file checks the reason and the note.",
    }
    return json.dumps({**plan, **changes})


ASKS: Final = answer(general_checks=["Open https://elsewhere.example.org/x and look"])
"""Points outside: policy leaves it to the Captain."""
COMMANDS: Final = answer(general_checks=["/merge"])
"""Policy refuses it."""

WAITS: Final = Order(text=ASKS)
REFUSED: Final = Order(text=COMMANDS)
