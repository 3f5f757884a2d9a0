"""The digest that fixes what an action would do. An approval of one digest is no approval of another."""

from core.canonical import digest
from core.types import Action


def digest_of(action: Action) -> str:
    """SHA-256, in hex, over the canonical JSON of what would be done, to what, as it stood, under which policy."""
    content = {
        "type": action.type,
        "repository": action.repository,
        "target": {"type": action.target.type, "number": action.target.number},
        "payload": dict(action.payload),
        "targetState": action.target_state,
        "policyVersion": action.policy_version,
    }
    return digest(content)
