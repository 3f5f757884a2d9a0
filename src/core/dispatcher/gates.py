"""What lets one change at a time through to a target, as a record that the intent's transaction writes.

    comment   the comments of its kind that may stand there: one more only when the storm window is over or the
              target has moved, and only so many in any 24 hours
    labels    a lease on the issue's labels: GitHub has no conditional write, so they have one writer at a time

Only what may have been posted stays on record: an attempt that was refused takes itself out again. A lease ends
when its attempt can no longer land. Whoever finds it over takes it from the attempt that held it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

from core.actions.states import ATTEMPT_MS
from core.config import Limits, Settings
from core.store import Delete, Insert, Item, Update, Write
from core.types import Action, Effect, Target, TaskType

DAY_MS: Final = 86_400_000
GATE: Final = "gate"
"""The name of every write here. What comes after an attempt may yield; what comes before it may not."""


class Gate(Protocol):
    """The gate of one action's target. `record` is the gate's record as it was read, None where there is none."""

    @property
    def key(self) -> dict[str, str]:
        """The record's key in the dedupe table."""
        ...

    def closed(self, record: Item | None, now: int) -> str:
        """Why nothing may pass at `now` (milliseconds); empty when something may."""
        ...

    def pass_through(self, record: Item | None, attempt: str, now: int) -> Write:
        """The write that passes, and fails when another has passed since `record` was read."""
        ...

    def leave(self, record: Item | None, attempt: str, effect: Effect) -> list[Write]:
        """The writes after the end of an attempt that passed when `record` stood there."""
        ...


def gate_of(settings: Settings, action: Action, by: Literal["run", "force", "captain"]) -> Gate:
    """Force passes over the storm rule. The Captain passes over every rule, and counts like everybody else."""
    return _Lease(settings, action) if action.type == "change_labels" else _Comments(settings, action, by)


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


@dataclass(frozen=True)
class _Comments:
    settings: Settings
    action: Action
    by: Literal["run", "force", "captain"]

    @property
    def key(self) -> dict[str, str]:
        return {"key": storm_key(self.action.repository, self.action.target, self.action.task_type)}

    def closed(self, record: Item | None, now: int) -> str:
        limits = self.settings.limits
        if self.by == "captain":
            return ""
        if self.by == "run" and storms(record, self.action.target_state, now, limits):
            return "a comment was posted meanwhile"
        if len(_of_a_day(record, now)) >= limits.comments_per_day:
            return f"{limits.comments_per_day} comments of this kind were posted here within 24 hours"
        return ""

    def pass_through(self, record: Item | None, attempt: str, now: int) -> Write:
        own = {"action": self.action.id, "state": self.action.target_state, "at": now}
        table, fields = self.settings.dedupe_table, _standing([*_of_a_day(record, now), own])
        if record is None:
            return Insert(table, {**self.key, **fields}, GATE)
        # the last to pass is the one that was seen
        return Update(table, self.key, change=fields, where={"actionId": record["actionId"]}, name=GATE)

    def leave(self, record: Item | None, attempt: str, effect: Effect) -> list[Write]:
        if effect.outcome not in ("failed", "shadowed"):
            return []
        table, others = self.settings.dedupe_table, posts(record)
        # nobody has passed since
        if others:
            left = _standing(others)
            return [Update(table, self.key, left, where={"actionId": self.action.id}, name=GATE, may_yield=True)]
        return [Delete(table, self.key, where={"actionId": self.action.id}, name=GATE, may_yield=True)]


@dataclass(frozen=True)
class _Lease:
    settings: Settings
    action: Action

    @property
    def key(self) -> dict[str, str]:
        return {"key": f"labels#{self.action.repository}#{self.action.target.number}"}

    def closed(self, record: Item | None, now: int) -> str:
        held = record is not None and now < record["until"]
        return "the labels of this issue are being changed by another attempt" if held else ""

    def pass_through(self, record: Item | None, attempt: str, now: int) -> Write:
        until = now + max(self.settings.limits.settle_seconds * 1000, ATTEMPT_MS)
        fields = {"attempt": attempt, "until": until, "ttl": (now + 2 * DAY_MS) // 1000}
        table = self.settings.dedupe_table
        if record is None:
            return Insert(table, {**self.key, **fields}, GATE)
        # the one that was seen to be over
        return Update(table, self.key, change=fields, where={"attempt": record["attempt"]}, name=GATE)

    def leave(self, record: Item | None, attempt: str, effect: Effect) -> list[Write]:
        """None while the attempt may still land."""
        if effect.lingers or effect.outcome == "outcome_unknown":
            return []
        table = self.settings.dedupe_table
        return [Delete(table, self.key, where={"attempt": attempt}, name=GATE, may_yield=True)]


def _of_a_day(record: Item | None, now: int) -> list[Item]:
    return [post for post in posts(record) if now < post["at"] + DAY_MS]


def _standing(standing: list[Item]) -> dict[str, Any]:
    """The record's fields: the last comment is told on its own, for the condition and the storm rule."""
    last = standing[-1]
    ttl = (last["at"] + 2 * DAY_MS) // 1000
    return {"actionId": last["action"], "targetState": last["state"], "at": last["at"], "posts": standing, "ttl": ttl}
