#!/usr/bin/env python3
"""Checks an exported audit of the DFG Orchestrator, offline. One file: the standard library and `cryptography`.

    python dfg_verify.py EXPORT --key KEY [--known NOTE ...]

EXPORT  one JSON object a line, as `dfg export` writes it: {"type": "event" | "checkpoint" | "content", …}
KEY     the public key that signs checkpoints, `name+id+base64`, obtained from somebody you trust
NOTE    a checkpoint that you got earlier, or from the locked bucket: what only it can show is checked against it

It shares no code with the service. Exit status: 0 nothing wrong, 1 something is wrong, 2 it could not be read.

What it can show. Within what the newest checkpoint covers: any event altered, dropped, reordered or inserted.
Against a NOTE: a log cut short, rewritten (forked) or back-dated after that NOTE was signed.
What it cannot show: that an event was never written at all; what came after the newest checkpoint;
anything, if the holder of the key signed false checkpoints before you got one.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

Json = Mapping[str, Any]

FORMAT = "dfg-orchestrator/checkpoint/v1"
ZEROS = "0" * 64
OUTCOMES = {"action.executed", "action.failed", "action.outcome_unknown", "action.shadowed"}


class Unreadable(Exception):
    """The input is not what it should be; nothing can be said."""


@dataclass
class Report:
    """What was found: `faults` are proof of a change, `unchecked` is what could not be looked at."""

    faults: list[str] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Export:
    """An export, sorted by kind."""

    chains: dict[str, list[Json]]
    checkpoints: list[Json]
    contents: list[Json]


def read_export(lines: Iterable[str]) -> Export:
    """Raises Unreadable naming the line."""
    chains: dict[str, list[Json]] = {}
    checkpoints, contents = [], []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            kind = record["type"]
            if kind == "event":
                event = record["event"]
                chains.setdefault(event["chain"], []).append(event)
            elif kind == "checkpoint":
                checkpoints.append(record)
            elif kind == "content":
                contents.append(record)
            else:
                raise Unreadable(f"line {number}: unknown type {kind!r}")
        except (ValueError, KeyError, TypeError) as error:
            raise Unreadable(f"line {number}: {error}") from None
    return Export(chains, checkpoints, contents)


def verify(export: Export, key: str, known: Sequence[str] = ()) -> Report:
    """Every check. Raises Unreadable when the key or a note is not one."""
    report = Report()
    for chain, events in sorted(export.chains.items()):
        check_chain(chain, events, report)
        check_effects(chain, events, report)
        check_completeness(chain, events, report)
    checkpoints = check_checkpoints(export.checkpoints, key, report)
    check_coverage(export.chains, checkpoints, report)
    check_known(checkpoints, known, key, report)
    check_contents(export, report)
    report.counts = {
        "chains": len(export.chains),
        "events": sum(len(events) for events in export.chains.values()),
        "checkpoints": len(export.checkpoints),
        "contents": len(export.contents),
    }
    return report


# --- chains ----------------------------------------------------------------------------------


def canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def event_hash(event: Json) -> str:
    return hashlib.sha256(canonical({k: event[k] for k in ("chain", "seq", "type", "at", "data", "prev")})).hexdigest()


def name_of(event: Json) -> str:
    return f"event {event['seq']} of chain {event['chain']} ({event['type']})"


def check_chain(chain: str, events: Sequence[Json], report: Report) -> None:
    prev = ZEROS
    for position, event in enumerate(events):
        if event["seq"] != position:
            report.faults.append(f"chain {chain}: event {position} is missing or out of order (found {event['seq']})")
            return
        if event_hash(event) != event["hash"]:
            report.faults.append(f"{name_of(event)} was altered: its hash does not fit its content")
        if event["prev"] != prev:
            report.faults.append(f"{name_of(event)} does not follow the event before it")
        prev = event["hash"]


def check_effects(chain: str, events: Sequence[Json], report: Report) -> None:
    """Each attempt's outcome has its intent before it, in the same chain."""
    intended: set[str] = set()
    for event in events:
        data = event["data"]
        if event["type"] == "action.intended":
            intended.add(data["attempt"])
        elif event["type"] in OUTCOMES and data.get("kind") != "look" and data.get("attempt") not in intended:
            report.faults.append(f"{name_of(event)} has no intent before it")
    ended = {event["data"].get("attempt") for event in events if event["type"] in OUTCOMES}
    for attempt in sorted(intended - ended):
        report.unchecked.append(f"chain {chain}: attempt {attempt} has an intent and no outcome: it may have been sent")


def check_completeness(chain: str, events: Sequence[Json], report: Report) -> None:
    types = [event["type"] for event in events]
    if types[0] == "run.started" and "run.finished" not in types:
        report.unchecked.append(f"chain {chain}: the run has no end: it is still going on, or it died")
    if "run.finished" in types and (types[0] != "run.started" or types[-1] != "run.finished"):
        report.faults.append(f"chain {chain}: the run does not lead from its start to its end")


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


def parse_key(key: str) -> tuple[str, bytes, Ed25519PublicKey]:
    try:
        name, _, rest = key.partition("+")  # base64 may hold plus signs: the id is the eight characters after the first
        key_id, encoded = rest[:8], rest[9:]
        raw = base64.b64decode(encoded, validate=True)
        if raw[:1] != b"\x01" or len(raw) != 33:
            raise ValueError("not an Ed25519 key")
        expected = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4]
        if expected.hex() != key_id:
            raise ValueError("its id does not fit")
        return name, expected, Ed25519PublicKey.from_public_bytes(raw[1:])
    except ValueError as error:
        raise Unreadable(f"the key is not one of the form name+id+base64: {error}") from None


def parse_note(note: str) -> tuple[dict[str, str], str]:
    """The fields of a note, and its signed text. Raises ValueError."""
    text, blank, _ = note.partition("\n\n")
    lines = text.split("\n")
    if not blank or lines[0] != FORMAT:
        raise ValueError(f"it is not a note of the form {FORMAT}")
    fields = dict(line.split(" ", 1) for line in lines[2:])
    if list(fields) != ["number", "events", "size", "root", "prev", "through"]:
        raise ValueError("its fields are not those of a checkpoint")
    return {**fields, "origin": lines[1]}, text + "\n"


def check_signature(note: str, key: str) -> None:
    """Raises ValueError when no line of the note is signed by the key."""
    name, key_id, public = parse_key(key)
    _, text = parse_note(note)
    for line in note.partition("\n\n")[2].splitlines():
        if not line.startswith(f"— {name} "):
            continue
        raw = base64.b64decode(line.rsplit(" ", 1)[1])
        if raw[:4] == key_id:
            try:
                public.verify(raw[4:], text.encode())
            except InvalidSignature:
                raise ValueError("its signature is false") from None
            return
    raise ValueError("it is not signed by this key")


def check_checkpoints(checkpoints: Sequence[Json], key: str, report: Report) -> list[Json]:
    """The checkpoints in order, each checked against its signature, its leaves and the one before."""
    parse_key(key)
    ordered = sorted(checkpoints, key=lambda c: int(c["number"]))
    prev, size = ZEROS, 0
    for position, checkpoint in enumerate(ordered):
        name = f"checkpoint {checkpoint['number']}"
        if checkpoint["number"] != position:
            report.faults.append(f"checkpoint {position} is missing (found {checkpoint['number']})")
            return ordered[:position]
        try:
            fields, _ = parse_note(checkpoint["note"])
            check_signature(checkpoint["note"], key)
        except ValueError as error:
            report.faults.append(f"{name}: {error}")
            return ordered[:position]
        leaves = checkpoint["leaves"]
        size += len(leaves)
        if int(fields["number"]) != position:
            report.faults.append(f"{name}: its note speaks of number {fields['number']}")
        if base64.b64decode(fields["root"]) != merkle_root([bytes.fromhex(leaf) for leaf in leaves]):
            report.faults.append(f"{name}: its leaves do not lead to the signed root")
        if (int(fields["events"]), int(fields["size"])) != (len(leaves), size):
            report.faults.append(f"{name}: it counts {fields['events']} events, {fields['size']} in all; found {size}")
        if fields["prev"] != prev:
            report.faults.append(f"{name} does not follow the checkpoint before it")
        prev = hashlib.sha256(checkpoint["note"].encode()).hexdigest()
    return ordered


def order_key(event: Json) -> str:
    return f"{event['at']}#{event['chain']}#{event['seq']:06d}"


def check_coverage(chains: Mapping[str, Sequence[Json]], checkpoints: Sequence[Json], report: Report) -> None:
    """Each leaf has its event, each event up to the newest checkpoint is a leaf, once."""
    if not checkpoints:
        report.unchecked.append("there is no checkpoint: altered chains that were hashed anew would not show")
        return
    place = {leaf: c["number"] for c in checkpoints for leaf in c["leaves"]}
    if len(place) != sum(len(c["leaves"]) for c in checkpoints):
        report.faults.append("an event stands in the checkpoints twice")
    through = parse_note(checkpoints[-1]["note"])[0]["through"]
    present: set[str] = set()
    late = 0
    for events in chains.values():
        for event in events:
            present.add(event["hash"])
            if event["hash"] in place:
                continue
            if order_key(event) <= through:
                report.faults.append(
                    f"{name_of(event)} is not in the checkpoint of its time: it was altered, inserted or back-dated"
                )
            else:
                late += 1
    if late:
        report.unchecked.append(f"{late} events are newer than the newest checkpoint")
    for leaf, number in place.items():
        if leaf not in present:
            report.faults.append(f"checkpoint {number} holds an event {leaf[:16]}… that is not in the export: dropped")


def check_known(checkpoints: Sequence[Json], known: Sequence[str], key: str, report: Report) -> None:
    """A checkpoint from elsewhere must be the one of its number here."""
    if not known:
        report.unchecked.append("no checkpoint from elsewhere was given: a log rewritten as a whole would not show")
    for note in known:
        try:
            fields, _ = parse_note(note)
            check_signature(note, key)
        except ValueError as error:
            raise Unreadable(f"the known checkpoint cannot be used: {error}") from None
        number = int(fields["number"])
        if number >= len(checkpoints):
            report.faults.append(
                f"the log was cut short: checkpoint {number} is known, and {len(checkpoints)} are here"
            )
        elif checkpoints[number]["note"] != note:
            report.faults.append(f"the log was forked: checkpoint {number} here is not the one that is known")


# --- content ---------------------------------------------------------------------------------


def check_contents(export: Export, report: Report) -> None:
    """Each content that is there fits the digest in its run's events; erased content is no fault."""
    digests: dict[str, set[str]] = {}
    for chain, events in export.chains.items():
        digests[chain] = {value for event in events for value in event["data"].values() if isinstance(value, str)}
    for record in export.contents:
        name = f"content {record['name']} of run {record['run']}"
        data = base64.b64decode(record["data_b64"])
        actual = hashlib.sha256(bytes.fromhex(record["salt"]) + data).hexdigest()
        if actual not in digests.get(record["run"], set()):
            report.faults.append(f"{name} was altered: no event of the run holds its digest")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Check an exported audit, offline.")
    parser.add_argument("export")
    parser.add_argument("--key", required=True, help="name+id+base64, from somebody you trust")
    parser.add_argument("--known", action="append", default=[], metavar="NOTE", help="file of a checkpoint got earlier")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    try:
        with open(options.export, encoding="utf-8") as lines:
            export = read_export(lines)
        known = []
        for path in options.known:
            with open(path, encoding="utf-8") as file:
                known.append(file.read())
        report = verify(export, options.key, known)
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
        print("nothing wrong" if not report.faults else f"{len(report.faults)} faults")
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
