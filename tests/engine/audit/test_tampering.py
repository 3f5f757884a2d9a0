"""Every kind of change to a stored log is found and named, and with what it takes to find it.

The changes are written into the engine behind the API's back. The verifier shares no code with the service.
`make long` shows the same for a log of more than 1,000 events.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from core.audit import log, merkle, note
from core.audit.checkpoint import checkpoint
from core.audit.log import Head, extend
from core.items import Item, from_item, to_item
from dfg.exporting import export
from tests.support.audit_reading import reader
from tests.support.dispatching import FAR, go
from tests.support.fakes import make_world, message, pull_request, trouble
from verifier.dfg_verify import Report, read_export, verify

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


NEW = "00000000-0000-4000-8000-000000000000"
"""The id of a run that never was."""
Items = list[Item]
Change = Callable[[Items], Items]
"""What somebody makes of a chain: the items that shall stand instead."""


@dataclass(frozen=True)
class Size:
    """How long the log is, and which two runs are changed: each amid a checkpoint of its own."""

    runs: int
    to_a_checkpoint: int
    victim: int
    other: int
    events: int
    """There are at least so many."""


class Log:
    """A log in several checkpoints, and a way into its table."""

    def __init__(self, client: DynamoDBClient, tables: dict[str, str], size: Size) -> None:
        self.client = client
        self.size = size
        self.table = tables["AUDIT_TABLE"]
        self.contents = tables["CONTENT_TABLE"]
        self.world = make_world(
            client, tables, MAX_TASKS_PER_WINDOW="100", MAX_COST_PER_WINDOW_USD="100", GUARDRAIL_OVERRIDE="acknowledged"
        )
        world = self.world
        self.run_ids = []
        for number in range(size.runs):
            world.github.pulls[1000 + number] = pull_request(1000 + number)
            world.model.replies = [message("not a plan")] if number % 10 == 3 else []
            if number % 10 == 5:
                world.model.replies = [trouble(529), message()]
            self.run_ids.append(str(go(world, 1000 + number)["runId"]))
            world.clock.forward(60)
            if (number + 1) % size.to_a_checkpoint == 0:
                world.clock.forward(300)
                checkpoint(world.app, FAR)
        world.clock.forward(300)
        checkpoint(world.app, FAR)
        self.key = note.verifier_key(world.app.settings.audit_origin, world.app.signer().public_key)
        self.known = world.published[1]
        self.victim, self.other = self.run_ids[size.victim], self.run_ids[size.other]
        self._get = reader(world.app)
        self._kept: dict[str, Any] = {}

    def export(self, *touched: str) -> list[str]:
        """What `dfg export` writes. Only chains that were `touched` are read again, and the list of all."""

        def get(path: str, query: Mapping[str, str]) -> Any:
            name = path.removeprefix("/audit/") + query.get("number", "")
            if path == "/audit" or name in touched or (path == "/audit/checkpoint" and "checkpoints" in touched):
                return self._get(path, query)
            if name not in self._kept:
                self._kept[name] = self._get(path, query)
            return self._kept[name]

        return [json.dumps(record) for record in export(get)]

    def verify(self, *touched: str, known: bool = False) -> Report:
        return verify(read_export(self.export(*touched)), self.key, [self.known] if known else [])

    def items(self, chain: str) -> Items:
        found = self.client.query(
            TableName=self.table,
            KeyConditionExpression="chain = :c",
            ExpressionAttributeValues={":c": {"S": chain}},
        )
        return [from_item(item) for item in found["Items"]]

    @contextmanager
    def instead(self, **chains: Items) -> Iterator[None]:
        """These items stand in the table instead of those of their chains, for a while."""
        before = {chain: self.items(chain) for chain in chains}
        for chain, items in chains.items():
            self._replace(self.items(chain), items)
        try:
            yield
        finally:
            for chain, items in chains.items():
                self._replace(items, before[chain])

    def _replace(self, old: Items, new: Items) -> None:
        for item in old:
            self.client.delete_item(TableName=self.table, Key=to_item({"chain": item["chain"], "seq": item["seq"]}))
        for item in new:
            self.client.put_item(TableName=self.table, Item=to_item(item))


@pytest.fixture(scope="module")
def size() -> Size:
    return Size(runs=22, to_a_checkpoint=8, victim=2, other=10, events=190)


@pytest.fixture(scope="module")
def tampered(dynamodb_client: DynamoDBClient, module_tables: dict[str, str], size: Size) -> Log:
    return Log(dynamodb_client, module_tables, size)


def test_the_untouched_log_passes(tampered: Log) -> None:
    report = tampered.verify(known=True)
    assert report.faults == []
    assert report.counts["events"] >= tampered.size.events
    assert report.counts["checkpoints"] >= 3
    assert report.unchecked == []


def rehash(items: list[Item], first: int) -> list[Item]:
    """The chain hashed anew from an altered event on, as somebody with the code would do."""
    head = Head(items[0]["chain"], first, items[first - 1]["hash"] if first else "0" * 64)
    redone = items[:first]
    for item in items[first:]:
        [event], head = extend(head, item["at"], [(item["type"], json.loads(item["data"]))])
        redone.append({**item, **log.to_item(event), "order": log.order_key(event)})
    return redone


def name(items: Items, number: int) -> str:
    return f"event {number} of chain {items[0]['chain']} ({items[number]['type']})"


def field(name: str, value: Any) -> Change:
    """One field of event 3, and nothing else."""

    def change(items: Items) -> Items:
        assert items[3][name] != value
        return [*items[:3], {**items[3], name: value}, *items[4:]]

    return change


def alter(items: Items) -> Items:
    return field("data", items[3]["data"].replace('"cost":', '"cost":1'))(items)


def numbered(items: Items) -> Items:
    return [{**item, "seq": number} for number, item in enumerate(items)]


def without(*numbers: int) -> Change:
    """Events dropped, and nothing else."""
    return lambda items: [item for item in items if item["seq"] % len(items) not in {n % len(items) for n in numbers}]


def closed_up(number: int) -> Change:
    """An event dropped, those after it moved up and hashed anew."""
    return lambda items: rehash(numbered([item for item in items if item["seq"] != number % len(items)]), 0)


def swap(items: Items) -> Items:
    second, third = {**items[3], "seq": 2}, {**items[2], "seq": 3}
    return [*items[:2], second, third, *items[4:]]


def insert(items: Items) -> Items:
    return rehash(numbered([*items[:3], items[2], *items[3:]]), 0)


def duplicate(items: Items) -> Items:
    last = {key: value for key, value in items[-1].items() if not key.startswith("list")}
    return [*items, {**last, "seq": len(items)}]


def hide_from_the_list(items: Items) -> Items:
    return [{key: value for key, value in item.items() if not key.startswith("list")} for item in items]


def moved_in_time(items: Items) -> Items:
    return rehash([{**item, "at": item["at"].replace("2026", "2025")} for item in items], 0)


def strip(kind: str) -> Change:
    """All events of one type taken out, and the chain hashed anew."""
    return lambda items: rehash(numbered([item for item in items if item["type"] != kind]), 0)


ALTERED, UNCOVERED = "was altered: its hash does not fit", "is not in the checkpoint of its time"
DROPPED = "events that are not in the export"
CHANGES: dict[str, tuple[Change, int | None, str]] = {
    "type altered": (field("type", "run.resumed"), 3, ALTERED),
    "time altered": (field("at", "2026-09-21T00:00:00.000Z"), 3, ALTERED),
    "data altered": (alter, 3, ALTERED),
    "link altered": (field("prev", "0" * 64), 3, ALTERED),
    "hash altered": (field("hash", "0" * 64), 3, ALTERED),
    "altered and hashed anew": (lambda items: rehash(alter(items), 3), 3, UNCOVERED),
    "first dropped": (without(0), None, DROPPED),
    "middle dropped": (without(4), None, "event 4 is missing or out of order (found 5)"),
    "last dropped": (without(-1), None, DROPPED),
    "first dropped, closed up": (closed_up(0), None, DROPPED),
    "middle dropped, closed up": (closed_up(4), 4, UNCOVERED),
    "run cut short": (without(-1, -2, -3), None, DROPPED),
    "run dropped": (lambda items: [], None, DROPPED),
    "run hidden from the list": (hide_from_the_list, None, DROPPED),
    "two events exchanged": (swap, None, ALTERED),
    "event inserted, hashed anew": (insert, 3, UNCOVERED),
    "event given twice": (duplicate, None, "does not lead from one start to one end"),
    "run moved in time": (moved_in_time, 0, UNCOVERED),
    "intent taken out": (strip("action.intended"), None, "has no intent before it"),
    "verdict taken out": (strip("policy.judged"), None, "was let through by nobody"),
    "settlement taken out": (strip("charge.settled"), None, "says another charge than was settled"),
    "reservation taken out": (strip("charge.requested"), None, "settles a charge that is not on record before it"),
}
"""What is done to a run → the event of it that is named, and the words. It takes the export and the key alone."""


@pytest.mark.parametrize("how", CHANGES)
def test_a_change_to_a_run_is_found_and_named(tampered: Log, how: str) -> None:
    change, number, words = CHANGES[how]
    chain = tampered.victim
    items = change(tampered.items(chain))
    with tampered.instead(**{chain: items}):
        faults = tampered.verify(chain).faults
    assert any(words in fault for fault in faults), faults
    if number is not None:
        assert any(words in fault and name(items, number) in fault for fault in faults), faults
    assert tampered.verify(chain).faults == []


def renamed(items: Items, chain: str) -> Items:
    """The same events as another chain, hashed anew."""
    moved = [{**item, "chain": chain} for item in items]
    for item in moved:
        if "list" in item:
            item["listKey"] = item["listKey"].replace(items[0]["chain"], chain)
    return rehash(moved, 0)


def test_a_run_that_never_was_is_found_where_it_was_put_in_time(tampered: Log) -> None:
    items = renamed(tampered.items(tampered.victim), NEW)
    with tampered.instead(**{NEW: items}):
        faults = tampered.verify(NEW).faults
    assert [fault for fault in faults if UNCOVERED in fault] == [
        f"{name(items, number)} {UNCOVERED}: it was altered, inserted or back-dated" for number in range(len(items))
    ]


def test_an_event_copied_into_another_run_is_found(tampered: Log) -> None:
    one, other = tampered.victim, tampered.other
    items = tampered.items(one)
    copied = [*items[:3], {**tampered.items(other)[3], "chain": one}, *items[4:]]
    with tampered.instead(**{one: copied}):
        assert any(f"{name(copied, 3)} {ALTERED}" in fault for fault in tampered.verify(one).faults)


def test_events_exchanged_between_two_runs_are_found_in_both(tampered: Log) -> None:
    one, other = tampered.victim, tampered.other
    left, right = tampered.items(one), tampered.items(other)
    assert left[3]["type"] == right[3]["type"] == "generation.answered"
    new_left = rehash([*left[:3], {**left[3], "data": right[3]["data"]}, *left[4:]], 3)
    new_right = rehash([*right[:3], {**right[3], "data": left[3]["data"]}, *right[4:]], 3)
    with tampered.instead(**{one: new_left, other: new_right}):
        faults = tampered.verify(one, other).faults
    for items in (new_left, new_right):
        assert any(f"{name(items, 3)} {UNCOVERED}" in fault for fault in faults), faults


# --- checkpoints -----------------------------------------------------------------------------


def of_checkpoint(items: Items, number: int, /, **fields: Any) -> Items:
    """The checkpoints, with fields of one set."""
    data = {**json.loads(items[number]["data"]), **fields}
    return [*items[:number], {**items[number], "data": json.dumps(data)}, *items[number + 1 :]]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"number": 7}, "checkpoint 1 is missing (found 2)"),
        ({"root": "0" * 64}, "checkpoint 1: its record says root"),
        ({"leaves": ["0" * 64]}, "checkpoint 1: its leaves do not lead to the signed root"),
    ],
)
def test_a_changed_checkpoint_is_found_and_named(tampered: Log, changes: dict[str, Any], words: str) -> None:
    with tampered.instead(checkpoints=of_checkpoint(tampered.items("checkpoints"), 1, **changes)):
        faults = tampered.verify("checkpoints").faults
    assert any(words in fault for fault in faults), faults


def test_a_log_cut_short_shows_against_a_known_checkpoint_alone(tampered: Log) -> None:
    with tampered.instead(checkpoints=tampered.items("checkpoints")[:1]):
        assert tampered.verify("checkpoints").faults == []
        assert any("newer than the newest checkpoint" in gap for gap in tampered.verify("checkpoints").unchecked)
        [fault] = tampered.verify("checkpoints", known=True).faults
    assert fault.startswith("the log was cut short: checkpoint 1 is known, and 1 are here")


def signed_anew(tampered: Log, gone: set[str], added: Items) -> Items:
    """The whole line of checkpoints over another history, signed with the real key: what its holder could do."""
    app = tampered.world.app
    made: Items = []
    size, prev, after = 0, note.FIRST_PREV, ""
    for item in tampered.items("checkpoints"):
        data = json.loads(item["data"])
        new = {i["order"]: i["hash"] for i in added if after < i["order"] <= data["through"]}
        kept = {order: leaf for order, leaf in orders(tampered, data["leaves"]) if leaf not in gone}
        leaves = [leaf for _, leaf in sorted({**kept, **new}.items())]
        size += len(leaves)
        root = merkle.root([merkle.leaf_hash(bytes.fromhex(leaf)) for leaf in leaves])
        through = max({**kept, **new})
        checkpoint = note.Checkpoint(app.settings.audit_origin, data["number"], len(leaves), size, root, prev, through)
        signed = note.sign(checkpoint, app.signer())
        told = {"events": len(leaves), "size": size, "root": root.hex(), "prev": prev, "through": through}
        made.append({**item, "data": json.dumps({**data, **told, "leaves": leaves, "note": signed})})
        prev, after = note.digest(signed), data["through"]
    return made


def orders(tampered: Log, leaves: list[str]) -> list[tuple[str, str]]:
    """The events with these hashes, by their place in the order."""
    place = {event.hash: event.order for event in read_export(tampered.export()).events()}
    return [(place[leaf], leaf) for leaf in leaves]


def put_in(at: str) -> Items:
    """A decision that never was."""
    [event], _ = extend(Head.new(NEW), at, [("breaker.reset", {"kind": "reset", "principal": "captain"})])
    listed = {"list": log.RUNS, "listKey": f"{at}#{NEW}#0"}
    return [{**log.to_item(event), **listed, "day": at[:10], "order": log.order_key(event)}]


@pytest.mark.parametrize("how", ["a run dropped", "a decision put in"])
def test_a_history_signed_anew_by_the_keys_holder_shows_against_a_known_checkpoint_alone(
    tampered: Log, how: str
) -> None:
    run = tampered.victim
    items = tampered.items(run)
    chains = {run: []} if how == "a run dropped" else {NEW: put_in(items[3]["at"])}
    gone = {item["hash"] for item in items} if how == "a run dropped" else set()
    checkpoints = signed_anew(tampered, gone, chains.get(NEW, []))
    with tampered.instead(checkpoints=checkpoints, **chains):
        touched = ("checkpoints", run, NEW)
        assert tampered.verify(*touched).faults == []
        [fault] = tampered.verify(*touched, known=True).faults
    assert fault == "the log was forked: checkpoint 1 here is not the one that is known"


# --- contents --------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["prompt", "context", "answer"])
def test_a_changed_content_is_found_and_one_that_is_gone_without_an_erasure(tampered: Log, what: str) -> None:
    run = tampered.victim
    key = to_item({"run": run, "name": what})
    stored = tampered.client.get_item(TableName=tampered.contents, Key=key)["Item"]
    told = f"content {what} of run {run}"
    try:
        changed = {**from_item(stored), "body": zlib.compress(b"something else")}
        tampered.client.put_item(TableName=tampered.contents, Item=to_item(changed))
        assert tampered.verify(run).faults == [f"{told} was altered: it has not the digest that the run's event holds"]
        tampered.client.delete_item(TableName=tampered.contents, Key=key)
        assert tampered.verify(run).faults == [f"{told} is gone, and no erasure of it is on record"]
    finally:
        tampered.client.put_item(TableName=tampered.contents, Item=stored)
    assert tampered.verify(run).faults == []
