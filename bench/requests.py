"""`python -m bench.requests`: what each operation asks of DynamoDB, on the embedded engine, as a table."""

from __future__ import annotations

import tempfile
import uuid
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bench.meter import Meter
from bench.operations import MEASURED, Operation
from local.child import ROOT
from local.engine import TABLE_VARIABLES, Engine, create_tables, dynamodb
from local.template import Template, read_template
from tests.support.fakes import make_world

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True)
class Measured:
    """What one operation came to."""

    operation: Operation
    ending: str
    sequential: int
    total: int
    read_units: float
    write_units: float


def measure(client: DynamoDBClient, tables: dict[str, str], operation: Operation) -> Measured:
    """Carry out `operation` once on empty tables. The client is the meter's from then on."""
    meter = Meter(client)
    world = make_world(client, tables, worker=operation.worker)
    world = replace(world, app=replace(world.app, together=meter.together))
    subject = operation.prepare(world)
    meter.clear()
    ending = operation.run(world, subject)
    return Measured(operation, ending, meter.depth, len(meter.requests), meter.read_units, meter.write_units)


def measure_all(url: str) -> list[Measured]:
    """Every operation of `MEASURED`, each through a client of its own to the engine at `url`."""
    template = read_template(ROOT / "template.yaml")
    found = []
    for operation in MEASURED:
        client = dynamodb(url, {})
        found.append(measure(client, new_tables(client, template), operation))
    return found


def new_tables(client: DynamoDBClient, template: Template) -> dict[str, str]:
    """Five empty tables: variable → name."""
    prefix = f"bench{uuid.uuid4().hex[:8]}"
    names = {variable: f"{prefix}-{variable.lower()}" for variable in TABLE_VARIABLES.values()}
    create_tables(client, template, names)
    return names


def main() -> int:
    """Print the table. 1 when an operation asks more than its goal."""
    with tempfile.TemporaryDirectory() as logs:
        engine = Engine(Path(logs))
        engine.start()
        try:
            lines = measure_all(engine.url)
        finally:
            engine.stop()
    print("Requests to DynamoDB; sequential: how many of them had to wait for each other.")
    print("Units are what the embedded engine reports: nothing for batch reads and refused writes, and in a")
    print("transaction no copies into indexes.\n")
    print(f"{'operation':40} {'ends as':26} {'sequential':>10} {'goal':>5} {'total':>6} {'read':>6} {'write':>6}")
    for line in lines:
        print(
            f"{line.operation.name:40} {line.ending:26} {line.sequential:>10} {line.operation.sequential:>5} "
            f"{line.total:>6} {line.read_units:>6.1f} {line.write_units:>6.1f}"
        )
    missed = [m for m in lines if m.operation.sequential is not None and m.sequential > m.operation.sequential]
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
