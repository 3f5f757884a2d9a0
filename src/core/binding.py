"""An approval binds to what was looked at: the payload, and the target as it stood. Pure.

target unmoved                 If-Match absent or the recorded digest    → execute
target moved                   If-Match is the digest over its new state → execute as stale
target moved                   anything else                             → refuse, with the new digest
target unmoved                 If-Match is another digest                → refuse
target closed                  anything                                  → the action expires
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from core.policy.engine import action_digest
from core.types import Action, TargetNow


@dataclass(frozen=True)
class Binding:
    """What an approval's digest and the target as it stands now mean together. `digest` is the one to send."""

    verdict: Literal["unmoved", "stale", "moved", "mismatch", "closed"]
    digest: str
    message: str


def bind(action: Action, now: TargetNow, if_match: str | None) -> Binding:
    """Whether the action may be executed on the target as it stands."""
    name = f"{action.target.type.replace('_', ' ')} {action.target.number}"
    if not now.open:
        return Binding("closed", action.digest, f"{name} is closed")
    if now.state == action.target_state:
        if if_match is None or if_match == action.digest:
            return Binding("unmoved", action.digest, "")
        return Binding("mismatch", action.digest, "If-Match is not the recorded digest: look at the action again")
    fresh = action_digest(
        action_type=action.type,
        repository=action.repository,
        target=action.target,
        payload=action.payload,
        target_state=now.state,
        policy_version=action.policy_version,
    )
    moved = f"{name} has moved from {action.target_state[:12]} to {now.state[:12]} since this was drafted"
    if if_match == fresh:
        return Binding("stale", fresh, moved)
    if if_match is None or if_match == action.digest:
        return Binding("moved", fresh, f"{moved}; send the new digest as If-Match to approve it as stale")
    return Binding("mismatch", fresh, f"If-Match is not the recorded digest, and {moved}")
