"""The figures of docs/cost.md are what the price table and the measured requests come to."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bench import costs
from bench.operations import MEASURED
from bench.requests import measure
from core.dispatcher.pricing import PRICES, Usage, cost, worst_case
from core.prompts.request import cacheable
from local.claude_rules import objection
from tests.support.fakes import make_world

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

    from local.engine import Engine


def test_the_page_says_what_the_code_computes() -> None:
    assert costs.written(costs.PAGE) == costs.tables(), "run `python -m bench.costs`"


def test_a_posted_plan_writes_no_more_units_than_the_page_counts(engine: Engine, tables: dict[str, str]) -> None:
    from local.engine import dynamodb

    [operation] = [operation for operation in MEASURED if operation.name == "a comment, through the worker"]
    assert measure(dynamodb(engine.url, {}), tables, operation).write_units <= costs.WRITE_UNITS


@pytest.mark.parametrize("model", PRICES)
def test_caching_pays_from_the_call_that_the_page_names(model: str) -> None:
    tier, tokens = PRICES[model][0], 2_000

    def spent(calls: int, *, cached: bool) -> int:
        if not cached:
            return calls * cost(model, Usage(tokens, 0))
        write, read = Usage(0, 0, cache_write_tokens=tokens), Usage(0, 0, cache_read_tokens=tokens)
        return cost(model, write) + (calls - 1) * cost(model, read)

    enough = costs.calls_until_it_pays(tier)
    assert spent(enough, cached=True) < spent(enough, cached=False)
    assert spent(enough - 1, cached=True) >= spent(enough - 1, cached=False)


@pytest.mark.parametrize("model", PRICES)
def test_the_bound_holds_when_the_whole_prompt_is_written_into_the_cache(model: str) -> None:
    for tokens in (1, 5_500, 100_000, 100_001):
        written = Usage(0, 1_000, cache_write_tokens=tokens)
        assert cost(model, written) <= worst_case(model, tokens, 1_000)


def test_only_what_is_the_same_every_time_is_cacheable(dynamodb_client: DynamoDBClient, tables: dict[str, str]) -> None:
    from core.tasks import registry
    from core.types import Target, TaskRequest

    app = make_world(dynamodb_client, tables).app
    request = TaskRequest("qa_plan", Target("pull_request", 42), 100, False, "ci", "api")
    prompts = [cacheable(registry.build(app, request, registry.read(app, request))) for _ in range(2)]
    first, second = (json.loads(prompt.body)["system"] for prompt in prompts)
    marked = [number for number, part in enumerate(first) if "cache_control" in part]
    assert marked == [len(first) - 2]
    assert first[:-1] == second[:-1]
    assert first[-1] != second[-1]
    assert objection(json.loads(prompts[0].body)) is None
    assert json.loads(prompts[0].body)["messages"]
    plain = registry.build(app, request, registry.read(app, request))
    assert replace(cacheable(plain), body=plain.body) == plain
