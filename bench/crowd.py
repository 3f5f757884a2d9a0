"""`python -m bench.crowd`: 50 and 200 callers at once against the local stack, and against its engine alone.

Prints the table of docs/performance.md and writes it there. Ends with 1 when a request is lost, a plan is posted twice
or more is charged than the window allows.
"""

from __future__ import annotations

import copy
import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import urllib3

from bench.figures import at
from local.child import ROOT
from local.stack import Stack, clean_environment

CROWDS: Final = (50, 200)
READS_EACH: Final = 5
FIRST_PULL: Final = 2_000
SETTINGS: Final = {
    "GUARDRAIL_OVERRIDE": "acknowledged",
    "MAX_TASKS_PER_WINDOW": "100",
    "MAX_COST_PER_WINDOW_USD": "60",
}
END_SECONDS: Final = 300.0
ANSWERS: Final = frozenset({200, 202, 429, 503})
"""A dispatch is carried out, accepted, beyond the window, or to be asked again since the store is busy."""
PAGE: Final = ROOT / "docs" / "performance.md"
BEGIN: Final = "<!-- written by `python -m bench.crowd`: begin -->"
END: Final = "<!-- written by `python -m bench.crowd`: end -->"


@dataclass(frozen=True)
class Crowd:
    """What so many callers saw of one request: seconds of each, sorted, and how often each status (0: no answer)."""

    callers: int
    what: str
    took: float
    seconds: tuple[float, ...]
    statuses: Counter[int]

    def row(self) -> str:
        """Requests per second, and milliseconds at the median, 95 and 99 of 100."""
        times = " | ".join(f"{1000 * at(self.seconds, share):,.0f}" for share in (0.5, 0.95, 0.99))
        answers = ", ".join(f"{times} × {status}" for status, times in sorted(self.statuses.items()))
        return f"| {self.callers} | {self.what} | {len(self.seconds) / self.took:,.0f} | {times} | {answers} |"


def press(callers: int, what: str, each: int, call: Callable[[int], int]) -> Crowd:
    """All callers start together; each asks `each` times, one after the other."""
    start = threading.Barrier(callers + 1)

    def one(caller: int) -> list[tuple[float, int]]:
        start.wait()
        seen = []
        for turn in range(each):
            began = time.perf_counter()
            try:
                status = call(caller * each + turn)
            except (urllib3.exceptions.HTTPError, OSError):
                status = 0
            seen.append((time.perf_counter() - began, status))
        return seen

    with ThreadPoolExecutor(callers) as pool:
        waiting = [pool.submit(one, caller) for caller in range(callers)]
        start.wait()
        began = time.perf_counter()
        seen = [answer for done in waiting for answer in done.result()]
        took = time.perf_counter() - began
    return Crowd(callers, what, took, tuple(sorted(s for s, _ in seen)), Counter(status for _, status in seen))


def measure(callers: int, wrong: list[str]) -> Iterator[Crowd]:
    """One stack, fresh. What does not hold of it goes into `wrong`."""
    with Stack(clean_environment(SETTINGS)) as stack:
        sample = json.loads((ROOT / "local" / "sample" / "pull_request.json").read_text())
        for number in range(callers):
            pull = copy.deepcopy(sample)
            pull["pull"]["number"] = FIRST_PULL + number
            stack.repository.load(pull)
        yield press(callers, "the engine alone: a read of one item", READS_EACH, _engine(stack))
        yield press(callers, "`GET /health`", READS_EACH, lambda _: stack.client.get("/health").status)
        runs: dict[int, str] = {}

        def dispatch(number: int) -> int:
            reply = stack.client.post(
                "/dispatch/qa-plan", {"prNumber": FIRST_PULL + number}, {"prefer": "respond-async"}
            )
            if reply.status < 300:
                runs[number] = reply.body["runId"]
            return reply.status

        dispatches = press(callers, "`POST /dispatch/qa-plan`, `Prefer: respond-async`", 1, dispatch)
        yield dispatches
        wrong += [f"{callers} callers: {one}" for one in _broken(stack, dispatches, runs)]


def _broken(stack: Stack, dispatches: Crowd, runs: dict[int, str]) -> Iterator[str]:
    """Once all runs that were accepted have ended: one comment each, and no more spent than the window has."""
    assert stack.relay is not None
    stack.relay.faults.calls.wait_for(lambda calls: len(calls) >= len(runs), END_SECONDS)
    if set(dispatches.statuses) - ANSWERS:
        yield f"answers {dict(dispatches.statuses)}"
    comments = {n: len(stack.repository.comments(FIRST_PULL + n)) for n in range(dispatches.callers)}
    if any(count > 1 for count in comments.values()):
        yield f"a pull request has {max(comments.values())} comments"
    lost = [runs[number] for number in runs if comments[number] == 0]
    if lost:
        yield f"{len(lost)} of {len(runs)} accepted runs posted nothing, such as {lost[0]}"
    budget = stack.client.get("/health").body["circuitBreaker"]
    if float(budget["totalCostUsd"]) > float(budget["maxCostUsd"]):
        yield f"{budget['totalCostUsd']} of {budget['maxCostUsd']} dollars are charged"


def _engine(stack: Stack) -> Callable[[int], int]:
    """The engine, asked without any of the service's code."""
    http = urllib3.PoolManager(maxsize=max(CROWDS), retries=False, timeout=60.0)
    body = json.dumps({"TableName": stack.tables["BREAKER_TABLE"], "Key": {"id": {"S": "breaker"}}}).encode()
    headers = {
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": "DynamoDB_20120810.GetItem",
        "authorization": "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, "
        "SignedHeaders=host, Signature=none",
    }
    url = stack.environment["AWS_ENDPOINT_URL_DYNAMODB"]
    return lambda _: http.request("POST", url, body=body, headers=headers).status


def main() -> int:
    wrong: list[str] = []
    crowds = [crowd for callers in CROWDS for crowd in measure(callers, wrong)]
    head = "| callers | request | per second | median, ms | 95 of 100 | 99 of 100 | answers |"
    table = "\n".join([head, "| --- " * 7 + "|", *(crowd.row() for crowd in crowds)])
    print(table)
    print("\n".join(wrong) or "none lost, none doubled, the window held")
    _write(PAGE, table)
    return 1 if wrong else 0


def _write(page: Path, table: str) -> None:
    head, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    page.write_text(f"{head}{BEGIN}\n{table}\n{END}{rest.partition(END)[2]}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
