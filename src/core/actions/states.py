"""The life of an action: every transition is one conditional write that names the state it leaves.

    (new) ──▶ pending ──approve──▶ executing ──▶ executed
      │          │                    │  ├─────▶ failed ──approve──▶ executing
      │          ├──reject──▶ rejected│  ├─────▶ outcome_unknown ──marker found──▶ executed
      │          └──time────▶ expired │  └─────▶ shadowed        ├──settled, approve──▶ executing
      └──auto_safe────────────────────┘                          └──a newer one is posted──▶ superseded

An attempt that dies leaves `executing`; past its deadline that reads as `outcome_unknown`.
The attempt's id fences: only the attempt that made the action `executing` may end it.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from core.canonical import canonical, iso
from core.store import Insert, Item, Update
from core.types import Action, ActionState, Effect, Facts, Json, Target, Trust

WAITING: Final = "waiting"
"""The one partition of the index `queue`: actions that somebody may still decide."""

SUPERSEDED: Final = "superseded"
"""Another partition: superseded actions whose comment may still show, until their time is over."""
POSTED: Final = "posted"
"""Another: comments on GitHub of which it is still asked what became."""
ACTION: Final = "action"
"""The name of every write of an action."""

QUEUED: Final[frozenset[ActionState]] = frozenset({"pending", "executing", "failed", "outcome_unknown"})

TRANSITIONS: Final[Mapping[ActionState, frozenset[ActionState]]] = {
    "pending": frozenset({"executing", "rejected", "expired"}),
    "executing": frozenset({"executed", "failed", "outcome_unknown", "shadowed"}),
    "failed": frozenset({"executing", "rejected", "expired"}),
    "outcome_unknown": frozenset({"executed", "executing", "rejected", "expired", "superseded"}),
    "executed": frozenset(),
    "rejected": frozenset(),
    "expired": frozenset(),
    "shadowed": frozenset(),
    "superseded": frozenset(),
}
DECIDED: Final = frozenset(state for state, following in TRANSITIONS.items() if not following)

LONGEST_DOCUMENT: Final = 65_536
"""Packed bytes. An item ends at 400 KB: a longer document is left out, and the console shows the comment's bytes."""

ATTEMPT_MS: Final = 60_000
"""An attempt that has not been ended by then has died: it may have sent."""


@dataclass(frozen=True)
class Draft:
    """What the model answered and what policy knew, kept with the action for the judgement at approval."""

    raw: str
    facts: Facts


@dataclass(frozen=True)
class Stored:
    """An action as the table holds it."""

    action: Action
    draft: Draft
    state: ActionState
    created_at: int
    expires_at: int
    attempt: str
    attempt_at: int
    last_error: str
    principal: str
    """Who asked for the run."""
    charged: int
    """What the run came to, in micro-dollars."""
    checks: tuple[Json, ...]
    """What policy found, as it was told."""
    decided_at: int = 0
    """When it left the queue; 0 while it waits."""
    decided_by: str = ""
    """Who decided; nobody where no person did."""
    url: str = ""
    """Where its comment is on GitHub, once it is posted and somebody told."""
    observed: Json | None = None
    """What was last seen of the comment: see `approvals.outcomes`."""

    @property
    def about(self) -> Json:
        """What the model read of the target, `title` and `author` among it; of several issues, of this one."""
        extra = self.draft.facts.extra
        found: Json = extra.get("issues", {}).get(str(self.action.target.number), extra)
        return found

    @property
    def title(self) -> str:
        return str(self.about.get("title", ""))

    @property
    def author(self) -> str:
        return str(self.about.get("author", ""))

    @property
    def written_by(self) -> str:
        """Whose words the model read."""
        return self.draft.facts.trust.written_by if self.draft.facts.trust else ""

    def state_at(self, now: int) -> ActionState:
        """The state as it is to be read at `now`: a dead attempt's outcome is unknown."""
        if self.state == "executing" and now >= self.attempt_at + ATTEMPT_MS:
            return "outcome_unknown"
        return self.state

    def shown_at(self, now: int) -> ActionState:
        """The state to be told at `now`: what nobody may approve any more has expired, on record or not."""
        return "expired" if self.lapsed(now) else self.state_at(now)

    def lapsed(self, now: int) -> bool:
        """Whether nobody may approve it any more. What may have been sent stays visible until it is known."""
        return self.state_at(now) in ("pending", "failed") and now >= self.expires_at


def target_key(target: Target) -> str:
    """A target as one word, for filtering."""
    return f"{target.type}:{target.number}"


def insert(
    table: str,
    action: Action,
    draft: Draft,
    *,
    state: ActionState,
    attempt: str,
    principal: str,
    charged: int,
    checks: Sequence[Json],
    now: int,
    expiry: int,
) -> Insert:
    """The write that records a new action. `expiry` in milliseconds from now, `charged` in micro-dollars."""
    item: Item = {
        "id": action.id,
        "state": state,
        "action": _packed_action(action),
        "draft": _packed(draft),
        "createdAt": now,
        "expiresAt": now + expiry,
        "attempt": attempt,
        "attemptAt": now,
        "lastError": "",
        "principal": principal,
        "charged": charged,
        "checks": canonical(list(checks)).decode(),
        "taskType": action.task_type,
        "target": target_key(action.target),
        "queueKey": f"{iso(now)}#{action.id}",
    }
    document = zlib.compress(canonical(action.document))
    if action.document is not None and len(document) <= LONGEST_DOCUMENT:
        item["document"] = document
    if state in QUEUED:
        item["queue"] = WAITING
    return Insert(table, item, ACTION)


def move(
    table: str,
    action_id: str,
    *,
    frm: ActionState,
    to: ActionState,
    attempt: str,
    now: int,
    next_attempt: str | None = None,
    error: str = "",
    by: str = "",
    url: str = "",
    may_yield: bool = False,
) -> Update:
    """The conditional write of one transition. Raises ValueError for one the table does not list."""
    if to not in TRANSITIONS[frm]:
        raise ValueError(f"an action does not go from {frm} to {to}")
    change: dict[str, Any] = {"state": to, "lastError": error}
    if next_attempt is not None:
        change |= {"attempt": next_attempt, "attemptAt": now}
    if to not in QUEUED:
        change["decidedAt"] = now
        change |= {name: value for name, value in (("decidedBy", by), ("url", url)) if value}
    kept = {"superseded": SUPERSEDED, "executed": POSTED}.get(to)
    if kept is not None:
        change["queue"] = kept
    return Update(
        table,
        {"id": action_id},
        change=change,
        where={"state": frm, "attempt": attempt},  # the state that was looked at, and nobody's attempt since
        remove=() if to in QUEUED or kept is not None else ("queue",),
        name=ACTION,
        may_yield=may_yield,
    )


def ended(
    table: str, action_id: str, attempt: str, effect: Effect, now: int, *, by: str = "", may_yield: bool = False
) -> Update:
    """The write of an attempt's outcome."""
    error = "" if effect.outcome == "executed" else effect.detail
    return move(
        table,
        action_id,
        frm="executing",
        to=effect.outcome,
        attempt=attempt,
        now=now,
        error=error,
        by=by,
        url=effect.url,
        may_yield=may_yield,
    )


def unwatch(table: str, action_id: str, detail: str) -> Update:
    """The write after which nobody looks for a superseded action's comment any more."""
    return Update(
        table,
        {"id": action_id},
        change={"lastError": detail},
        where={"queue": SUPERSEDED},  # it is told once
        remove=("queue",),
        name=ACTION,
    )


def observed(table: str, action_id: str, outcome: Json, url: str) -> Update:
    """The write of what has been seen of a posted comment, and of its `url` where that is news."""
    return Update(
        table,
        {"id": action_id},
        change={"observed": canonical(outcome).decode(), **({"url": url} if url else {})},
        where={"queue": POSTED},  # nobody has stopped asking
        name=ACTION,
    )


def ask_no_more(table: str, action_id: str) -> Update:
    """The write after which nobody asks what became of a posted comment."""
    return Update(table, {"id": action_id}, change={}, where={"queue": POSTED}, remove=("queue",), name=ACTION)


def forget(table: str, stored: Stored) -> Update:
    """The write that empties a decided action of everything but what its events hold.

    It needs no condition: nothing leaves a decided state.
    """
    emptied = replace(stored.action, payload={}, reason="", evidence="")
    facts = replace(stored.draft.facts, changed_paths=(), cuts=(), canary="", extra={})
    return Update(
        table,
        {"id": stored.action.id},
        change={
            "action": _packed_action(emptied),
            "draft": _packed(Draft("", facts)),
            "checks": "[]",
        },
        remove=("document",),
    )


def read(item: Item) -> Stored:
    """The action of a stored item."""
    draft = json.loads(zlib.decompress(item["draft"]))
    return Stored(
        action=_action_from_json({**json.loads(item["action"]), "document": _unpacked(item.get("document"))}),
        draft=Draft(draft["raw"], facts_from_json(draft["facts"])),
        state=item["state"],
        created_at=item["createdAt"],
        expires_at=item["expiresAt"],
        attempt=item["attempt"],
        attempt_at=item["attemptAt"],
        last_error=item["lastError"],
        principal=item["principal"],
        charged=item["charged"],
        checks=tuple(json.loads(item["checks"])),
        decided_at=item.get("decidedAt", 0),
        decided_by=item.get("decidedBy", ""),
        url=item.get("url", ""),
        observed=json.loads(item["observed"]) if "observed" in item else None,
    )


def _packed_action(action: Action) -> str:
    fields = asdict(replace(action, document=None))
    del fields["document"]
    return canonical(fields).decode()


def _unpacked(document: bytes | None) -> Any:
    return None if document is None else json.loads(zlib.decompress(document))


def _packed(draft: Draft) -> bytes:
    return zlib.compress(canonical({"raw": draft.raw, "facts": asdict(replace(draft.facts, material=""))}))


def facts_from_json(data: Json) -> Facts:
    """The facts that `asdict` made JSON of."""
    return Facts(
        **{
            **data,
            "target": Target(**data["target"]),
            "changed_paths": tuple(data["changed_paths"]),
            "cuts": tuple(data["cuts"]),
            "unread": tuple(data.get("unread", ())),
            "trust": Trust(tuple(trust["asks"]), trust["written_by"]) if (trust := data.get("trust")) else None,
        }
    )


def _action_from_json(data: Json) -> Action:
    return Action(**{**data, "target": Target(**data["target"])})
