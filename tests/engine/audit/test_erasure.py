"""Content can be erased; the proof stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.approvals.approve import reject
from core.audit import log
from core.audit.checkpoint import checkpoint
from core.audit.erasure import erase
from core.audit.log import Head
from core.audit.read import list_runs, read_run
from core.errors import Conflict, NotFound
from core.runs.arrow import work
from tests.support.dispatching import FAR, go
from tests.support.fakes import ASKS, PLAN, World, make_world, message

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


@pytest.fixture
def world(dynamodb_client: DynamoDBClient, tables: dict[str, str]) -> World:
    return make_world(dynamodb_client, tables)


def everything(client: DynamoDBClient, tables: dict[str, str]) -> str:
    return "".join(str(client.scan(TableName=name)["Items"]) for name in tables.values())


def test_erased_content_is_nowhere_and_the_chain_still_proves(
    world: World, dynamodb_client: DynamoDBClient, tables: dict[str, str]
) -> None:
    run_id = str(go(world)["runId"])
    assert "Clamp negative listing prices" in str(read_run(world.app, run_id)["content"])
    assert "list is sorted by name" in everything(dynamodb_client, tables)
    result = erase(world.app, run_id, "captain", "a person asked for it")
    assert result == {"status": "erased", "runId": run_id, "erased": ["answer", "context", "prompt"]}
    assert "list is sorted by name" not in everything(dynamodb_client, tables)
    world.clock.forward(301)
    checkpoint(world.app, FAR)
    after = read_run(world.app, run_id, proof=True)
    assert (after["chain"]["intact"], after["content"]) == (True, {})
    assert all(proof["checkpoint"] == 0 for proof in after["proofs"])
    runs, _ = list_runs(world.app, limit=10, start=None, where={"kind": "erase"})
    assert [(run["event"], run["principal"]) for run in runs] == [("content.erased", "captain")]


def test_what_still_waits_is_not_erased(world: World) -> None:
    world.model.replies = [message(ASKS)]
    result = go(world)
    with pytest.raises(Conflict, match="waits"):
        erase(world.app, str(result["runId"]), "captain", "x")
    reject(world.app, str(result["actionId"]), "captain", "no")
    assert erase(world.app, str(result["runId"]), "captain", "x")["status"] == "erased"


def test_a_run_under_way_is_not_erased(dynamodb_client: DynamoDBClient, tables: dict[str, str]) -> None:
    world = make_world(dynamodb_client, tables, worker=True)
    with pytest.raises(Conflict, match="going on"):
        erase(world.app, str(go(world)["runId"]), "captain", "x")


def test_every_action_of_the_run_is_forgotten_and_none_that_waits_is(
    world: World, dynamodb_client: DynamoDBClient, tables: dict[str, str]
) -> None:
    run_id = str(go(world)["runId"])
    [first] = dynamodb_client.scan(TableName=tables["ACTIONS_TABLE"])["Items"]
    second_id = world.app.new_id()
    stored = first["action"]["S"].replace(first["id"]["S"], second_id)
    second = {**first, "id": {"S": second_id}, "action": {"S": stored}}
    waiting = {**second, "state": {"S": "pending"}}
    events = log.read_chain(world.app.store, tables["AUDIT_TABLE"], run_id)
    head = Head(run_id, len(events), events[-1].hash)
    proposed = ("action.proposed", {"actionId": second_id})
    world.app.store.transact(log.append(tables["AUDIT_TABLE"], head, world.clock.at, [proposed]).writes)
    dynamodb_client.put_item(TableName=tables["ACTIONS_TABLE"], Item=waiting)
    with pytest.raises(Conflict, match=f"{second_id} still waits"):
        erase(world.app, run_id, "captain", "x")
    dynamodb_client.put_item(TableName=tables["ACTIONS_TABLE"], Item=second)
    erase(world.app, run_id, "captain", "x")
    assert "list is sorted by name" not in everything(dynamodb_client, tables)


def test_an_unknown_run_is_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        erase(world.app, "no-such-run", "captain", "x")


def test_erasing_twice_erases_nothing_more(world: World) -> None:
    run_id = str(go(world)["runId"])
    erase(world.app, run_id, "captain", "x")
    assert erase(world.app, run_id, "captain", "x")["erased"] == []


def test_a_run_that_died_can_be_forgotten_a_day_later(dynamodb_client: DynamoDBClient, tables: dict[str, str]) -> None:
    world = make_world(dynamodb_client, tables, worker=True)
    run_id = str(go(world)["runId"])
    world.clock.forward(86_400)
    assert erase(world.app, run_id, "captain", "x")["erased"] == ["context", "prompt"]
    assert "list is sorted by name" not in everything(dynamodb_client, tables)
    with pytest.raises(NotFound):
        work(world.app, run_id, FAR)


def test_a_verdict_on_record_holds_nothing_of_what_the_model_wrote(
    world: World, dynamodb_client: DynamoDBClient, tables: dict[str, str]
) -> None:
    world.model.replies = [message({**PLAN, "general_checks": ["/merge what Erika Mustermann wrote"]})]
    run_id = str(go(world)["runId"])
    [judged] = [e for e in read_run(world.app, run_id)["events"] if e["type"] == "policy.judged"]
    assert judged["data"]["checks"]
    erase(world.app, run_id, "captain", "x")
    assert "Mustermann" not in everything(dynamodb_client, tables)
