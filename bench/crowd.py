"""`python -m bench.crowd`: 50 and 200 callers at once against the local stack, and against its engine alone.

Prints the tables of docs/performance.md and writes them there. Ends with 1 when a run that was accepted is lost, a plan
is posted twice, or the window ever holds more than it may.
"""

from __future__ import annotations

import copy
import json
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import urllib3

from bench.alone import alone
from bench.figures import at
from core.items import from_item
from local.child import ROOT
from local.run import read_sample
from local.stack import Stack, clean_environment

CROWDS: Final = (50, 200)
READS_EACH: Final = 5
FIRST_PULL: Final = 2_000
CEILING: Final = 15_000_000
"""Micro-dollars: less than the worst case of the hundred tasks that a window may have. Money runs out first."""
SETTINGS: Final = {
    "GUARDRAIL_OVERRIDE": "acknowledged",
    "MAX_TASKS_PER_WINDOW": "100",
    "MAX_COST_PER_WINDOW_USD": str(CEILING // 1_000_000),
}
AS_LAMBDA: Final = (60.0, 120.0)
"""Seconds between the deliveries of one event to the worker. When the third fails, it is a dead letter."""
ASKING_SECONDS: Final = 60.0
"""So long a caller goes on asking."""
END_SECONDS: Final = 240.0
"""So long the accepted runs may take to end after that: three deliveries, and what they take. Then they are counted as
they are: a worker that died over a run holds it longer."""
LOOK_SECONDS: Final = 0.25
PAGE: Final = ROOT / "docs" / "performance.md"
BEGIN: Final = "<!-- written by `python -m bench.crowd`: begin -->"
END: Final = "<!-- written by `python -m bench.crowd`: end -->"
NO_ANSWER: Final = (urllib3.exceptions.HTTPError, OSError)
POSTED: Final = "posted"
GIVEN_UP: Final = "given up by the queue"
WAITING: Final = "still in the queue"
LOST: Final = "lost"


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
        answers = ", ".join(f"{count} × {status or 'none'}" for status, count in sorted(self.statuses.items()))
        return f"| {self.callers} | {self.what} | {len(self.seconds) / self.took:,.0f} | {times} | {answers} |"


@dataclass(frozen=True)
class Ended:
    """What became of the dispatches of a crowd."""

    callers: int
    answers: Counter[str]
    """The last answer to each caller."""
    became: Counter[str]
    """What the accepted runs came to."""
    seconds: float
    """From the first request to the last end."""
    most: int
    """Micro-dollars in the window at its fullest, looked at four times a second."""

    def row(self, what: str) -> str:
        answers, became = (
            ", ".join(f"{n} × {name}" for name, n in c.most_common()) for c in (self.answers, self.became)
        )
        window = f"{self.most / 1_000_000:.2f} of {CEILING / 1_000_000:.2f}"
        return f"| {self.callers} | {what} | {answers} | {became or 'none'} | {self.seconds:,.0f} | {window} |"


def press(
    callers: int, what: str, each: int, call: Callable[[int], int], then: Callable[[int], None] = lambda caller: None
) -> Crowd:
    """All callers start together; each asks `each` times, one after the other. `then` is what it does after that."""
    start = threading.Barrier(callers + 1)

    def one(caller: int) -> list[tuple[float, float, int]]:
        start.wait()
        seen = []
        for turn in range(each):
            began = time.perf_counter()
            try:
                status = call(caller * each + turn)
            except NO_ANSWER:
                status = 0
            ended = time.perf_counter()
            seen.append((ended, ended - began, status))
        then(caller)
        return seen

    with ThreadPoolExecutor(callers) as pool:
        waiting = [pool.submit(one, caller) for caller in range(callers)]
        start.wait()
        began = time.perf_counter()
        seen = [answer for done in waiting for answer in done.result()]
    took = max(ended for ended, _, _ in seen) - began
    return Crowd(callers, what, took, tuple(sorted(s for _, s, _ in seen)), Counter(status for _, _, status in seen))


class Callers:
    """Each wants a plan for a pull request of its own, and asks again where that is what the answer says."""

    def __init__(self, stack: Stack) -> None:
        self.runs: dict[str, int] = {}
        """The runs that were accepted, and the pull request of each."""
        self.last: dict[int, str] = {}
        """The last answer to each caller."""
        self._stack = stack
        self._pause: dict[int, float] = {}
        self._until = time.monotonic() + ASKING_SECONDS

    def ask(self, caller: int) -> int:
        self.last[caller], self._pause[caller] = "no answer", 5.0
        number = FIRST_PULL + caller
        reply = self._stack.client.post("/dispatch/qa-plan", {"prNumber": number}, {"prefer": "respond-async"})
        self.last[caller] = f"{reply.status} {_word(reply.body)}"
        # API Gateway's own refusals say nothing of a time: callers spread.
        self._pause[caller] = float(reply.headers.get("retry-after", 1 + caller % 10))
        if reply.status == 202:
            self.runs[reply.body["runId"]] = number
        return reply.status

    def insist(self, caller: int) -> None:
        """Asks again where nothing was decided: no answer, a busy store, the gateway's throttle."""
        while self.last[caller].startswith(("no answer", "503", "429 Too Many")) and time.monotonic() < self._until:
            time.sleep(self._pause[caller])
            try:
                self.ask(caller)
            except NO_ANSWER:
                continue


def _word(body: Any) -> str:
    """What a program would look at."""
    return str(body.get("reason") or body.get("error", {}).get("code") or body.get("status") or body.get("message"))


def engine(callers: int) -> Iterator[Crowd]:
    """What the engine does without the service."""
    with alone(SETTINGS, callers) as by_itself:
        yield press(callers, "the engine alone: a read of three items", READS_EACH, by_itself.look)
        yield press(callers, "the engine alone: what a dispatch asks of it", 1, by_itself.dispatch)


def service(callers: int, *, throttled: bool, wrong: list[str]) -> tuple[list[Crowd], Ended]:
    """A fresh stack, with the gateway's throttles or without. What does not hold of it goes into `wrong`."""
    with Stack(clean_environment(SETTINGS), retry_delays=AS_LAMBDA, throttled=throttled) as stack:
        sample = read_sample()
        for number in range(callers):
            pull = copy.deepcopy(sample)
            pull["pull"]["number"] = FIRST_PULL + number
            stack.repository.load(pull)
        reads: list[Crowd] = []
        if not throttled:
            reads.append(press(callers, "`GET /health`", READS_EACH, lambda _: stack.client.get("/health").status))
        began, all_of = time.monotonic(), Callers(stack)
        with watched(stack) as most:
            what = f"`POST /dispatch/qa-plan`{', throttled' if throttled else ''}"
            dispatches = press(callers, what, 1, all_of.ask, all_of.insist)
            became = _became(stack, all_of.runs)
        ended = Ended(callers, Counter(all_of.last.values()), became, time.monotonic() - began, most())
        about = f"{callers} callers{', throttled' if throttled else ''}"
        wrong += [f"{about}: {one}" for one in _broken(stack, ended)]
        return [*reads, dispatches], ended


@contextmanager
def watched(stack: Stack) -> Iterator[Callable[[], int]]:
    """Looks at the window until it is left. The most that it held."""
    held, over = [0], threading.Event()

    def look() -> None:
        while not over.wait(LOOK_SECONDS):
            key = {"id": {"S": "breaker"}}
            item = stack.dynamodb.get_item(TableName=stack.tables["BREAKER_TABLE"], Key=key, ConsistentRead=True)
            held.append(int(item["Item"]["total"]["N"]))

    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(look)
        try:
            yield lambda: max(held)
        finally:
            over.set()
            looking.exception()


def _became(stack: Stack, runs: dict[str, int]) -> Counter[str]:
    """What the accepted runs have come to, once all have ended or the time for that is over."""
    deadline = time.monotonic() + END_SECONDS
    while True:
        ends = _ends(stack, runs)
        if WAITING not in ends or time.monotonic() > deadline:
            return ends
        time.sleep(2.0)


def _ends(stack: Stack, runs: dict[str, int]) -> Counter[str]:
    assert stack.invoke is not None
    waiting, letters = (
        {json.loads(event).get("runId") for event in events}
        for events in (stack.invoke.waiting, stack.invoke.dead_letters.entries())
    )  # before the records: a run may end in between
    records = {
        item["runId"]["S"]: from_item(item)
        for page in stack.dynamodb.get_paginator("scan").paginate(TableName=stack.tables["DEDUPE_TABLE"])
        for item in page["Items"]
        if item["key"]["S"].startswith("run#")
    }

    def end(run: str, number: int) -> str:
        record = records.get(run, {})
        if record.get("stage") == "finished":
            result = json.loads(record["result"])
            comment = bool(stack.repository.comments(number))
            return POSTED if comment else str(result.get("state") or result.get("reason") or result["status"])
        return GIVEN_UP if run in letters else WAITING if run in waiting else LOST

    return Counter(end(run, number) for run, number in runs.items())


def _broken(stack: Stack, ended: Ended) -> Iterator[str]:
    if ended.became[LOST]:
        yield f"{ended.became[LOST]} accepted runs have no end, and the queue knows nothing of them"
    if ended.became["executed"]:
        yield f"{ended.became['executed']} runs say that they have posted what is not there"
    comments = [len(stack.repository.comments(FIRST_PULL + number)) for number in range(ended.callers)]
    if max(comments) > 1:
        yield f"a pull request has {max(comments)} comments"
    if ended.most > CEILING:
        yield f"the window held {ended.most} micro-dollars of {CEILING}"


def main() -> int:
    began, wrong, busy = time.monotonic(), list[str](), os.getloadavg()[0]
    rows, ends = list[str](), list[str]()

    def note(noted: list[str], row: str) -> None:
        print(row, flush=True)
        noted.append(row)

    for callers in CROWDS:
        for crowd in engine(callers):
            note(rows, crowd.row())
        for throttled in (False, True):
            seen, ended = service(callers, throttled=throttled, wrong=wrong)
            for crowd in seen:
                note(rows, crowd.row())
            note(ends, ended.row("throttled as in AWS" if throttled else "all at once"))
    took = time.monotonic() - began
    table = "\n".join(
        [
            f"Measured on {datetime.now(UTC):%Y-%m-%d} in {took:.0f} s, {os.cpu_count()} processors, "
            f"with {busy:.1f} other processes at work. First answers:",
            "",
            "| callers | request | per second | median, ms | 95 of 100 | 99 of 100 | answers |",
            "| --- " * 7 + "|",
            *rows,
            "",
            "What became of the dispatches:",
            "",
            "| callers | let through | last answers | accepted runs | seconds in all | most in the window, dollars |",
            "| --- " * 6 + "|",
            *ends,
        ]
    )
    print("\n".join(wrong) or "none lost, none doubled, the window held")
    _write(PAGE, table)
    return 1 if wrong else 0


def _write(page: Path, table: str) -> None:
    head, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    page.write_text(f"{head}{BEGIN}\n{table}\n{END}{rest.partition(END)[2]}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
