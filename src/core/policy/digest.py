"""The digest that fixes what an action would do. An approval of one digest is no approval of another."""

from __future__ import annotations

from core.canonical import digest
from core.types import Action, ActionType, Json, Target


def action_digest(
    *,
    action_type: ActionType,
    repository: str,
    target: Target,
    payload: Json,
    target_state: str,
    policy_version: str,
) -> str:
    """SHA-256, in hex, over the canonical JSON of all of these."""
    content = {
        "type": action_type,
        "repository": repository,
        "target": {"type": target.type, "number": target.number},
        "payload": dict(payload),
        "targetState": target_state,
        "policyVersion": policy_version,
    }
    return digest(content)


def digest_of(action: Action) -> str:
    """The digest over an action's own fields."""
    return action_digest(
        action_type=action.type,
        repository=action.repository,
        target=action.target,
        payload=action.payload,
        target_state=action.target_state,
        policy_version=action.policy_version,
    )
