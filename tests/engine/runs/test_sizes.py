"""What does not fit an item: counted, or refused before it is paid; never paid and lost."""

from __future__ import annotations

import json
import random
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pytest

from core.actions.states import facts_from_json
from core.approvals.approve import approve
from core.audit.read import list_runs, read_run
from core.errors import TooLarge
from core.items import size, to_attribute
from core.prompts.fitted import MAX_FACTS_BYTES, fitted, packed_size
from core.runs import admit
from core.store import MAX_ITEM_BYTES, Insert, oversized
from core.types import ChangedFile, Context, Facts, Prompt, Target
from tests.support.dispatching import charged, go, request
from tests.support.fakes import ASKS, PATCH, PLAN, World, make_world, message, pull_request

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


@pytest.fixture
def world(dynamodb_client: DynamoDBClient, tables: dict[str, str]) -> World:
    return make_world(dynamodb_client, tables)


def long_names(count: int, length: int, seed: int = 7) -> list[str]:
    """Names that no compression makes much shorter."""
    chance = random.Random(seed)  # noqa: S311 - reproducible noise
    letters = "abcdefghijklmnopqrstuvwxyz0123456789_-ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return ["src/" + "".join(chance.choices(letters, k=length)) + ".py" for _ in range(count)]


def changed(world: World, names: list[str]) -> None:
    files = tuple(ChangedFile(name, "modified", 1, 1, PATCH) for name in ["dfg_api/pricing.py", *names])
    world.github.pulls[42] = pull_request(files=files)


@pytest.mark.parametrize(("count", "length"), [(3_000, 60), (3_000, 200), (3_000, 240)])
def test_thousands_of_files_with_long_names_get_their_plan(world: World, count: int, length: int) -> None:
    changed(world, long_names(count, length))
    world.model.replies = [message(ASKS)]
    result = go(world)
    assert (result["status"], result["state"]) == ("success", "pending")
    assert approve(world.app, result["actionId"], "captain", None)["status"] == "executed"
    [(_, comment)] = world.github.posted
    assert f"of {count + 1} covered" in comment.body
    facts = json.loads(read_run(world.app, result["runId"])["content"]["context"]["text"])["facts"]
    assert len(facts["changed_paths"]) + facts["unkept_paths"] == count + 1
    assert (facts["unkept_paths"] > 0) == any("for lack of room: the names of" in cut for cut in facts["cuts"])


def test_the_files_that_the_model_reads_of_are_kept_first() -> None:
    names = long_names(3_000, 240)
    facts = Facts("qa_plan", "dfg/app", Target("pull_request", 42), "sha", tuple(names), extra={"risky": names})
    named = names[-100:]
    kept = fitted(facts, json.dumps({"text": "\n".join(named)}).encode())
    assert packed_size(kept) <= MAX_FACTS_BYTES < packed_size(facts)
    assert set(named) <= set(kept.changed_paths)
    assert kept.unkept_paths == 3_000 - len(kept.changed_paths) > 0
    assert kept.extra["risky"] == list(kept.changed_paths)


def test_facts_that_fit_stay_as_they_are() -> None:
    facts = Facts("qa_plan", "dfg/app", Target("pull_request", 42), "sha", ("a.py",))
    assert fitted(facts, b"") is facts


def test_a_request_that_cannot_be_kept_is_refused_before_it_is_paid_and_is_on_record(world: World) -> None:
    noise = bytes(random.Random(1).choices(range(256), k=500_000))  # noqa: S311 - reproducible noise
    facts = Facts("qa_plan", "dfg/app", Target("pull_request", 42), "sha")
    prompt = Prompt(noise, "claude-sonnet-5-5", 10, "T", "t", (), 10, 10, facts)
    with pytest.raises(TooLarge, match="split the change"):
        admit.open_run(world.app, request(), Context(pull=pull_request()), prompt)
    assert (charged(world), world.model.received) == (0, [])
    [run], _ = list_runs(world.app, limit=5, start=None)
    assert (run["status"], run["reason"]) == ("error", "too_large")
    assert go(world)["status"] == "success"


def test_an_answer_that_cannot_be_kept_ends_the_run_and_frees_its_key(world: World) -> None:
    noise = "".join(random.Random(2).choices([chr(code) for code in range(0x4E00, 0x9FFF)], k=600_000))  # noqa: S311 - reproducible noise
    world.model.replies = [message(noise)]
    result = go(world)
    assert (result["status"], charged(world) > 0) == ("rejected", True)
    assert "withheld" in read_run(world.app, result["runId"])["content"]["answer"]["text"]
    assert go(world)["status"] == "success"


def test_a_draft_whose_row_would_be_too_large_fails_paid_and_on_record(world: World) -> None:
    changed(world, long_names(3_000, 200))
    chance = random.Random(3)  # noqa: S311 - reproducible noise

    def words(count: int) -> str:
        return "".join(chance.choices([chr(code) for code in range(0x4E00, 0x9FFF)], k=count))

    first = PLAN["test_plan"][0]

    def scenario(number: int) -> dict[str, Any]:
        steps = [{"do": words(500), "code": None, "expect": words(400)} for _ in range(5)]
        return {**first, "ac_id": f"AC-{number}", "steps": steps, "edge_cases": [words(250)]}

    plans = [scenario(number) for number in range(1, 13)]
    plan = {**ASKS, "short_run": [], "test_plan": plans}
    world.model.replies = [message(json.dumps(plan, ensure_ascii=False))]
    result = go(world)
    assert (result["status"], result["error"]["message"]) == ("failed", "what was drafted is too large to be kept")
    assert (charged(world), world.writer.sent) == (1200 * 2 + 400 * 10, [])
    assert "answer" in read_run(world.app, result["runId"])["content"]
    assert go(world)["status"] == "success"


def test_sizes_are_never_below_what_dynamodb_counts() -> None:
    item: dict[str, Any] = {"é": "ü" * 10, "n": 12, "b": b"123", "l": [1, "two", None], "m": {"x": True}}
    wire = json.dumps({name: to_attribute(value) for name, value in item.items() if name != "b"}, ensure_ascii=False)
    assert size(item) > len("".join(c for c in wire if c.isalnum()))
    assert not oversized([Insert("t", {"a": "x" * (MAX_ITEM_BYTES - 10)})])
    assert oversized([Insert("t", {"a": "x" * MAX_ITEM_BYTES})])
    assert oversized([Insert("t", {"a": "x" * 399_000})] * 11)


def test_facts_of_an_earlier_version_are_read() -> None:
    facts = Facts("qa_plan", "dfg/app", Target("pull_request", 42), "sha", ("a.py",))
    old = {name: value for name, value in asdict(facts).items() if name != "unkept_paths"}
    assert facts_from_json(old) == facts
