"""What lets one change at a time through to a target, as a record that the intent's transaction writes.

    comment   the last comment of its kind: one more only when the storm window is over or the target has moved
    labels    a lease on the issue's labels: GitHub has no conditional write, so they have one writer at a time

A lease ends when its attempt can no longer land. Whoever finds it over takes it from the attempt that held it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from core.actions.states import ATTEMPT_MS
from core.config import Settings
from core.dispatcher import dedupe
from core.store import Delete, Insert, Item, Update, Write
from core.types import Action, Effect

DAY_SECONDS = 86_400


@dataclass(frozen=True)
class Gate:
    """The gate of one action's target. `state` is the target's state as the run saw it."""

    settings: Settings
    action: Action
    state: str
    force: bool = False

    @property
    def key(self) -> dict[str, str]:
        """The record's key in the dedupe table."""
        action = self.action
        if action.type == "change_labels":
            return {"key": f"labels#{action.repository}#{action.target.number}"}
        return {"key": dedupe.storm_key(action.repository, action.target, action.task_type)}

    def closed(self, record: Item | None, now: int) -> str:
        """Why nothing may pass at `now` (milliseconds); empty when something may."""
        if record is None:
            return ""
        if self.action.type == "change_labels":
            return "the labels of this issue are being changed by another attempt" if now < record["until"] else ""
        storm = dedupe.storms(record, self.state, now, self.settings.limits.storm_seconds)
        return "a comment was posted meanwhile" if storm and not self.force else ""

    def seen(self, record: Item | None) -> str:
        """Who passed last, for `pass_through` to take over from; empty for nobody."""
        return str(record[self._holder]) if record else ""

    def pass_through(self, seen: str, attempt: str, now: int) -> Write:
        """The write that passes, and fails when another has passed since `seen` was."""
        holder = attempt if self.action.type == "change_labels" else self.action.id
        fields: dict[str, Any] = {self._holder: holder, "ttl": now // 1000 + 2 * DAY_SECONDS}
        if self.action.type == "change_labels":
            fields["until"] = now + max(self.settings.limits.settle_seconds * 1000, ATTEMPT_MS)
        else:
            fields |= {"targetState": self.state, "at": now}
        if not seen:
            return Insert(self.settings.dedupe_table, {**self.key, **fields})
        return Update(self.settings.dedupe_table, self.key, change=fields, where={self._holder: seen})

    def release(self, attempt: str, effect: Effect) -> list[Write]:
        """The writes after an attempt's end: none while it may still land, or has posted a comment."""
        if self.action.type == "change_labels":
            return [] if effect.lingers or effect.outcome == "outcome_unknown" else [self._free(attempt)]
        return [self._free(self.action.id)] if effect.outcome in ("failed", "shadowed") else []

    def _free(self, holder: str) -> Delete:
        return Delete(self.settings.dedupe_table, self.key, where={self._holder: holder})

    @property
    def _holder(self) -> str:
        return "attempt" if self.action.type == "change_labels" else "actionId"
