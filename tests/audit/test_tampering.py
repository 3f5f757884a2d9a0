"""Every kind of change to the stored log is found, each named, by the verifier that shares no code with the service.

The changes are written into the engine behind the API's back.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from core.audit import log, merkle, note
from core.audit.chain import Head, extend
from core.audit.checkpoint import checkpoint
from core.audit.signing import LocalSigner
from core.store import Item, from_item, to_item
from dfg.exporting import export
from tests.audit.reading import reader
from tests.conftest import table_names
from tests.fakes import make_world, message, pull_request, trouble
from tests.integration.test_pipeline import FAR, go
from verifier.dfg_verify import Report, read_export, verify

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

    from local.engine import Engine
    from local.template import Template

RUNS = 115
BACK_DATED = "00000000-0000-4000-8000-000000000000"


class Log:
    """A log of more than a thousand events in several checkpoints, and a way into its table."""

    def __init__(self, client: DynamoDBClient, tables: dict[str, str]) -> None:
        self.client = client
        self.table = tables["AUDIT_TABLE"]
        self.world = make_world(
            client, tables, MAX_TASKS_PER_WINDOW="100", MAX_COST_PER_WINDOW_USD="100", GUARDRAIL_OVERRIDE="acknowledged"
        )
        world = self.world
        self.run_ids = []
        for number in range(RUNS):
            world.github.pulls[1000 + number] = pull_request(1000 + number)
            world.model.replies = [message("not a plan")] if number % 10 == 3 else []
            if number % 10 == 5:
                world.model.replies = [trouble(529), message()]
            self.run_ids.append(str(go(world, 1000 + number)["runId"]))
            world.clock.forward(60)
            if number % 40 == 39:
                world.clock.forward(300)
                checkpoint(world.app, FAR)
        world.clock.forward(300)
        checkpoint(world.app, FAR)
        self.key = note.verifier_key(world.app.settings.audit_origin, world.app.signer().public_key)
        self.known = world.published[1]
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

    def items(self, chain: str) -> list[Item]:
        found = self.client.query(
            TableName=self.table,
            KeyConditionExpression="chain = :c",
            ExpressionAttributeValues={":c": {"S": chain}},
        )
        return [from_item(item) for item in found["Items"]]

    def put(self, item: Item) -> None:
        self.client.put_item(TableName=self.table, Item=to_item(item))

    def delete(self, item: Item) -> None:
        self.client.delete_item(TableName=self.table, Key=to_item({"chain": item["chain"], "seq": item["seq"]}))


@pytest.fixture(scope="module")
def tampered(engine: Engine, dynamodb_client: DynamoDBClient, template: Template) -> Log:
    from local.engine import create_tables

    names = table_names("tampering")
    create_tables(dynamodb_client, template, names)
    return Log(dynamodb_client, names)


def test_the_untouched_log_passes(tampered: Log) -> None:
    report = tampered.verify(known=True)
    assert report.faults == []
    assert report.counts["events"] >= 1000
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


def alter(items: list[Item]) -> tuple[list[Item], list[Item]]:
    items[3]["data"] = items[3]["data"].replace('"cost":', '"cost":1')
    return items, []


def alter_and_hash_anew(items: list[Item]) -> tuple[list[Item], list[Item]]:
    items[3]["data"] = items[3]["data"].replace('"cost":', '"cost":1')
    return rehash(items, 3), []


def drop(items: list[Item]) -> tuple[list[Item], list[Item]]:
    return [], [items[4]]


def drop_and_close_the_gap(items: list[Item]) -> tuple[list[Item], list[Item]]:
    shorter = [*items[:4], *({**item, "seq": item["seq"] - 1} for item in items[5:])]
    return rehash(shorter, 4), [items[-1]]


def drop_the_whole_run(items: list[Item]) -> tuple[list[Item], list[Item]]:
    return [], items


def hide_from_the_list(items: list[Item]) -> tuple[list[Item], list[Item]]:
    return [{name: value for name, value in item.items() if not name.startswith("list")} for item in items], []


def drop_the_end(items: list[Item]) -> tuple[list[Item], list[Item]]:
    return [], [items[-1]]


def reorder(items: list[Item]) -> tuple[list[Item], list[Item]]:
    items[2]["seq"], items[3]["seq"] = items[3]["seq"], items[2]["seq"]
    return items, []


def insert_into_the_chain(items: list[Item]) -> tuple[list[Item], list[Item]]:
    extra = {**items[2], "seq": 3}
    return rehash([*items[:3], extra, *({**item, "seq": item["seq"] + 1} for item in items[3:])], 3), []


def back_date_a_new_run(items: list[Item]) -> tuple[list[Item], list[Item]]:
    chain = BACK_DATED
    moved = [
        {
            **item,
            "chain": chain,
            **({"listKey": item["listKey"].replace(item["chain"], chain)} if "list" in item else {}),
        }
        for item in items
    ]
    return rehash(moved, 0), []


def move_in_time(items: list[Item]) -> tuple[list[Item], list[Item]]:
    return rehash([{**item, "at": item["at"].replace("2026", "2025")} for item in items], 0), []


def strip_the_intent(items: list[Item]) -> tuple[list[Item], list[Item]]:
    kept = [item for item in items if item["type"] != "action.intended"]
    renumbered = [{**item, "seq": number} for number, item in enumerate(kept)]
    return rehash(renumbered, 1), [items[-1]]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (alter, "was altered"),
        (alter_and_hash_anew, "not in the checkpoint of its time"),
        (drop, "event 4 is missing"),
        (drop_and_close_the_gap, "dropped"),
        (drop_the_whole_run, "dropped"),
        (drop_the_end, "dropped"),
        (hide_from_the_list, "dropped"),
        (reorder, "was altered"),
        (insert_into_the_chain, "inserted"),
        (back_date_a_new_run, "back-dated"),
        (move_in_time, "not in the checkpoint of its time"),
        (strip_the_intent, "has no intent before it"),
    ],
)
def test_a_change_behind_the_apis_back_is_found_and_named(
    tampered: Log, change: Callable[[list[Item]], tuple[list[Item], list[Item]]], words: str
) -> None:
    chain = tampered.run_ids[20]
    before = tampered.items(chain)
    written, deleted = change(tampered.items(chain))
    for item in deleted:
        tampered.delete(item)
    for item in written:
        tampered.put(item)
    try:
        report = tampered.verify(chain, BACK_DATED)
        assert any(words in fault for fault in report.faults), report.faults
    finally:
        for item in written:
            tampered.delete(item)
        for item in before:
            tampered.put(item)
    assert tampered.verify(chain).faults == []


def signed_anew(tampered: Log, checkpoint_item: Item, leaves: list[str]) -> Item:
    """A checkpoint over other leaves, signed with the real key: what the key's holder could do."""
    data = json.loads(checkpoint_item["data"])
    made = note.Checkpoint(
        origin=tampered.world.app.settings.audit_origin,
        number=data["number"],
        events=len(leaves),
        size=data["size"] - data["events"] + len(leaves),
        root=merkle.root([merkle.leaf_hash(bytes.fromhex(leaf)) for leaf in leaves]),
        prev=data["prev"],
        through=data["through"],
    )
    signed = note.sign(made, tampered.world.app.signer())
    data |= {"leaves": leaves, "events": made.events, "size": made.size, "root": made.root.hex(), "note": signed}
    return {**checkpoint_item, "data": json.dumps(data)}


def test_a_log_rewritten_by_the_keys_holder_shows_against_a_known_checkpoint(tampered: Log) -> None:
    original = tampered.items("checkpoints")
    leaves = json.loads(original[1]["data"])["leaves"]
    tampered.put(signed_anew(tampered, original[1], leaves[:-1] + leaves[:1]))
    try:
        assert any("forked" in fault for fault in tampered.verify("checkpoints", known=True).faults)
    finally:
        for item in original:
            tampered.put(item)


def test_a_log_cut_short_shows_against_a_known_checkpoint(tampered: Log) -> None:
    original = tampered.items("checkpoints")
    for item in original[1:]:
        tampered.delete(item)
    try:
        assert any("cut short" in fault for fault in tampered.verify("checkpoints", known=True).faults)
    finally:
        for item in original:
            tampered.put(item)


def test_a_false_signature_shows(tampered: Log) -> None:
    original = tampered.items("checkpoints")
    data = json.loads(original[0]["data"])
    data["note"] = data["note"].replace(f"events {data['events']}\n", f"events {data['events'] - 1}\n")
    tampered.put({**original[0], "data": json.dumps(data)})
    try:
        assert any("signature is false" in fault for fault in tampered.verify("checkpoints").faults)
    finally:
        tampered.put(original[0])


def test_another_key_is_refused(tampered: Log) -> None:
    other = note.verifier_key(tampered.world.app.settings.audit_origin, LocalSigner("22" * 32).public_key)
    report = verify(read_export(tampered.export()), other)
    assert any("not signed by this key" in fault for fault in report.faults)


def test_altered_content_shows_and_content_that_is_gone_without_an_erasure(tampered: Log) -> None:
    lines = [json.loads(line) for line in tampered.export()]
    contents = [line for line in lines if line["type"] == "content"]
    contents[0]["data_b64"] = base64.b64encode(b"something else").decode()
    lines.remove(contents[1])
    report = verify(read_export(json.dumps(line) for line in lines), tampered.key)
    altered, gone = report.faults
    assert altered.startswith(f"content {contents[0]['name']} of run {contents[0]['run']} was altered")
    assert gone.startswith(f"content {contents[1]['name']} of run {contents[1]['run']} is gone")
