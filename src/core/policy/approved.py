"""The one value that a writer takes, and the only way to it; and the digest that fixes what an action would do."""

from dataclasses import InitVar, dataclass
from typing import Final

from core.canonical import digest
from core.policy.classifier import is_worse
from core.types import Action, Verdict

_SEAL: Final = object()


@dataclass(frozen=True)
class Approved:
    """An action that policy, and where needed the Captain, let pass. Only `approve` can make one."""

    action: Action
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("only policy makes an Approved")


@dataclass(frozen=True)
class Refused:
    """Why an action may not run."""

    code: str
    reason: str


def approve(action: Action, verdict: Verdict, *, by_captain: bool) -> Approved | Refused:
    """The only way to a writer. The Captain may approve what asks for it, never what is rejected."""
    if verdict.classification == "rejected":
        return Refused("rejected", verdict.reason)
    if verdict.actions != (action,):
        return Refused("not_judged", "the verdict is about another action")
    if is_worse(verdict.classification, action.classification):
        return Refused("worse_than_recorded", verdict.reason)
    if verdict.classification != "auto_safe" and not by_captain:
        return Refused("needs_captain", verdict.reason)
    return Approved(action, _SEAL)


def digest_of(action: Action) -> str:
    """SHA-256, in hex, over the canonical JSON of what would be done, to what, as it stood, under which policy.

    An approval of one digest is no approval of another.
    """
    return digest(
        {
            "type": action.type,
            "repository": action.repository,
            "target": {"type": action.target.type, "number": action.target.number},
            "payload": dict(action.payload),
            "targetState": action.target_state,
            "policyVersion": action.policy_version,
        }
    )
