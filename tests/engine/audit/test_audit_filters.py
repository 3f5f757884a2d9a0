"""GET /audit by filters: whatever is asked for, one query per page, and no run twice or left out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bench.meter import Meter
from core.approvals.approve import approve, reject
from core.dispatcher.tripping import reset
from core.runs.arrow import dispatch
from core.store import Store
from core.types import Target, TaskRequest
from dfg.exporting import list_runs
from local.engine import dynamodb
from tests.support.audit_reading import reader
from tests.support.dispatching import FAR
from tests.support.fakes import ASKS, PLAN, World, make_world, message, pull_request

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

    from local.engine import Engine


@pytest.fixture(scope="module")
def world(dynamodb_client: DynamoDBClient, module_tables: dict[str, str]) -> World:
    """Six dispatches on three days by two principals; then an approval, a rejection and a reset."""
    world = make_world(dynamodb_client, module_tables)
    actions = []
    for number, answer in enumerate([PLAN, ASKS, "not json", ASKS, PLAN, "not json"]):
        world.github.pulls[42 + number] = pull_request(42 + number)
        world.model.replies = [message(answer)]
        principal = "ci" if number % 2 else "nightly"
        target = Target("pull_request", 42 + number)
        request = TaskRequest("qa_plan", target, 100, False, principal, "api")
        result = dispatch(world.app, request, wait_until=0, deadline=FAR)
        if result.get("state") == "pending":
            actions.append(result["actionId"])
        world.clock.forward(43_200)
    approve(world.app, actions[0], "captain", None)
    reject(world.app, actions[1], "captain", "no")
    reset(world.app, "captain")
    return world


def listed(world: World, **filters: str) -> list[Any]:
    return list(list_runs(reader(world.app), **filters))


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({}, 9),
        ({"kind": "dispatch"}, 6),
        ({"kind": "approve"}, 1),
        ({"kind": "reset"}, 1),
        ({"kind": "erase"}, 0),
        ({"taskType": "qa_plan", "kind": "dispatch"}, 6),
        ({"taskType": "triage"}, 0),
        ({"status": "rejected"}, 2),
        ({"status": "success"}, 4),
        ({"target": "pull_request:43"}, 2),
        ({"target": "pull_request:43", "kind": "dispatch"}, 1),
        ({"target": "issue:43"}, 0),
        ({"principal": "nightly"}, 3),
        ({"principal": "captain"}, 3),
        ({"since": "2026-09-23"}, 6),
        ({"until": "2026-09-23"}, 3),
        ({"since": "2026-09-22", "until": "2026-09-23"}, 2),
        ({"since": "2026-09-22T00:00:00Z", "principal": "nightly"}, 2),
        ({"since": "2030-01-01"}, 0),
    ],
)
def test_each_filter_lets_through_what_it_names(world: World, filters: dict[str, str], count: int) -> None:
    found = listed(world, **filters)
    assert len(found) == count
    assert len({run["runId"] for run in found}) == count
    for name in filters.keys() & {"kind", "taskType", "status", "principal"}:
        assert {run[name] for run in found} <= {filters[name]}
    assert not any("code" in run for run in found)


@pytest.mark.parametrize("limit", [1, 2, 4])
def test_pages_may_be_short_and_none_is_left_out_or_read_by_more_than_one_query(
    world: World, engine: Engine, limit: int
) -> None:
    client = dynamodb(engine.url, {})
    meter = Meter(client)
    get = reader(replace(world.app, store=Store(client, sleep=world.clock.sleep, new_id=world.app.new_id)))
    whole = [run["runId"] for run in listed(world, principal="nightly")]
    found: list[str] = []
    query = {"limit": str(limit), "principal": "nightly"}
    while True:
        meter.clear()
        page = get("/audit", query)
        assert page is not None
        assert [request.operation for request in meter.requests] == ["Query"]
        assert len(page["runs"]) <= limit
        found += [run["runId"] for run in page["runs"]]
        if page["cursor"] is None:
            break
        query["cursor"] = page["cursor"]
    assert found == whole
