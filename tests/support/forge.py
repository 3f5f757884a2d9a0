"""A log made by hand: events, checkpoints and exports of any kind, the forbidden ones among them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from core.audit import log, merkle, note
from core.audit.log import Event, Head, extend
from core.audit.note import LocalSigner
from core.canonical import canonical, iso
from verifier.dfg_verify import Report, read_export, verify

ORIGIN = "dfg-orchestrator/dfg/app"
SIGNER = LocalSigner("11" * 32)
KEY = note.verifier_key(ORIGIN, SIGNER.public_key)
START = 1_790_000_000_000


def at(seconds: float) -> str:
    return iso(START + int(seconds * 1000))


def chain(name: str, seconds: float, *entries: tuple[str, dict[str, Any]]) -> list[Event]:
    """A chain whose events are a millisecond apart."""
    head = Head.new(name)
    events: list[Event] = []
    for number, entry in enumerate(entries):
        more, head = extend(head, at(seconds + number / 1000), [entry])
        events += more
    return events


def refusal(name: str, seconds: float) -> list[Event]:
    """The shortest chain that there is."""
    return chain(name, seconds, ("request.refused", {"kind": "refusal", "principal": "ci"}))


def judged(action: str, classification: str = "auto_safe") -> dict[str, Any]:
    """The verdict on one action."""
    return {"classification": classification, "actions": [{"actionId": action, "classification": classification}]}


def posted(name: str, seconds: float, **changes: Any) -> list[Event]:
    """A run that posted a plan."""
    attempt = {"actionId": f"action-{name}", "attempt": f"attempt-{name}"}
    verdict = judged(attempt["actionId"])
    return chain(
        name,
        seconds,
        ("run.started", {"kind": "dispatch", "principal": "ci"}),
        ("policy.judged", {**verdict, **changes}),
        ("action.intended", attempt),
        ("action.executed", attempt),
        ("run.finished", {"status": "success"}),
    )


@dataclass
class Forged:
    """Records of an export, and checkpoints that are signed with the log's own key whatever they say."""

    records: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    size: int = 0

    def add(self, *chains: list[Event]) -> Forged:
        self.records += [{"type": "event", "event": event.as_json()} for events in chains for event in events]
        return self

    def covers(self, covered: list[Event], **changes: Any) -> Forged:
        """A checkpoint over these events in the checkpointer's order; `changes` are fields of it that shall differ."""
        ordered = sorted(covered, key=log.order_key)
        leaves = changes.pop("leaves", [event.hash for event in ordered])
        self.size += len(leaves)
        made = note.Checkpoint(
            **{
                "origin": ORIGIN,
                "number": len(self.notes),
                "events": len(leaves),
                "size": self.size,
                "root": merkle.root([merkle.leaf_hash(bytes.fromhex(leaf)) for leaf in leaves]),
                "prev": note.digest(self.notes[-1]) if self.notes else note.FIRST_PREV,
                "through": log.order_key(ordered[-1]),
                **changes,
            }
        )
        signed = note.sign(made, SIGNER)
        self.notes.append(signed)
        self.records.append(
            {
                "type": "checkpoint",
                "number": made.number,
                "events": made.events,
                "size": made.size,
                "root": made.root.hex(),
                "prev": made.prev,
                "through": made.through,
                "note": signed,
                "leaves": leaves,
                "key": KEY,
            }
        )
        return self

    def content(self, run: str, name: str, data: str, salt: str = "00") -> Forged:
        import base64

        encoded = base64.b64encode(data.encode()).decode()
        self.records.append({"type": "content", "run": run, "name": name, "salt": salt, "data_b64": encoded})
        return self

    @property
    def checkpoint(self) -> dict[str, Any]:
        """The newest one, to be spoilt."""
        return next(record for record in reversed(self.records) if record["type"] == "checkpoint")

    def verify(self, *known: str, key: str = KEY) -> Report:
        return verify(read_export(json.dumps(record) for record in self.records), key, known)


def salted(data: str, salt: str = "00") -> str:
    return hashlib.sha256(bytes.fromhex(salt) + data.encode()).hexdigest()


def rehashed(event: dict[str, Any]) -> dict[str, Any]:
    """An event whose hash fits its content again."""
    body = {name: value for name, value in event.items() if name != "hash"}
    return {**body, "hash": hashlib.sha256(canonical(body)).hexdigest()}
