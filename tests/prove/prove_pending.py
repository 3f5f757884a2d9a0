"""However many actions have been decided, `/pending` is one request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.approvals.approve import list_pending
from core.items import to_item
from tests.prove.report import Report
from tests.support.dispatching import go
from tests.support.fakes import ASKS, make_world, message

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

DECIDED = 100_000
BATCH = 25


def test_a_hundred_thousand_decided_actions_do_not_change_what_the_list_costs(
    sdk_client: DynamoDBClient, tables: dict[str, str], report: Report
) -> None:
    world = make_world(sdk_client, tables)
    world.model.replies = [message(ASKS)]
    waiting = go(world)["actionId"]
    table = tables["ACTIONS_TABLE"]
    for start in range(0, DECIDED, BATCH):
        puts = [
            {"PutRequest": {"Item": to_item({"id": f"decided-{n}", "state": "executed", "queueKey": f"2026#{n}"})}}
            for n in range(start, start + BATCH)
        ]
        answer = sdk_client.batch_write_item(RequestItems={table: puts})  # type: ignore[dict-item]
        assert not answer["UnprocessedItems"]
    requests: list[str] = []
    sdk_client.meta.events.register("before-call.dynamodb", lambda model, **_: requests.append(model.name))
    shown, following = list_pending(world.app, limit=20, start=None)
    assert [action["id"] for action in shown] == [waiting]
    assert following is None
    assert requests == ["Query"]
    report(f"pending: {len(requests)} request with {DECIDED:,} decided actions in the table")
