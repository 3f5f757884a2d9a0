"""What a crowd must leave behind, whatever its size."""

from __future__ import annotations

import json
import time
from collections import Counter
from typing import Any

from local.model import Order
from local.stack import Stack
from tests.prove.crowd import BUSY, at_once, await_comments, await_end, dispatch_all, laws_at_rest, load_pulls
from tests.support.fakes import PLAN

DOLLARS = 1_000_000


def many_for_many(stack: Stack, sample: dict[str, Any], count: int) -> Counter[int]:
    """As many dispatches as pull requests: each gets its one comment. The statuses that were answered."""
    numbers = load_pulls(stack, sample, count)
    # Nobody waits: fifty polling handlers in one process would measure this machine, not the service.
    replies = dispatch_all(stack, numbers, wait=False)
    statuses = Counter(reply.status for reply in replies)
    assert set(statuses) <= {200, 202}, [reply.body for reply in replies if reply.status not in (200, 202)]
    await_comments(stack, count)
    assert {await_end(stack.client, reply.body["runId"]) for reply in replies} == {"success"}
    assert stack.model is not None
    assert len(stack.model.calls.entries()) == count
    assert [len(stack.repository.comments(number)) for number in numbers] == [1] * count
    tables, wrong = laws_at_rest(stack, _now(), 40 * DOLLARS)
    assert not wrong, wrong
    assert len(tables.runs) == len(tables.actions) == count
    return statuses


def many_for_one(stack: Stack, sample: dict[str, Any], count: int) -> Counter[int]:
    """As many dispatches of one content: one is carried out, the others are told so."""
    [number] = load_pulls(stack, sample, 1)
    replies = dispatch_all(stack, [number] * count)
    statuses = Counter(reply.status for reply in replies)
    assert set(statuses) <= {200, 202, 409}, [reply.body for reply in replies]
    await_comments(stack, 1)
    [run_id] = {reply.body["runId"] for reply in replies}
    assert await_end(stack.client, run_id) == "success"
    told = Counter(reply.body["status"] for reply in replies)
    assert told["success"] + told["accepted"] == 1, told
    assert set(told) <= {"success", "accepted", "in_progress", "duplicate"}, told
    assert stack.model is not None
    assert len(stack.model.calls.entries()) == 1
    assert len(stack.repository.comments(number)) == 1
    tables, wrong = laws_at_rest(stack, _now(), 5 * DOLLARS)
    assert not wrong, wrong
    assert len(tables.runs) == 1
    return statuses


def more_than_the_window_holds(stack: Stack, sample: dict[str, Any], count: int) -> Counter[int]:
    """What does not fit the window is told so, and nothing of it is begun."""
    numbers = load_pulls(stack, sample, count)
    replies = dispatch_all(stack, numbers)
    statuses = Counter(reply.status for reply in replies)
    assert set(statuses) <= {200, 202, 429}, [reply.body for reply in replies]
    assert statuses[429] > 0
    granted = [reply.body["runId"] for reply in replies if reply.status != 429]
    await_comments(stack, len(granted))
    assert {await_end(stack.client, run_id) for run_id in granted} == {"success"}
    for reply in replies:
        if reply.status == 429:
            assert int(reply.headers["retry-after"]) > 0
            assert await_end(stack.client, reply.body["runId"]) == "skipped"
    _, wrong = laws_at_rest(stack, _now(), 5 * DOLLARS)
    assert not wrong, wrong
    return statuses


def many_approvals_of_one(stack: Stack, sample: dict[str, Any], count: int) -> Counter[int]:
    """One executes, the others are told who was faster; each is in the audit."""
    assert stack.model is not None
    stack.repository.load(sample)
    number, files = sample["pull"]["number"], [file["filename"] for file in sample["files"]]
    plan = {
        **PLAN,
        "test_plan": [{**PLAN["test_plan"][0], "covers": files[:1]}],
        "general_checks": ["Open https://elsewhere.example.org/x and look"],
    }
    stack.model.order(Order(text=json.dumps(plan), input_tokens=1_200, output_tokens=400))
    asked = stack.client.post("/dispatch/qa-plan", {"prNumber": number}).body
    assert (asked["status"], asked["state"]) == ("success", "pending"), asked
    replies = at_once([lambda: stack.client.post(f"/approve/{asked['actionId']}")] * count)
    statuses = Counter(reply.status for reply in replies)
    assert statuses == {200: 1, 409: count - 1}, [reply.body for reply in replies if reply.status not in (200, 409)]
    assert len(stack.repository.comments(number)) == 1
    tables, wrong = laws_at_rest(stack, _now(), 5 * DOLLARS)
    assert not wrong, wrong
    first = [events[0] for events in tables.chains.values()]
    kinds = Counter(event["type"] for event in first if event["data"].get("code") != BUSY)
    assert (kinds["approval.granted"], kinds["request.refused"]) == (1, count - 1)
    return statuses


def _now() -> int:
    return time.time_ns() // 1_000_000
