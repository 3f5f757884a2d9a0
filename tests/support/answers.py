"""What the model is told to write about the sample pull request."""

from __future__ import annotations

import json
from typing import Any, Final

from local.model import Order
from tests.support.plans import a_plan

FILE: Final = "workers/dfg-api/src/domain/dismissal.ts"


def answer(**changes: Any) -> str:
    """A good plan, with some of its fields changed."""
    return json.dumps(a_plan(FILE, **{"general_checks": ["The list of listings loads"], **changes}))


ASKS: Final = answer(general_checks=["Open https://elsewhere.example.org/x and look"])
"""Points outside: policy leaves it to the Captain."""
COMMANDS: Final = answer(general_checks=["/merge"])
"""Policy refuses it."""

WAITS: Final = Order(text=ASKS)
REFUSED: Final = Order(text=COMMANDS)
