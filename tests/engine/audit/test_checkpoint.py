"""The checkpointer on the real engine."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from core.audit import log, merkle, note
from core.audit.checkpoint import checkpoint, latest, proofs
from core.audit.log import Head
from core.audit.read import read_run
from core.store import Store
from tests.support.dispatching import FAR, go
from tests.support.fakes import World, make_world
from tests.support.inclusion import root_from_path

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

LAG = 300


@pytest.fixture
def world(dynamodb_client: DynamoDBClient, tables: dict[str, str]) -> World:
    return make_world(dynamodb_client, tables)


def append(world: World, count: int) -> None:
    for _ in range(count):
        head = Head.new(world.app.new_id())
        world.app.store.transact(
            [*log.append(world.app.settings.audit_table, head, world.clock.at, [("a", {})]).writes]
        )
        world.clock.forward(0.001)


def test_a_checkpoint_takes_what_is_old_enough_and_nothing_twice(world: World) -> None:
    append(world, 3)
    assert checkpoint(world.app, FAR) == {"checkpoints": 0, "events": 0}
    world.clock.forward(LAG)
    assert checkpoint(world.app, FAR) == {"checkpoints": 1, "events": 3}
    assert checkpoint(world.app, FAR) == {"checkpoints": 0, "events": 0}
    append(world, 2)
    world.clock.forward(LAG)
    assert checkpoint(world.app, FAR) == {"checkpoints": 1, "events": 2}
    last = latest(world.app)
    assert last is not None
    assert (last.data["number"], last.data["size"]) == (1, 5)


def test_a_lag_that_was_raised_meanwhile_waits_and_loses_nothing(world: World) -> None:
    append(world, 3)
    world.clock.forward(LAG)
    assert checkpoint(world.app, FAR)["events"] == 3
    append(world, 2)
    limits = replace(world.app.settings.limits, checkpoint_lag_seconds=3 * LAG)
    patient = replace(world.app, settings=replace(world.app.settings, limits=limits))
    assert checkpoint(patient, FAR) == {"checkpoints": 0, "events": 0}
    world.clock.forward(3 * LAG)
    assert checkpoint(patient, FAR) == {"checkpoints": 1, "events": 2}


def test_events_of_many_days_are_gathered(world: World) -> None:
    for _ in range(3):
        append(world, 2)
        world.clock.forward(86_400)
    assert checkpoint(world.app, FAR)["events"] == 6


def test_more_than_one_batch_makes_more_than_one_checkpoint(world: World) -> None:
    append(world, 5)
    world.clock.forward(LAG)
    assert checkpoint(world.app, FAR, most_events=2) == {"checkpoints": 3, "events": 5}


def test_every_event_of_a_run_has_a_proof_that_leads_to_a_signed_root(world: World) -> None:
    run_id = str(go(world)["runId"])
    before = read_run(world.app, run_id, proof=True)
    assert {proof["checkpoint"] for proof in before["proofs"]} == {None}
    world.clock.forward(LAG + 1)
    checkpoint(world.app, FAR)
    run = read_run(world.app, run_id, proof=True)
    last = latest(world.app)
    assert last is not None
    for event, proof in zip(run["events"], run["proofs"], strict=True):
        leaf = merkle.leaf_hash(bytes.fromhex(event["hash"]))
        path = [bytes.fromhex(node) for node in proof["path"]]
        led = root_from_path(leaf, proof["index"], last.data["events"], path)
        assert led is not None
        assert led.hex() == last.data["root"]


def test_the_note_is_signed_by_the_published_key(world: World) -> None:
    append(world, 1)
    world.clock.forward(LAG)
    checkpoint(world.app, FAR)
    signed = world.published[0]
    text, _, line = signed.partition("\n\n")
    signature = base64.b64decode(line.split()[-1])
    key = world.app.signer().public_key
    assert signature[:4] == note.key_id(world.app.settings.audit_origin, key)
    Ed25519PublicKey.from_public_bytes(key).verify(signature[4:], f"{text}\n".encode())


def test_each_checkpoint_holds_the_digest_of_the_one_before(world: World) -> None:
    for _ in range(3):
        append(world, 1)
        world.clock.forward(LAG)
        checkpoint(world.app, FAR)
    for number in (1, 2):
        assert f"prev {note.digest(world.published[number - 1])}\n" in world.published[number]
    assert f"prev {note.FIRST_PREV}\n" in world.published[0]


def test_two_checkpointers_at_once_make_one_line(world: World) -> None:
    append(world, 20)
    world.clock.forward(LAG)
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: checkpoint(world.app, FAR), range(8)))
    assert sum(m["checkpoints"] for m in made) == 1
    chain = log.read_chain(world.app.store, world.app.settings.audit_table, "checkpoints")
    assert log.verdict(chain) == {"intact": True, "events": 1}


def test_a_checkpoint_costs_what_is_new(world: World) -> None:
    append(world, 150)
    world.clock.forward(LAG)
    checkpoint(world.app, FAR)
    append(world, 10)
    world.clock.forward(LAG)
    read: list[int] = []
    query = world.app.store.query

    class Counting:
        pages = Store.pages

        def __getattr__(self, name: str) -> object:
            return getattr(world.app.store, name)

        def query(self, *args: object, **kwargs: object) -> object:
            page = query(*args, **kwargs)  # type: ignore[arg-type]
            read.append(len(page.items))
            return page

    checkpoint(replace(world.app, store=Counting()), FAR)  # type: ignore[arg-type]
    assert sum(read) == 1 + 10


def test_the_key_that_is_published_is_the_one_that_signs(world: World) -> None:
    origin = world.app.settings.audit_origin
    published = note.verifier_key(origin, world.app.signer().public_key)
    assert published.startswith(f"{origin}+")


def test_proofs_of_nothing(world: World) -> None:
    assert proofs(world.app, []) == []
