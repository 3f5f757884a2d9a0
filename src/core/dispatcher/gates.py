"""One attempt at an action, as a value: what lets it through to its target, and what its outcome becomes. Pure.

A gate lets one change at a time through to a target, as a record that the intent's transaction writes:

    comment   the comments of its kind that may stand there: one more only when the storm window is over or the
              target has moved, and only so many in any 24 hours
    labels    a lease on the issue's labels: GitHub has no conditional write, so they have one writer at a time

Only what may have been posted stays on record: an attempt that was refused takes itself out again. A lease ends
when its attempt can no longer land. Whoever finds it over takes it from the attempt that held it.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from core.actions import states
from core.actions.states import ATTEMPT_MS, Version
from core.config import Limits, Settings
from core.store import Delete, Insert, Item, Update, Write
from core.types import Action, ActionType, Effect, Target, TaskType

DAY_MS: Final = 86_400_000
GATE: Final = "gate"
"""The name of every write here. What comes after an attempt may yield; what comes before it may not."""


@dataclass(frozen=True)
class Intended(ABC):
    """An attempt: once its intent is on record, with its gate's, it may be sent, once."""

    settings: Settings
    action: Action
    id: str
    by: Literal["run", "force", "captain"]
    """Force passes over the storm rule. The Captain passes over every rule, and counts like everybody else."""
    seen: Item | None = None
    """The gate's record as it stood before the attempt passed; None where there was none."""

    @property
    @abstractmethod
    def key(self) -> dict[str, str]:
        """That of the gate's record in the dedupe table."""

    @abstractmethod
    def closed(self, now: int) -> str:
        """Why nothing may pass at `now` (milliseconds); empty when something may."""

    @abstractmethod
    def passes(self, now: int) -> Write:
        """The write that passes, and fails when another has passed since the gate was seen."""

    @abstractmethod
    def leaves(self, effect: Effect) -> list[Write]:
        """The writes of what the gate becomes after the attempt."""

    def moves(self, effect: Effect, now: int, by: str = "") -> Update:
        """The write of the action's state after the attempt."""
        error = "" if effect.outcome == "executed" else effect.detail
        found, decided = Version(self.action.id, "executing", self.id), {"decidedBy": by, "url": effect.url}
        return states.move(self.settings.actions_table, found, effect.outcome, now, error=error, decided=decided)


def storm_key(repository: str, target: Target, task_type: TaskType) -> str:
    """The record of the comments of this kind on this target."""
    return f"storm#{repository}#{target.type}#{target.number}#{task_type}"


def storms(record: Item | None, target_state: str, now: int, limits: Limits) -> bool:
    """Whether one more comment now would be a storm: one was posted lately and the target has not moved."""
    if record is None:
        return False
    return bool(record["targetState"] == target_state and now < record["at"] + limits.storm_seconds * 1000)


def posts(record: Item | None) -> list[Item]:
    """The comments on record that may stand there, oldest first: `{action, state, at}`."""
    if record is None:
        return []
    last = {"action": record["actionId"], "state": record["targetState"], "at": record["at"]}
    return list(record.get("posts", [last]))


class _Comment(Intended):
    @property
    def key(self) -> dict[str, str]:
        return {"key": storm_key(self.action.repository, self.action.target, self.action.task_type)}

    def closed(self, now: int) -> str:
        limits = self.settings.limits
        if self.by == "captain":
            return ""
        if self.by == "run" and storms(self.seen, self.action.target_state, now, limits):
            return "a comment was posted meanwhile"
        if len(_of_a_day(self.seen, now)) >= limits.comments_per_day:
            return f"{limits.comments_per_day} comments of this kind were posted here within 24 hours"
        return ""

    def passes(self, now: int) -> Write:
        own = {"action": self.action.id, "state": self.action.target_state, "at": now}
        table, fields = self.settings.dedupe_table, _standing([*_of_a_day(self.seen, now), own])
        if self.seen is None:
            return Insert(table, {**self.key, **fields}, GATE)
        # the last to pass is the one that was seen
        return Update(table, self.key, change=fields, where={"actionId": self.seen["actionId"]}, name=GATE)

    def leaves(self, effect: Effect) -> list[Write]:
        if effect.outcome not in ("failed", "shadowed"):
            return []
        table, others = self.settings.dedupe_table, posts(self.seen)
        # nobody has passed since
        if others:
            left = _standing(others)
            return [Update(table, self.key, left, where={"actionId": self.action.id}, name=GATE, may_yield=True)]
        return [Delete(table, self.key, where={"actionId": self.action.id}, name=GATE, may_yield=True)]


class _LabelChange(Intended):
    @property
    def key(self) -> dict[str, str]:
        return {"key": f"labels#{self.action.repository}#{self.action.target.number}"}

    def closed(self, now: int) -> str:
        held = self.seen is not None and now < self.seen["until"]
        return "the labels of this issue are being changed by another attempt" if held else ""

    def passes(self, now: int) -> Write:
        until = now + max(self.settings.limits.settle_seconds * 1000, ATTEMPT_MS)
        fields = {"attempt": self.id, "until": until, "ttl": (now + 2 * DAY_MS) // 1000}
        table = self.settings.dedupe_table
        if self.seen is None:
            return Insert(table, {**self.key, **fields}, GATE)
        # the one that was seen to be over
        return Update(table, self.key, change=fields, where={"attempt": self.seen["attempt"]}, name=GATE)

    def leaves(self, effect: Effect) -> list[Write]:
        """None while the attempt may still land."""
        if effect.lingers or effect.outcome == "outcome_unknown":
            return []
        table = self.settings.dedupe_table
        return [Delete(table, self.key, where={"attempt": self.id}, name=GATE, may_yield=True)]


BY_TYPE: Final[Mapping[ActionType, type[Intended]]] = {"add_comment": _Comment, "change_labels": _LabelChange}
"""What an attempt is, by the type of its action."""


def _of_a_day(record: Item | None, now: int) -> list[Item]:
    return [post for post in posts(record) if now < post["at"] + DAY_MS]


def _standing(standing: list[Item]) -> dict[str, Any]:
    """The record's fields: the last comment is told on its own, for the condition and the storm rule."""
    last = standing[-1]
    ttl = (last["at"] + 2 * DAY_MS) // 1000
    return {"actionId": last["action"], "targetState": last["state"], "at": last["at"], "posts": standing, "ttl": ttl}
