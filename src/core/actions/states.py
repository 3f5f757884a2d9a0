"""The life of an action: every transition is one conditional write that names the state it leaves.

    (new) ──▶ pending ──approve──▶ executing ──▶ executed
      │          │                    │  ├─────▶ failed ──approve──▶ executing
      │          ├──reject──▶ rejected│  ├─────▶ outcome_unknown ──marker found──▶ executed
      │          └──time────▶ expired │  └─────▶ shadowed        ├──settled, approve──▶ executing
      └──auto_safe────────────────────┘                          └──a newer one is posted──▶ superseded

An attempt that dies leaves `executing`; past its deadline that reads as `outcome_unknown`.
The attempt's id fences: only the attempt that made the action `executing` may end it.
"""

import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from core.canonical import camel, canonical, iso, named
from core.store import Insert, Item, Update
from core.types import Action, ActionState, Facts, Json, Target, Trust

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
class Version:
    """What a transition has to find: the action in this state, and nobody's attempt since."""

    id: str
    state: ActionState
    attempt: str


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
    principal: str
    """Who asked for the run."""
    charged: int
    """What the run came to, in micro-dollars."""
    checks: tuple[Json, ...]
    """What policy found, as it was told."""
    last_error: str = ""
    decided_at: int = 0
    """When it left the queue; 0 while it waits."""
    decided_by: str = ""
    """Who decided; nobody where no person did."""
    url: str = ""
    """Where its comment is on GitHub, once it is posted and somebody told."""
    observed: Json | None = None
    """What was last seen of the comment: see `approvals.reconcile`."""

    @property
    def version(self) -> Version:
        return Version(self.action.id, self.state, self.attempt)

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


PLAIN: Final = ("state", "created_at", "expires_at", "attempt", "attempt_at", "last_error", "principal", "charged")
"""What an item holds as it is."""
_LABELS: Final = "repositoryLabels"
"""Where stored facts have the labels of the repository: among what single tasks know."""


def insert(table: str, new: Stored) -> Insert:
    """The write that records a new action."""
    action, document = new.action, zlib.compress(canonical(new.action.document))
    item: Item = {
        **named(new, *PLAIN),
        "id": action.id,
        "action": _packed_action(action),
        "draft": _packed(new.draft),
        "checks": canonical(new.checks).decode(),
        "taskType": action.task_type,
        "target": target_key(action.target),
        "queueKey": f"{iso(new.created_at)}#{action.id}",
    }
    if action.document is not None and len(document) <= LONGEST_DOCUMENT:
        item["document"] = document
    if new.state in QUEUED:
        item["queue"] = WAITING
    return Insert(table, item, ACTION)


def move(
    table: str, found: Version, to: ActionState, now: int, *, error: str = "", decided: Json | None = None
) -> Update:
    """The conditional write of one transition. Raises ValueError for one the table does not list.

    `decided` is what is kept of a decided action: `decidedBy`, and the `url` of its comment.
    """
    if to not in TRANSITIONS[found.state]:
        raise ValueError(f"an action does not go from {found.state} to {to}")
    change: dict[str, Any] = {"state": to, "lastError": error}
    if to not in QUEUED:
        change |= {"decidedAt": now, **{name: value for name, value in (decided or {}).items() if value}}
    kept = {"superseded": SUPERSEDED, "executed": POSTED}.get(to)
    if kept is not None:
        change["queue"] = kept
    return Update(
        table,
        {"id": found.id},
        change=change,
        where={"state": found.state, "attempt": found.attempt},  # the state that was looked at, and no attempt since
        remove=() if to in QUEUED or kept is not None else ("queue",),
        name=ACTION,
    )


def begin(table: str, found: Version, attempt: str, now: int) -> Update:
    """The transition with which an attempt begins."""
    started = move(table, found, "executing", now)
    return replace(started, change={**started.change, "attempt": attempt, "attemptAt": now})


def unqueue(table: str, action_id: str, queue: str, change: Json | None = None) -> Update:
    """The write after which nobody looks for a superseded action's comment, or asks what became of a posted one."""
    return Update(
        table,
        {"id": action_id},
        change=change or {},
        where={"queue": queue},  # it is told once
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
    draft, document = json.loads(zlib.decompress(item["draft"])), item.get("document")
    tree = None if document is None else json.loads(zlib.decompress(document))
    action = json.loads(item["action"])
    return Stored(
        action=Action(**{**action, "target": Target(**action["target"]), "document": tree}),
        draft=Draft(draft["raw"], facts_from_json(draft["facts"])),
        checks=tuple(json.loads(item["checks"])),
        decided_at=item.get("decidedAt", 0),
        decided_by=item.get("decidedBy", ""),
        url=item.get("url", ""),
        observed=json.loads(item["observed"]) if "observed" in item else None,
        **{name: item[camel(name)] for name in PLAIN},
    )


def _packed_action(action: Action) -> str:
    fields = asdict(replace(action, document=None))
    del fields["document"]
    return canonical(fields).decode()


def _packed(draft: Draft) -> bytes:
    return zlib.compress(canonical({"raw": draft.raw, "facts": facts_as_json(replace(draft.facts, material=""))}))


def facts_as_json(facts: Facts) -> dict[str, Any]:
    """The facts as they are stored.

    An instance of the release before this one reads them too, while a deployment or after it was rolled back: it takes
    no field that it does not know.
    """
    data = asdict(facts)
    labels = data.pop("labels")
    return data if labels is None else {**data, "extra": {**data["extra"], _LABELS: labels}}


def facts_from_json(data: Json) -> Facts:
    """The facts that `facts_as_json` made JSON of."""
    extra = dict(data.get("extra", {}))
    labels = extra.pop(_LABELS, data.get("labels"))
    return Facts(
        **{
            **data,
            "target": Target(**data["target"]),
            "changed_paths": tuple(data["changed_paths"]),
            "cuts": tuple(data["cuts"]),
            "extra": extra,
            "unread": tuple(data.get("unread", ())),
            "labels": None if labels is None else tuple(labels),
            "trust": Trust(tuple(trust["asks"]), trust["written_by"]) if (trust := data.get("trust")) else None,
        }
    )
