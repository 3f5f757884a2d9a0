"""`python -m bench.growth [RUNS]`: the same operations with 10, 1,000 and RUNS (100,000) runs in the tables.

What an operation asks of DynamoDB and how many items that looks at must not grow, and nothing may scan. Then a
dispatch of diffs of 10 to 100,000 lines: time and memory. Memory of the engine: about 1.5 GB at 100,000 runs.
"""

from __future__ import annotations

import hashlib
import sys
import time
from collections import Counter as Tally
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from bench.counter import Counter
from bench.lane import Lane
from bench.operations import MEASURED, OTHERS, Operation
from bench.requests import new_tables
from bench.yard import DISPATCH, FIRST_PULL, Yard
from core.approvals.approve import list_pending
from core.audit import log
from core.audit.log import Head
from core.audit.read import list_runs
from core.dispatcher.breaker import BREAKER_ID
from core.items import to_item
from local.child import ROOT
from local.engine import dynamodb
from local.template import read_template
from tests.support.fakes import START, World, make_world, pull_request

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

SIZES: Final = (10, 1_000)
MOST: Final = 100_000
BATCH: Final = 25
"""Items that DynamoDB takes in one batch."""
LINES: Final = (10, 100, 1_000, 10_000, 100_000)
LINES_PER_FILE: Final = 500
PATIENCE: Final = 300
"""Seconds. The engine sorts an index anew for each query: of 100,000 items, it takes its time."""
ASYNC: Final = {"prefer": "respond-async"}


@dataclass(frozen=True)
class Cost:
    """What one operation asked of DynamoDB, and the seconds of our own processor."""

    requests: tuple[tuple[str, int], ...]
    looked_at: int
    cpu: float


def rows(tables: dict[str, str], first: int, last: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """The items of decided runs, a second apart, as the service leaves them: table and item."""
    for number in range(first, last):
        run_id, at = f"00000000-0000-4000-8000-{number:012d}", START - 10**9 + number * 1000
        started = {"kind": "dispatch", "principal": "ci", "taskType": "qa_plan"}
        opened = log.append(tables["AUDIT_TABLE"], Head.new(run_id), at, [("run.started", started)])
        finished = ("run.finished", {**started, "status": "success", "startedAt": opened.writes[0].item["at"]})
        closed = log.append(tables["AUDIT_TABLE"], opened.head, at, [finished], closes=True)
        for write in (*opened.writes, *closed.writes):
            yield write.table, write.item
        yield tables["ACTIONS_TABLE"], {"id": run_id, "state": "executed", "run": run_id, "payload": {"body": "plan"}}
        yield tables["DEDUPE_TABLE"], {"key": f"run#{run_id}", "stage": "finished"}
        yield tables["DEDUPE_TABLE"], {"key": f"content#{number}", "run": run_id}
        yield tables["CONTENT_TABLE"], {"run": run_id, "name": "prompt", "data": b"stored"}


def fill(client: DynamoDBClient, tables: dict[str, str], first: int, last: int) -> None:
    """Put these runs in. Raises RuntimeError when the engine leaves any out."""
    items = rows(tables, first, last)
    while batch := list(islice(items, BATCH)):
        puts: dict[str, list[Any]] = {}
        for table, item in batch:
            puts.setdefault(table, []).append({"PutRequest": {"Item": to_item(item)}})
        if client.batch_write_item(RequestItems=puts).get("UnprocessedItems"):
            raise RuntimeError("the engine did not take all items")


def _listed(world: World, _: str) -> str:
    actions, _following = list_pending(world.app, limit=20, start=None)
    return f"{len(actions)} waiting"


def _audited(world: World, _: str) -> str:
    runs, _following = list_runs(world.app, limit=20, start=None)
    return f"{len(runs)} runs"


READS: Final = (Operation("the list of what waits", _listed), Operation("the newest runs", _audited))


def measure(client: DynamoDBClient, tables: dict[str, str], counter: Counter, operation: Operation) -> Cost:
    """One operation on the tables as they are, with a breaker that has forgotten its charges."""
    client.delete_item(TableName=tables["BREAKER_TABLE"], Key={"id": {"S": BREAKER_ID}})
    world = make_world(dynamodb(counter.url, {}, read_timeout=PATIENCE), tables, worker=operation.worker)
    head = hashlib.sha1(operation.name.encode(), usedforsecurity=False).hexdigest()
    world.github.pulls[42] = pull_request(42, title=operation.name, head_sha=head)
    subject = operation.prepare(world)
    counter.seen.clear()
    started = time.process_time()
    operation.run(world, subject)
    cpu = time.process_time() - started
    return Cost(tuple(sorted(Tally(counter.operations()).items())), sum(seen.looked_at for seen in counter.seen), cpu)


def tables_of(size: int, yard: Yard, counter: Counter, operations: Sequence[Operation]) -> dict[str, Cost]:
    """Each operation on tables of its own size: those that leave something behind are given tables of their own."""
    tables = new_tables(yard.client, read_template(ROOT / "template.yaml"))
    fill(yard.client, tables, 0, size)
    return {operation.name: measure(yard.client, tables, counter, operation) for operation in operations}


def diff(lines: int) -> list[dict[str, Any]]:
    """Changed files of so many added lines in all, as GitHub lists them."""
    files = []
    for first in range(0, lines, LINES_PER_FILE):
        count = min(LINES_PER_FILE, lines - first)
        body = "\n".join(f"+    value_{first + n} = compute(row, {n}, limit=100)" for n in range(count))
        files.append(
            {
                "filename": f"src/part_{first // LINES_PER_FILE}/module.py",
                "status": "modified",
                "additions": count,
                "deletions": 0,
                "changes": count,
                "patch": f"@@ -0,0 +1,{count} @@\n{body}",
            }
        )
    return files


def dispatch_of(yard: Yard, lines: int) -> tuple[float, float]:
    """CPU seconds of a warm dispatch of such a diff, and the MiB held by the end of it."""
    yard.load_pull(FIRST_PULL + 1, diff(lines))
    with Lane(DISPATCH, yard.ours(worker=True)) as lane:
        lane.expect(yard.dispatch(FIRST_PULL, **ASYNC), 202)
        step = lane.expect(yard.dispatch(FIRST_PULL + 1, **ASYNC), 202)
    return step.cpu, step.peak_mib


def report(sizes: Sequence[int], found: dict[int, dict[str, Cost]], say: Callable[[str], None]) -> bool:
    """Print what each operation asks at each size. Whether none grows and none scans."""
    constant = True
    say(f"{'operation':40} {'requests':>9} {'items looked at':>30} {'CPU, ms':>30}")
    for name in found[sizes[0]]:
        costs = [found[size][name] for size in sizes]
        looked = " ".join(f"{cost.looked_at:>9}" for cost in costs)
        cpu = " ".join(f"{1000 * cost.cpu:>9.1f}" for cost in costs)
        # The smallest tables may hold less than a page; from then on nothing may grow.
        same = len({cost.requests for cost in costs}) == 1 and len({cost.looked_at for cost in costs[1:]}) == 1
        scans = any(operation == "Scan" for cost in costs for operation, _ in cost.requests)
        say(f"{name:40} {sum(n for _, n in costs[-1].requests):>9} {looked:>30} {cpu:>30}")
        if not same or scans:
            say(f"    it {'scans' if scans else 'grows'}: {[cost.requests for cost in costs]}")
        constant = constant and same and not scans
    return constant


def main(arguments: Sequence[str]) -> int:
    """Print both tables. 1 when something scans, or asks more of larger tables."""
    most = int(arguments[0]) if arguments else MOST
    sizes = (*(size for size in SIZES if size < most), most)
    with Yard() as yard, Counter(yard.engine.url) as counter:
        found = {}
        for size in sizes:
            sys.stderr.write(f"{size:,} runs\n")
            found[size] = tables_of(size, yard, counter, (*READS, *MEASURED, *OTHERS))
        print(f"With {', '.join(f'{size:,}' for size in sizes)} runs in the tables:\n")
        constant = report(sizes, found, print)
        print(f"\n{'lines of the diff':>18} {'CPU of a warm dispatch, ms':>28} {'peak memory, MiB':>18}")
        for lines in LINES:
            cpu, peak = dispatch_of(yard, lines)
            print(f"{lines:>18,} {1000 * cpu:>28.0f} {peak:>18.0f}")
    return 0 if constant else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
