#!/usr/bin/env python3
"""Checks an exported audit of the DFG Orchestrator, offline. One file: the standard library and `cryptography`.

    python dfg_verify.py EXPORT --key KEY [--known NOTE ...]

EXPORT  one JSON object a line, as `dfg export` writes it: {"type": "event" | "checkpoint" | "content", …}
KEY     the public key that signs checkpoints, `name+id+base64`, obtained from somebody you trust
NOTE    a checkpoint that you got earlier, or a folder of them from the locked bucket: the log is held against it

It shares no code with the service, and takes nothing in the export at its word. Exit status: 0 nothing wrong,
1 something is wrong, 2 it could not be read, or no signed checkpoint was there to prove anything.

What it can show. Within what the newest checkpoint covers: any event altered, dropped, reordered, inserted or
back-dated; an effect without an intent, a verdict or an approval; charges that do not add up. Against a NOTE: a
log cut short or rewritten (forked) after that NOTE was signed. What it cannot show: that an event was never
written at all; what came after the newest checkpoint; anything, if the holder of the key signed false checkpoints
before you got a NOTE.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
except ImportError:
    print("cannot be checked: this takes the package cryptography (pip install cryptography)", file=sys.stderr)
    raise SystemExit(2) from None

Json = Mapping[str, Any]

FORMAT = "dfg-orchestrator/checkpoint/v1"
ZEROS = "0" * 64
HEX = re.compile("[0-9a-f]{64}")
ID = re.compile("[A-Za-z0-9-]{1,64}")
TYPE = re.compile(r"[a-z_]{1,40}\.[a-z_]{1,40}")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)
KEY = re.compile(r"([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})")

OUTCOMES = {"action.executed", "action.failed", "action.outcome_unknown", "action.shadowed"}
DECISIONS = {"approval.granted", "action.rejected", "action.expired", "request.refused", "content.erased"}
BREAKER = {"breaker.reset", "breaker.opened", "breaker.closed", "breaker.probed"}
MONEY = {"charge.requested", "charge.refused", "charge.settled"}
RUN = {"run.started", "run.resumed", "run.finished", "prompt.stored", "policy.judged"}
MODEL = {"generation.attempt_failed", "generation.answered"}
LOOKS = OUTCOMES | {"action.superseded", "action.landed"}
"""What a look may have found: an outcome, a newer comment, or one that came after all."""
OPENINGS = {"run.started", "outcome.observed"} | DECISIONS | BREAKER
"""What a chain begins with; a look begins with what it found."""
KNOWN_TYPES = LOOKS | OPENINGS | MONEY | RUN | MODEL | {"action.proposed", "action.intended"}
MOST_SEQ = 999_999
"""The order of events has six digits for the number."""
CONTENTS = {
    "prompt": ("prompt.stored", "prompt"),
    "context": ("prompt.stored", "context"),
    "answer": ("generation.answered", "answer"),
}
"""Name of a stored content → the event and the field of it that hold its digest."""
MONEY_FIELDS = {
    "charge.requested": ("attempt", "amount"),
    "charge.settled": ("attempt", "reserved", "charged"),
    "generation.answered": ("attempt", "cost"),
}
NAMING = {
    "approval.granted": ("actionId",),
    "action.proposed": ("actionId",),
    "action.intended": ("actionId", "attempt"),
    "outcome.observed": ("actionId",),
    **dict.fromkeys(LOOKS, ("actionId", "attempt")),
}
"""What these events are about."""


class Unreadable(Exception):
    """The input is not what it should be; nothing can be said."""


@dataclass
class Report:
    """What was found: `faults` are proof of a change, `unchecked` is what could not be looked at."""

    faults: list[str] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Event:
    """One event as exported, and the hash that its content has."""

    chain: str
    seq: int
    type: str
    at: str
    data: Json
    prev: str
    hash: str
    actual: str

    @property
    def order(self) -> str:
        """Where the checkpointer takes it: by time, then chain, then number."""
        return f"{self.at}#{self.chain}#{self.seq:06d}"

    def word(self, name: str) -> str:
        """A text of its data; empty where it is none."""
        value = self.data.get(name)
        return value if isinstance(value, str) else ""

    def amount(self, name: str) -> int | None:
        """A whole number of its data, from 0 on; None where it is none."""
        value = self.data.get(name)
        return value if type(value) is int and value >= 0 else None

    def __str__(self) -> str:
        return f"event {self.seq} of chain {self.chain} ({self.type})"


@dataclass(frozen=True)
class Content:
    """A stored text as exported."""

    run: str
    name: str
    digest: str

    def __str__(self) -> str:
        return f"content {self.name} of run {self.run}"


@dataclass
class Export:
    """An export, sorted by kind. `partial` says in words what its maker left out; empty for a whole one."""

    chains: dict[str, list[Event]] = field(default_factory=dict)
    checkpoints: list[Json] = field(default_factory=list)
    contents: list[Content] = field(default_factory=list)
    partial: str = ""
    with_content: bool = True
    declared: bool = False

    def events(self) -> Iterator[Event]:
        for chain in self.chains.values():
            yield from chain


# --- reading ---------------------------------------------------------------------------------


def read_export(lines: Iterable[str]) -> Export:
    """Raises Unreadable naming the line. What no check would look at is not let in."""
    export = Export()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            _read_record(export, read_json(line))
        except (ValueError, TypeError, RecursionError) as error:
            raise Unreadable(f"line {number}: {error}") from None
    return export


def read_json(text: str) -> Any:
    """JSON that every reader understands in the same way. Raises ValueError."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({name for name, _ in pairs}) != len(pairs):
            raise ValueError("a name stands twice in one object")
        return dict(pairs)

    def no_float(text: str) -> Any:
        raise ValueError(f"{text[:20]} is not a whole number")

    return json.loads(text, object_pairs_hook=once, parse_float=no_float, parse_constant=no_float)


def _read_record(export: Export, record: Any) -> None:
    match record.get("type") if isinstance(record, dict) else None:
        case "event":
            event = read_event(exactly(record, "type", "event")["event"])
            export.chains.setdefault(event.chain, []).append(event)
        case "checkpoint":
            names = ("type", "number", "events", "size", "root", "prev", "through", "note", "leaves", "key")
            export.checkpoints.append(read_checkpoint(exactly(record, *names)))
        case "content":
            export.contents.append(read_content(exactly(record, "type", "run", "name", "salt", "data_b64")))
        case "export":
            exactly(record, "type", "since", "until", "content")
            if export.declared:
                raise ValueError("the export says twice what it holds")
            if type(record["content"]) is not bool:
                raise ValueError("content must be true or false")
            span = [f"{name} {show(record[name])}" for name in ("since", "until") if record[name] is not None]
            export.partial, export.with_content, export.declared = " ".join(span), record["content"], True
        case kind:
            raise ValueError(f"unknown type {show(kind)}")


def read_event(event: Any) -> Event:
    names = ("chain", "seq", "type", "at", "data", "prev", "hash")
    exactly(event, *names)
    of_form(event, "chain", ID)
    of_form(event, "type", TYPE)
    of_form(event, "at", MOMENT)
    of_form(event, "prev", HEX)
    of_form(event, "hash", HEX)
    if type(event["seq"]) is not int or not 0 <= event["seq"] <= MOST_SEQ or not isinstance(event["data"], dict):
        raise ValueError(f"an event needs a number from 0 to {MOST_SEQ} and an object of data")
    actual = hashlib.sha256(canonical({name: event[name] for name in names if name != "hash"})).hexdigest()
    return Event(**event, actual=actual)


def read_checkpoint(checkpoint: dict[str, Any]) -> Json:
    leaves = checkpoint["leaves"]
    if not isinstance(leaves, list) or not all(isinstance(leaf, str) and HEX.fullmatch(leaf) for leaf in leaves):
        raise ValueError("the leaves of a checkpoint are hashes")
    if any(type(checkpoint[name]) is not int for name in ("number", "events", "size")):
        raise ValueError("number, events and size of a checkpoint are whole numbers")
    if not all(isinstance(checkpoint[name], str) for name in ("root", "prev", "through", "note", "key")):
        raise ValueError("root, prev, through, note and key of a checkpoint are texts")
    return checkpoint


def read_content(record: dict[str, Any]) -> Content:
    of_form(record, "run", ID)
    if record["name"] not in CONTENTS:
        raise ValueError(f"there is no content called {show(record['name'])}")
    data = base64.b64decode(record["data_b64"], validate=True)
    return Content(record["run"], record["name"], hashlib.sha256(bytes.fromhex(record["salt"]) + data).hexdigest())


def exactly(record: Any, *names: str) -> dict[str, Any]:
    """Raises ValueError: a field that nobody checks could tell its reader anything."""
    if not isinstance(record, dict) or set(record) != set(names):
        raise ValueError(f"a record must have exactly {', '.join(names)}")
    return record


def of_form(record: Json, name: str, form: re.Pattern[str]) -> None:
    if not isinstance(record[name], str) or not form.fullmatch(record[name]):
        raise ValueError(f"{name} has not its form: {show(record[name])}")


def show(value: object) -> str:
    """A value of the export in words that cannot move a terminal's cursor."""
    return ascii(value)[:80]


def canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def verify(export: Export, key: str, known: Sequence[str] = ()) -> Report:
    """Every check. Raises Unreadable when the key or a note is not one."""
    report = Report()
    for chain, events in sorted(export.chains.items()):
        check_chain(chain, events, report)
        check_shape(chain, events, report)
        check_money(events, report)
    check_effects(export, report)
    check_digests(export, report)
    checkpoints = check_checkpoints(export.checkpoints, key, report)
    check_coverage(export, checkpoints, report)
    check_known(export.checkpoints, checkpoints, known, key, report)
    check_contents(export, report)
    report.counts = {
        "chains": len(export.chains),
        "events": sum(len(events) for events in export.chains.values()),
        "checkpoints": len(checkpoints),
        "contents": len(export.contents),
    }
    return report


# --- chains ----------------------------------------------------------------------------------


def check_chain(chain: str, events: Sequence[Event], report: Report) -> None:
    """Every hash, every link, every number once and in order."""
    prev, expected = ZEROS, 0
    seen: set[int] = set()
    for event in events:
        if event.hash != event.actual:
            report.faults.append(f"{event} was altered: its hash does not fit its content")
        if event.seq in seen:
            report.faults.append(f"{event} stands in the export twice")
            continue
        seen.add(event.seq)
        if event.seq != expected:
            report.faults.append(f"chain {chain}: event {expected} is missing or out of order (found {event.seq})")
        elif event.prev != prev:
            report.faults.append(f"{event} does not follow the event before it")
        prev, expected = event.hash, event.seq + 1


def check_shape(chain: str, events: Sequence[Event], report: Report) -> None:
    """A chain tells one story: a run from its start to its end, or one decision."""
    types = [event.type for event in events]
    first, last = events[0], events[-1]
    if first.type not in OPENINGS and not is_look(first):
        report.faults.append(f"{first} begins a chain that it cannot begin")
    if "run.started" in types[1:] or "run.finished" in types[:-1]:
        report.faults.append(f"chain {chain}: the run does not lead from one start to one end")
    elif (last.type == "run.finished") and first.type != "run.started":
        report.faults.append(f"chain {chain}: the run has an end and no start")
    elif first.type == "run.started" and last.type != "run.finished":
        report.unchecked.append(f"chain {chain}: the run has no end: it is still going on, or it died")
    if "approval.granted" in types and "action.intended" not in types[types.index("approval.granted") :]:
        report.faults.append(f"chain {chain}: the approval is not followed by the intent that is written with it")
    for kind in sorted({kind for kind in types if kind not in KNOWN_TYPES}):
        report.unchecked.append(f"chain {chain}: what {kind} means is not known to this verifier")


def check_money(events: Sequence[Event], report: Report) -> None:
    """What a run came to is what was settled, of a charge on record, and not less than its answer cost."""
    requested: set[tuple[int | None, int | None]] = set()
    settled: int | None = None
    cost = 0
    for event in events:
        names = MONEY_FIELDS.get(event.type, ())
        if any(event.amount(name) is None for name in names):
            report.faults.append(f"{event} does not say {', '.join(names)} in whole numbers")
        elif event.type == "charge.requested":
            requested.add((event.amount("attempt"), event.amount("amount")))
        elif event.type == "generation.answered":
            cost = event.amount("cost") or 0
            if event.amount("attempt") not in {attempt for attempt, _ in requested}:
                report.faults.append(f"{event} is of an attempt that was not charged before it")
        elif event.type == "charge.settled":
            settled = event.amount("charged") or 0
            if (event.amount("attempt"), event.amount("reserved")) not in requested:
                report.faults.append(f"{event} settles a charge that is not on record before it")
            if settled < cost:
                report.faults.append(f"{event} comes to {settled}, less than the answer's cost of {cost}")
        elif event.type == "run.finished":
            possible = {0, *(amount for _, amount in requested)} if settled is None else {settled}
            if "charged" in event.data and event.amount("charged") not in possible:
                report.faults.append(f"{event} says another charge than was settled")
            elif settled and "charged" not in event.data:
                report.faults.append(f"{event} does not say what was settled: {settled}")


def check_effects(export: Export, report: Report) -> None:
    """Each attempt was allowed, was intended before it ended, and ended once; each action was carried out once."""
    intents: dict[str, Event] = {}
    ended: set[str] = set()
    executed: dict[str, set[str]] = {}
    proposed = {event.word("actionId") for event in export.events() if event.type == "action.proposed"}
    for events in export.chains.values():
        allowed: set[str] = set()
        outcomes: set[str] = set()
        for event in events:
            attempt, action = event.word("attempt"), event.word("actionId")
            if not all(event.word(name) for name in NAMING.get(event.type, ())):
                report.faults.append(f"{event} does not name its action or its attempt")
            if event.type == "policy.judged":
                allowed |= let_through(event)
            if event.type == "approval.granted":
                allowed.add(action)
            if event.type == "action.intended":
                if attempt in intents:
                    report.faults.append(f"{event} has the attempt of another intent: {intents[attempt]}")
                intents[attempt] = event
                if action not in allowed:
                    report.faults.append(f"{event} was let through by nobody: neither a verdict nor an approval")
            if event.type in OUTCOMES and not is_look(event):
                if attempt not in intents or intents[attempt].chain != event.chain:
                    report.faults.append(f"{event} has no intent before it")
                elif attempt in outcomes:
                    report.faults.append(f"{event} is a second outcome of one attempt")
                elif intents[attempt].word("actionId") != action:
                    report.faults.append(f"{event} is of another action than its intent")
                outcomes.add(attempt)
            if event.type in OUTCOMES:
                ended.add(attempt)
            if event.type == "action.executed":
                executed.setdefault(action, set()).add(attempt)
    for event in export.events():
        if is_look(event):
            seen = intents.get(event.word("attempt"))
            if seen is None:
                suspect(export, report, f"{event} speaks of an attempt that nobody intended")
            elif seen.word("actionId") != event.word("actionId"):
                report.faults.append(f"{event} is of another action than its intent")
    made = proposed | {e.word("actionId") for e in intents.values() if export.chains[e.chain][0].type == "run.started"}
    for event in export.events():
        if event.type == "approval.granted" and event.word("actionId") not in made:
            suspect(export, report, f"{event} approves an action that no run has made")
    for action, attempts in executed.items():
        if len(attempts) > 1:
            report.faults.append(f"action {show(action)} was executed by {len(attempts)} attempts")
    for attempt, event in intents.items():
        if attempt not in ended:
            report.unchecked.append(f"{event} has no outcome: it may have been sent")


def is_look(event: Event) -> bool:
    """Whether it says what somebody saw of an attempt later, in a chain of its own."""
    return event.type in LOOKS and event.data.get("kind") == "look"


def let_through(judged: Event) -> set[str]:
    """The actions that a verdict lets through without an approval."""
    listed = judged.data.get("actions")
    actions = [action for action in listed if isinstance(action, dict)] if isinstance(listed, list) else []
    found = [action.get("actionId") for action in actions if action.get("classification") == "auto_safe"]
    return {action for action in found if isinstance(action, str)}


def check_digests(export: Export, report: Report) -> None:
    """What was approved and carried out is what the run made. An approval as stale binds to where the target is now."""
    made: dict[str, Event] = {}
    for events in export.chains.values():
        if events[0].type == "run.started":
            made |= {e.word("actionId"): e for e in events if e.type in ("action.proposed", "action.intended")}
    for event in export.events():
        if event.type == "action.intended" or (event.type == "approval.granted" and "stale" not in event.data):
            first = made.get(event.word("actionId"))
            if first is not None and event.data.get("digest") != first.data.get("digest"):
                report.faults.append(f"{event} is of another content than {first}")


def suspect(export: Export, report: Report, what: str) -> None:
    """A fault where the export is whole; where it is not, the missing part may hold what is missed."""
    if export.partial:
        report.unchecked.append(f"{what}, in this export")
    else:
        report.faults.append(what)


# --- checkpoints -----------------------------------------------------------------------------


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """RFC 6962, section 2.1, level by level: an odd node at the end of a level rises as it is."""
    level = [hashlib.sha256(b"\x00" + leaf).digest() for leaf in leaves]
    if not level:
        return hashlib.sha256(b"").digest()
    while len(level) > 1:
        pairs = [node(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = pairs + ([level[-1]] if len(level) % 2 else [])
    return level[0]


@dataclass(frozen=True)
class Note:
    """What a signed note says."""

    origin: str
    number: int
    events: int
    size: int
    root: str
    prev: str
    through: str
    text: str
    """The signed part."""


def parse_key(key: str) -> tuple[str, bytes, Ed25519PublicKey]:
    found = KEY.fullmatch(key.strip())
    try:
        if found is None:
            raise ValueError("another form")
        name, key_id, encoded = found.groups()
        raw = base64.b64decode(encoded, validate=True)
        if raw[:1] != b"\x01" or len(raw) != 33:
            raise ValueError("not an Ed25519 key")
        expected = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4]
        if expected.hex() != key_id:
            raise ValueError("its id does not fit")
        return name, expected, Ed25519PublicKey.from_public_bytes(raw[1:])
    except ValueError as error:
        raise Unreadable(f"the key is not one of the form name+id+base64: {error}") from None


def read_note(note: str, key: str) -> Note:
    """What the note says, once its signature by the key is checked. Raises ValueError."""
    name, key_id, public = parse_key(key)
    text, blank, signatures = note.partition("\n\n")
    text += "\n"
    if not blank or not text.startswith(f"{FORMAT}\n"):
        raise ValueError(f"it is not a note of the form {FORMAT}")
    for line in signatures.split("\n"):
        if not line.startswith(f"— {name} "):
            continue
        try:
            raw = base64.b64decode(line.rsplit(" ", 1)[1], validate=True)
        except ValueError:
            raise ValueError("its signature line cannot be read") from None
        if raw[:4] == key_id:
            try:
                public.verify(raw[4:], text.encode())
            except InvalidSignature:
                raise ValueError("its signature is false") from None
            break
    else:
        raise ValueError("it is not signed by this key")
    lines = re.fullmatch(
        rf"{re.escape(FORMAT)}\n([^\n]+)\nnumber (0|[1-9]\d*)\nevents ([1-9]\d*)\nsize ([1-9]\d*)\n"
        r"root ([A-Za-z0-9+/]{43}=)\nprev ([0-9a-f]{64})\nthrough ([^\n]+)\n",
        text,
        re.ASCII,
    )
    if lines is None:
        raise ValueError("its fields are not those of a checkpoint")
    origin, number, events, size, root, prev, through = lines.groups()
    if origin != name:
        raise ValueError(f"it is of another log: {show(origin)}")
    return Note(origin, int(number), int(events), int(size), base64.b64decode(root).hex(), prev, through, text)


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint whose signature, leaves and place have been checked. It covers (`after`, `note.through`]."""

    note: Note
    leaves: Sequence[str]
    after: str


def check_checkpoints(records: Sequence[Json], key: str, report: Report) -> list[Checkpoint]:
    """The checkpoints in order, up to the first that is wrong."""
    parse_key(key)
    good: list[Checkpoint] = []
    prev, size, after = ZEROS, 0, ""
    for position, record in enumerate(sorted(records, key=lambda record: int(record["number"]))):
        name = f"checkpoint {record['number']}"
        if record["number"] != position:
            twice = position > 0 and record["number"] == position - 1
            report.faults.append(
                f"{name} stands in the export twice"
                if twice
                else f"checkpoint {position} is missing (found {record['number']})"
            )
            break
        try:
            note = read_note(record["note"], key)
        except ValueError as error:
            report.faults.append(f"{name}: {error}")
            break
        leaves: Sequence[str] = record["leaves"]
        size += len(leaves)
        wrong = list(_misfits(record, note, key))
        if note.root != merkle_root([bytes.fromhex(leaf) for leaf in leaves]).hex():
            wrong.append("its leaves do not lead to the signed root")
        if (note.events, note.size) != (len(leaves), size):
            wrong.append(f"it counts {note.events} events, {note.size} in all; found {len(leaves)}, {size} in all")
        if note.prev != prev:
            wrong.append("it does not follow the checkpoint before it")
        if note.through <= after:
            wrong.append("it does not reach further than the checkpoint before it")
        if wrong:
            report.faults += [f"{name}: {what}" for what in wrong]
            break
        good.append(Checkpoint(note, leaves, after))
        prev, after = hashlib.sha256(record["note"].encode()).hexdigest(), note.through
    return good


def _misfits(record: Json, note: Note, key: str) -> Iterator[str]:
    """Where the record says another thing than its signed note."""
    for name in ("number", "events", "size", "root", "prev", "through"):
        if record[name] != getattr(note, name):
            yield f"its record says {name} {show(record[name])}, its note {show(getattr(note, name))}"
    if record["key"] != key.strip():
        yield "its record names another key"


def check_coverage(export: Export, checkpoints: Sequence[Checkpoint], report: Report) -> None:
    """Each leaf has its event, in its place; each event up to the newest checkpoint is a leaf, once."""
    if not checkpoints:
        report.unchecked.append("there is no checkpoint: altered chains that were hashed anew would not show")
        return
    by_hash = {event.actual: event for event in export.events()}
    covered: dict[str, int] = {}
    missing = 0
    for checkpoint in checkpoints:
        name = f"checkpoint {checkpoint.note.number}"
        before, gone = checkpoint.after, 0
        for leaf in [*checkpoint.leaves, ""]:
            event = by_hash.get(leaf)
            if leaf in covered:
                report.faults.append(f"{name}: {event or leaf[:16]} stands in the checkpoints twice")
            if leaf:
                covered[leaf] = checkpoint.note.number
            if event is None and leaf:
                gone += 1
                continue
            if gone:
                missing += gone
                until = f"before {event}" if event else "at its end"
                if not export.partial:
                    report.faults.append(
                        f"{name} holds {gone} events that are not in the export, "
                        f"taken after {show(before or 'the beginning')} and {until}: dropped or altered"
                    )
            gone = 0
            if event is None:
                continue
            if not checkpoint.after < event.order <= checkpoint.note.through:
                report.faults.append(f"{event} stands in {name}, which does not cover its time: it was back-dated")
            elif event.order <= before:
                report.faults.append(f"{event} does not stand in its place in {name}")
            before = event.order
        last = by_hash.get(checkpoint.leaves[-1])
        if last is not None and last.order != checkpoint.note.through:
            report.faults.append(f"{name} does not end where it says: {last} is its last event")
    _check_uncovered(export, checkpoints[-1].note, covered, report)
    if missing and export.partial:
        report.unchecked.append(
            f"the export is declared partial ({export.partial}): {missing} events of the checkpoints are not in it; "
            "whether any of them was dropped does not show"
        )


def _check_uncovered(export: Export, newest: Note, covered: Mapping[str, int], report: Report) -> None:
    late: dict[str, int] = {}
    for event in export.events():
        if event.actual in covered:
            continue
        if event.order <= newest.through:
            report.faults.append(
                f"{event} is not in the checkpoint of its time: it was altered, inserted or back-dated"
            )
        else:
            late[event.chain] = late.get(event.chain, 0) + 1
    if late:
        report.unchecked.append(
            f"{sum(late.values())} events are newer than the newest checkpoint, in chains {', '.join(sorted(late))}"
        )


def check_known(
    records: Sequence[Json], checkpoints: Sequence[Checkpoint], known: Sequence[str], key: str, report: Report
) -> None:
    """A checkpoint from elsewhere must be the one of its number here."""
    if not known:
        report.unchecked.append("no checkpoint from elsewhere was given: a log rewritten as a whole would not show")
    for text in known:
        try:
            note = read_note(text, key)
        except ValueError as error:
            raise Unreadable(f"a known checkpoint cannot be used: {error}") from None
        if note.number < len(checkpoints):
            if checkpoints[note.number].note.text != note.text:
                report.faults.append(f"the log was forked: checkpoint {note.number} here is not the one that is known")
        elif any(record["number"] == note.number for record in records):
            report.unchecked.append(f"checkpoint {note.number}, which is known, comes after one that is wrong here")
        else:
            report.faults.append(
                f"the log was cut short: checkpoint {note.number} is known, and {len(checkpoints)} are here "
                "(or the export is older than that checkpoint)"
            )


# --- content ---------------------------------------------------------------------------------


def check_contents(export: Export, report: Report) -> None:
    """Each content fits the digest in its run's event; what is gone has an erasure on record."""
    digests: dict[tuple[str, str], object] = {}
    erased: set[tuple[str, str]] = set()
    for event in export.events():
        for name, (kind, where) in CONTENTS.items():
            if event.type == kind:
                digests[event.chain, name] = event.data.get(where)
        if event.type == "content.erased":
            names = event.data.get("names")
            words = [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
            erased |= {(event.word("runId"), name) for name in words}
    present: set[tuple[str, str]] = set()
    for content in export.contents:
        place = (content.run, content.name)
        if place in present:
            report.faults.append(f"{content} stands in the export twice")
        elif place not in digests:
            report.faults.append(f"{content} was inserted: no event of the run speaks of it")
        elif content.digest != digests[place]:
            report.faults.append(f"{content} was altered: it has not the digest that the run's event holds")
        elif place in erased:
            report.faults.append(f"{content} is there, though its erasure is on record")
        present.add(place)
    if not export.with_content:
        report.unchecked.append("the export was made without contents")
        return
    for run, name in sorted(set(digests) - present - erased):
        suspect(export, report, f"content {name} of run {run} is gone, and no erasure of it is on record")


# --- command line ----------------------------------------------------------------------------


def read_notes(paths: Iterable[str]) -> list[str]:
    """The notes in these files, and in every *.note of these folders. Raises OSError, UnicodeDecodeError."""
    files: list[Path] = []
    for path in map(Path, paths):
        files += sorted(path.rglob("*.note")) if path.is_dir() else [path]
    return [file.read_text(encoding="utf-8") for file in files]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Check an exported audit, offline.")
    parser.add_argument("export")
    parser.add_argument("--key", required=True, help="name+id+base64, from somebody you trust")
    parser.add_argument(
        "--known", action="append", default=[], metavar="NOTE", help="a checkpoint got earlier: a file, or a folder"
    )
    parser.add_argument("--json", action="store_true", help="print the report as one JSON object")
    options = parser.parse_args(arguments)
    try:
        with open(options.export, encoding="utf-8") as lines:
            export = read_export(lines)
        report = verify(export, options.key, read_notes(options.known))
    except (Unreadable, OSError, UnicodeDecodeError) as error:
        print(f"cannot be checked: {error}", file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps({"faults": report.faults, "unchecked": report.unchecked, **report.counts}))
    else:
        for fault in report.faults:
            print(f"WRONG      {fault}")
        for gap in report.unchecked:
            print(f"UNCHECKED  {gap}")
        print(", ".join(f"{count} {name}" for name, count in report.counts.items()))
        print(_verdict(report))
    if report.faults:
        return 1
    return 0 if report.counts["checkpoints"] else 2


def _verdict(report: Report) -> str:
    if report.faults:
        return f"{len(report.faults)} faults"
    if not report.counts["checkpoints"]:
        return "nothing is proven: no signed checkpoint is in the export"
    return (
        f"nothing wrong; {len(report.unchecked)} things could not be checked" if report.unchecked else "nothing wrong"
    )


if __name__ == "__main__":
    sys.exit(main())
