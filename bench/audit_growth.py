"""`python -m bench.audit_growth`: what the audit costs as it grows, on the embedded engine.

Requests per run, items that a checkpoint reads, and verification time, at 1,000, 5,000 and 10,000 events.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bench.meter import Meter
from bench.operations import FAR, ask
from bench.requests import new_tables
from core.audit import log, note
from core.audit.checkpoint import by_number, checkpoint, public
from core.audit.log import Head
from core.store import Insert
from local.child import ROOT
from local.engine import Engine, dynamodb
from local.template import read_template
from tests.support.fakes import World, make_world, pull_request
from verifier.dfg_verify import read_export, verify

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

SIZES: Final = (1_000, 5_000, 10_000)
NEW: Final = 100
"""Events of the checkpoint that is measured."""
PER_CHAIN: Final = 8
PER_TRANSACTION: Final = 96
"""DynamoDB takes 100 statements; whole chains."""


@dataclass(frozen=True)
class Grown:
    """What was measured on a log of so many events."""

    events: int
    requests_per_run: int
    checkpoint_requests: int
    checkpoint_items: int
    seconds_to_verify: float


class Items:
    """Counts the items that one client's reads look at."""

    def __init__(self, client: DynamoDBClient) -> None:
        self.looked_at = 0
        client.meta.events.register("after-call.dynamodb.Query", self._note)

    def _note(self, parsed: Mapping[str, Any], **_: Any) -> None:
        self.looked_at += int(parsed.get("ScannedCount", 0))


def grow(world: World, events: int) -> None:
    """Append so many events, in chains of the usual length."""
    table = world.app.settings.audit_table
    writes: list[Insert] = []
    for first in range(0, events, PER_CHAIN):
        entries = [("request.refused", {"kind": "refusal", "number": first})]
        entries += [("run.resumed", {"delivery": number}) for number in range(min(PER_CHAIN, events - first) - 1)]
        writes += log.append(table, Head.new(world.app.new_id()), world.clock.at, entries).writes
        world.clock.forward(0.01)
        if len(writes) >= PER_TRANSACTION or first + PER_CHAIN >= events:
            world.app.store.transact(writes)
            writes = []


def settle(world: World) -> None:
    """Let the lag pass and checkpoint everything."""
    world.clock.forward(world.app.settings.limits.checkpoint_lag_seconds + 1)
    checkpoint(world.app, FAR)


def lines(world: World) -> Iterator[str]:
    """An export, read with one query per index page rather than one request per run."""
    yield json.dumps({"type": "export", "since": None, "until": None, "content": False})
    app, number = world.app, 0
    while (found := by_number(app, number)) is not None:
        yield json.dumps({"type": "checkpoint", **public(app, found)})
        number += 1
    start = None
    chains: list[str] = []
    while True:
        page = app.store.query(app.settings.audit_table, equals=("list", log.RUNS), index="byTime", start=start)
        chains += [item["chain"] for item in page.items if item["seq"] == 0]
        start = page.next
        if start is None:
            break
    for chain in chains:
        for event in log.read_chain(app.store, app.settings.audit_table, chain):
            yield json.dumps({"type": "event", "event": event.as_json()})


def measure(client: DynamoDBClient, tables: dict[str, str], sizes: Sequence[int]) -> list[Grown]:
    """One log, grown to each of `sizes` (ascending), measured at each."""
    world = make_world(client, tables)
    meter, items = Meter(client), Items(client)
    found = []
    total = 0
    for number, size in enumerate(sizes):
        grow(world, size - total - NEW)
        settle(world)
        grow(world, NEW)
        meter.clear()
        items.looked_at = 0
        settle(world)
        requests, looked_at = len(meter.requests), items.looked_at
        exported = list(lines(world))
        started = time.perf_counter()
        report = verify(
            read_export(exported), note.verifier_key(world.app.settings.audit_origin, world.app.signer().public_key)
        )
        seconds = time.perf_counter() - started
        assert not report.faults, report.faults[:3]
        world.github.pulls[1000 + number] = pull_request(1000 + number)
        meter.clear()
        run_id = str(ask(world, 1000 + number)["runId"])
        found.append(Grown(size, len(meter.requests), requests, looked_at, seconds))
        total = size + len(log.read_chain(world.app.store, tables["AUDIT_TABLE"], run_id))
    return found


def main() -> int:
    """Print the table. 1 when something grows that must not."""
    with tempfile.TemporaryDirectory() as logs:
        engine = Engine(Path(logs))
        engine.start()
        try:
            client = dynamodb(engine.url, {})
            found = measure(client, new_tables(client, read_template(ROOT / "template.yaml")), SIZES)
        finally:
            engine.stop()
    print(f"The audit as it grows. A checkpoint is over {NEW} new events.\n")
    print(f"{'events':>8} {'requests per run':>18} {'checkpoint: requests':>22} {'items read':>12} {'verify/1000':>13}")
    for grown in found:
        milliseconds = grown.seconds_to_verify * 1e6 / grown.events
        print(
            f"{grown.events:>8} {grown.requests_per_run:>18} {grown.checkpoint_requests:>22} "
            f"{grown.checkpoint_items:>12} {milliseconds:>10.1f} ms"
        )
    constant = {(g.requests_per_run, g.checkpoint_requests, g.checkpoint_items) for g in found}
    return 0 if len(constant) == 1 else 1


if __name__ == "__main__":
    sys.exit(main())
