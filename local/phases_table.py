"""`python -m local.phases_table > docs/phases.md`: what each phase does, from the tables that decide it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from core.config import Settings, read_settings
from core.phases import NEEDS_PREREQUISITES
from core.runs.promotion import PROPOSES, TRIGGERS, Outcome, outcome
from core.types import PHASES, TASK_TYPES

WORDS: Final[dict[Outcome, str]] = {"not_allowed": "–", "by_itself": "acts", "asks": "asks"}

HEAD: Final = """\
# Phases

What a phase does not list cannot run, whoever asks: a route, a schedule, the webhook, or the approval of what was
queued before. The table is generated from [`phases.py`](../src/core/phases.py) (what may run) and
[`classifier.py`](../src/core/policy/classifier.py) (who is asked); `python -m local.phases_table > docs/phases.md`
writes it anew.

- **acts**: carried out without the Captain, when every check passes. What a check doubts asks the Captain, in every
  phase.
- **asks**: waits for the Captain's approval, always.
- **–**: refused (403, code `phase`), and nothing is read, claimed or paid.

| task | trigger | action | {phases} |
|---|---|---|{rules}|
"""

TAIL: Final = """
\\* Needs both prerequisites confirmed: `PRE_006_CI_GATING` and `CRIT_001_DEBUG_ENDPOINTS`. Without them the template's
Rules refuse the deployment, and the code refuses every row of that column, those of earlier phases too.

A task that is not in the table for a trigger cannot be asked for by it; an action that is not in it for a task is
never proposed by it.

## Going up, and down again

The deployed phase is the parameter `Phase`. Before it is raised, `GET /phases` (`dfg phases`, or *Phases* in the
console) tells from the audit what became of the proposals so far.

It works in both directions, and at once: what a lower phase does not list is refused from then on. A run that was
accepted before and has not asked the model yet ends as `skipped`, and its reservation is given back. An action that
waits stays there: approving it answers 403 until the phase is raised again, rejecting it works, and its time runs on.
What a higher phase would have done by itself, and could not, is not approvable under a lower one that asks the Captain
(409: policy's verdict is worse than the recorded one); dispatch again there for a proposal of that phase.
The scheduled look at waiting actions and the checkpoints run in every phase: they send nothing to GitHub.

## What the evidence counts

Per task type, over the runs that started in the period (30 days, or `?days=` 1 to 90), from the first and last events
of the audit's chains alone. Decisions count for the run that they decide on.

| figure | meaning |
|---|---|
| `proposals` | Actions that the runs came to, and drafts that policy refused. Each is under one of the next eight. |
| `postedByItself` | Carried out without the Captain. |
| `approvedUnchanged` | Approved for the state it was drafted for, and carried out. |
| `approvedStale` | Approved after its target had moved, and carried out. |
| `rejected`, `expired` | The Captain said no; or time did, the closed target, or a newer comment of the kind. |
| `refusedByPolicy` | Drafts that policy refused whole. |
| `shadowed` | Not sent, because of `SHADOW_MODE`. |
| `waiting` | Not decided: also what was definitely not posted, and what may have been and nobody knows. |
| `failed` | Runs that came to no proposal because the model failed. |
| `unfinished` | Runs without an end so far. Their cost is not in yet. |
| `cost` | What all those runs came to, in dollars. |
| `costPerAccepted` | `cost` divided by what was carried out (the first three), rounded up; `null` where nothing was. |
| `workedThrough` | Posted plans of which testers have ticked at least half of the boxes, as the daily look saw them. |
| `tickedShare` | Ticked boxes of all boxes of the plans that somebody has touched; `null` for none. |
| `liked`, `disliked` | Thumbs on posted plans. Evidence, not proof: whoever may write may tick. |
| `costPerWorkedThrough` | `cost` divided by `workedThrough`, rounded up; `null` where nothing was. |

Duplicates and skipped dispatches are no proposals. `complete: false` says that the period holds more than one answer
reads; `period.since` then is where reading stopped, and the figures are exact from there on. Ask for fewer `days`.
"""


def table() -> str:
    """The whole document."""
    names = [f"{phase} \\*" if phase in NEEDS_PREREQUISITES else phase for phase in PHASES]
    lines = [HEAD.format(phases=" | ".join(names), rules="|".join("---" for _ in PHASES))]
    settings = _settings()
    for task in TASK_TYPES:
        for trigger in TRIGGERS:
            for action in PROPOSES[task]:
                told = [outcome(replace(settings, phase=phase), task, trigger, action) for phase in PHASES]
                if set(told) != {"not_allowed"}:
                    cells = " | ".join(WORDS[one] for one in told)
                    lines.append(f"| `{task}` | {trigger} | `{action}` | {cells} |\n")
    return "".join(lines) + TAIL


def _settings() -> Settings:
    """Both prerequisites are confirmed: without them there is nothing to tell of later phases."""
    tables = {f"{name}_TABLE": name.lower() for name in ("AUDIT", "ACTIONS", "DEDUPE", "BREAKER", "CONTENT")}
    confirmed = dict.fromkeys(("PRE_006_CI_GATING", "CRIT_001_DEBUG_ENDPOINTS"), "confirmed")
    return read_settings({"GITHUB_REPOSITORY": "owner/name", **confirmed, **tables})


if __name__ == "__main__":
    print(table(), end="")
