"""Many callers at once, through the real stack."""

from __future__ import annotations

import copy
import json
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from local.client import Client, Reply
from local.model import Order
from local.stack import Stack
from tests.prove.evidence import Asked, Landed, Outside, Tables, read_tables
from tests.prove.laws import broken_laws
from tests.prove.lean import LeanClient

MODEL_CALL: Final = Order(input_tokens=1_200, output_tokens=400)
COST: Final = 1_200 * 2 + 400 * 10
"""Micro-dollars of one such call."""
END_SECONDS: Final = 240.0
BUSY: Final = "store_unavailable"
TRIES: Final = 40
ROOMY: Final = {
    "GUARDRAIL_OVERRIDE": "acknowledged",
    "MAX_TASKS_PER_WINDOW": "100",
    "MAX_COST_PER_WINDOW_USD": "40",
}


def at_once(calls: Sequence[Callable[[], Reply]]) -> list[Reply]:
    """All of them in threads of their own that start together. Who is told that the store is busy asks again."""
    start = threading.Barrier(len(calls))

    def one(call: Callable[[], Reply]) -> Reply:
        start.wait()
        reply = call()
        for _ in range(TRIES):
            if not busy(reply):
                break
            time.sleep(float(reply.headers["retry-after"]))
            reply = call()
        return reply

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(one, calls))


def busy(reply: Reply) -> bool:
    """Whether the store did not answer in time: the caller is told when to try again."""
    return reply.status == 503 and reply.body["error"]["code"] == BUSY


def load_pulls(stack: Stack, sample: dict[str, Any], count: int) -> list[int]:
    """The sample pull request under so many numbers."""
    numbers = list(range(1_000, 1_000 + count))
    for number in numbers:
        pull = copy.deepcopy(sample)
        pull["pull"]["number"] = number
        stack.repository.load(pull)
    return numbers


def dispatch_all(stack: Stack, numbers: Sequence[int], *, wait: bool = True) -> list[Reply]:
    """One dispatch for each of the numbers, at once. `wait`: for the run's end, as long as the gateway allows."""
    assert stack.model is not None
    stack.model.order(MODEL_CALL, times=None)
    headers = {} if wait else {"prefer": "respond-async"}

    def ask(number: int) -> Callable[[], Reply]:
        return lambda: stack.client.post("/dispatch/qa-plan", {"prNumber": number}, headers)

    return at_once([ask(number) for number in numbers])


def await_comments(stack: Stack, count: int) -> None:
    """Until so many have been sent. Raises AssertionError when they have not in good time."""
    assert stack.relay is not None
    assert stack.relay.faults.calls.wait_for(lambda calls: len(calls) >= count, END_SECONDS)


def await_end(client: Client, run_id: str) -> str:
    """The status with which the run ends."""
    while True:
        events = client.get(f"/audit/{run_id}").body["events"]
        if events[-1]["type"] == "run.finished":
            return str(events[-1]["data"]["status"])


def laws_at_rest(stack: Stack, now: int, window_ceiling: int) -> tuple[Tables, list[str]]:
    """What does not hold once everything has ended. Comments are taken as intended: `rig` looks at that."""
    assert stack.model is not None
    tables = read_tables(LeanClient(stack.dynamodb.meta.endpoint_url), stack.tables)
    landed = [
        Landed(number, comment["body"], intended=True)
        for number in {target_of(item) for item in tables.actions.values()}
        for comment in stack.repository.comments(number)
    ]
    asked = [Asked(body, COST, now, stored=False) for body in stack.model.calls.entries()]
    outside = Outside(landed, asked, now, window_ceiling=window_ceiling)
    return tables, broken_laws(tables, outside, at_rest=True)


def target_of(item: dict[str, Any]) -> int:
    """The number of an action's target."""
    return int(json.loads(item["action"])["target"]["number"])
