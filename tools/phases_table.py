"""The table of docs/phases.md, from the tables that decide it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from core.config import read_settings
from core.phases import NEEDS_PREREQUISITES
from core.runs.promotion import PROPOSES, TRIGGERS, Outcome, outcome
from core.types import PHASES, TASK_TYPES
from local.child import ROOT

PAGE: Final = ROOT / "docs" / "phases.md"
HEAD: Final = "| task | trigger | action |"
WORDS: Final[dict[Outcome, str]] = {"not_allowed": "–", "by_itself": "acts", "asks": "asks"}
SETTINGS: Final = {
    "GITHUB_REPOSITORY": "owner/name",
    **dict.fromkeys(("PRE_006_CI_GATING", "CRIT_001_DEBUG_ENDPOINTS"), "confirmed"),
    **{f"{name}_TABLE": name.lower() for name in ("AUDIT", "ACTIONS", "DEDUPE", "BREAKER", "CONTENT")},
}
"""Both prerequisites are confirmed: without them there is nothing to tell of later phases."""


def table() -> str:
    """A row for each task, trigger and action that some phase lists."""
    settings = read_settings(SETTINGS)
    names = [f"{phase} \\*" if phase in NEEDS_PREREQUISITES else phase for phase in PHASES]
    lines = [f"{HEAD} {' | '.join(names)} |", f"|---|---|---|{'|'.join('---' for _ in PHASES)}|"]
    for task in TASK_TYPES:
        for trigger in TRIGGERS:
            for action in PROPOSES[task]:
                found = [outcome(replace(settings, phase=phase), task, trigger, action) for phase in PHASES]
                if set(found) != {"not_allowed"}:
                    lines.append(f"| `{task}` | {trigger} | `{action}` | {' | '.join(WORDS[one] for one in found)} |")
    return "\n".join(lines)


def page(written: str) -> str:
    """The document, with the table as it is now."""
    before, _, rest = written.partition(HEAD)
    return "\n\n".join([before + table(), rest.partition("\n\n")[2]])
