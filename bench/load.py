"""Eight callers at once, against both services behind the same gateway, each in one process."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import urllib3

from bench.figures import at
from bench.yard import FIRST_PULL, ISSUE, Yard
from local.child import Child
from local.client import Client, Reply
from local.web import listen

CALLERS: Final = 8
READY_SECONDS: Final = 60.0


@dataclass(frozen=True)
class Load:
    """What the callers saw. Requests per second, and milliseconds of one request."""

    per_second: float
    median: float
    p95: float


@contextmanager
def service(yard: Yard, module: str, environment: Mapping[str, str]) -> Iterator[Client]:
    """A gateway in a process of its own, warm: it has answered once."""
    with ExitStack() as until:
        logs = Path(until.enter_context(tempfile.TemporaryDirectory()))
        listener = listen()
        until.callback(listener.close)
        child = Child("service", [module, str(listener.fileno())], environment, logs, listener=listener)
        until.callback(child.stop)
        child.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        answer = urllib3.request("GET", f"{url}/health", retries=False, timeout=READY_SECONDS)
        if answer.status != 200:
            raise RuntimeError(f"{module} is not ready: {child.last_words()}")
        yield Client(url, yard.token)


def press(call: Callable[[int], Reply], requests: int) -> Load:
    """So many requests from eight callers that each wait for their answers. Raises RuntimeError for a failed one."""

    def one(number: int) -> float:
        started = time.perf_counter()
        reply = call(number)
        if reply.status != 200:
            raise RuntimeError(f"{reply.status}: {reply.body}")
        return time.perf_counter() - started

    started = time.perf_counter()
    with ThreadPoolExecutor(CALLERS) as callers:
        seconds = sorted(callers.map(one, range(requests)))
    took = time.perf_counter() - started
    return Load(requests / took, 1000 * at(seconds, 0.5), 1000 * at(seconds, 0.95))


def health(client: Client) -> Callable[[int], Reply]:
    return lambda _: client.get("/health")


def dispatches(client: Client) -> Callable[[int], Reply]:
    """Each for a pull request of its own."""
    return lambda number: client.post("/dispatch/qa-plan", {"prNumber": FIRST_PULL + number, "linkedIssue": ISSUE})


def one_round(yard: Yard, requests: int) -> dict[tuple[str, str], Load]:
    """(`ours` or `naive`, what was asked) → what came of it."""
    sides = (("ours", "local.gateway", yard.ours("worker")), ("naive", "bench.serve", yard.naive()))
    found = {}
    for side, module, environment in sides:
        with service(yard, module, environment) as client:
            found[side, "GET /health"] = press(health(client), 4 * requests)
            client.post("/dispatch/qa-plan", {"prNumber": FIRST_PULL + requests, "linkedIssue": ISSUE})
            found[side, "dispatch"] = press(dispatches(client), requests)
    return found
