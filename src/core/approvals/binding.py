"""An approval binds to what was looked at: the payload, and the target as it stood. Pure.

target unmoved                 If-Match absent or the recorded digest    → execute
target moved                   If-Match is the digest over its new state → execute as stale
target moved                   anything else                             → refuse, with the new digest
target unmoved                 If-Match is another digest                → refuse
target closed                  anything                                  → the action expires
"""

from dataclasses import dataclass, replace
from typing import Literal

from core.actions.labels import change_of
from core.context.team import Taxonomy
from core.policy.approved import digest_of
from core.types import Action, TargetNow


@dataclass(frozen=True)
class Binding:
    """What an approval's digest and the target as it stands now mean together. `digest` is the one to send."""

    verdict: Literal["unmoved", "stale", "moved", "mismatch", "closed"]
    digest: str
    message: str


def target_state(action: Action, now: TargetNow, taxonomy: Taxonomy) -> str:
    """What the action binds to, of the target as it stands."""
    if action.type != "change_labels":
        return now.state
    return taxonomy.state(now.labels, (*action.payload["add"], *action.payload["remove"]))


def half_done(action: Action, now: TargetNow, taxonomy: Taxonomy) -> bool:
    """Whether the labels are on the way from those the change was drafted for to those it would leave."""
    if action.type != "change_labels":
        return False
    return change_of(action, action.payload["before"], taxonomy).standing(now.labels) != "moved"


def bind(
    action: Action, now: TargetNow, if_match: str | None, taxonomy: Taxonomy, *, attempted: bool = False
) -> Binding:
    """Whether the action may be executed on the target as it stands.

    Labels that an earlier attempt (`attempted`) has left half changed count as unmoved: the action goes on with them.
    """
    name = f"{action.target.type.replace('_', ' ')} {action.target.number}"
    if not now.open:
        return Binding("closed", action.digest, f"{name} is closed")
    state = target_state(action, now, taxonomy)
    if _same(action, state) or (attempted and half_done(action, now, taxonomy)):
        if if_match is None or if_match == action.digest:
            return Binding("unmoved", action.digest, "")
        return Binding("mismatch", action.digest, "If-Match is not the recorded digest: look at the action again")
    fresh = digest_of(replace(action, target_state=state))
    moved = f"{name} has moved from {_short(action.target_state)} to {_short(state)} since this was drafted"
    if action.type == "change_labels":
        labels = ", ".join(sorted(now.labels)) or "none"
        moved = f"the labels of {name} have changed since this was drafted: they are {labels} now"
    if if_match == fresh:
        return Binding("stale", fresh, moved)
    if if_match is None or if_match == action.digest:
        return Binding("moved", fresh, f"{moved}; send the new digest as If-Match to approve it as stale")
    return Binding("mismatch", fresh, f"If-Match is not the recorded digest, and {moved}")


def _same(action: Action, state: str) -> bool:
    """Actions of an earlier version bind to a pull request's head alone."""
    recorded = action.target_state
    head_alone = action.target.type == "pull_request" and ":" not in recorded
    return recorded == (state.partition(":")[0] if head_alone else state)


def _short(state: str) -> str:
    """A commit or hash by its beginning, with the branch where there is one."""
    whole, at, branch = state.partition(":")
    return f"{whole[:12]}{' for ' if at else ''}{branch}"
