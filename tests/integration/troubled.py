"""Worlds whose DynamoDB gives trouble, and what must be true of them whatever the trouble."""

from __future__ import annotations

import re
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from bench.operations import FAR, Operation, ask, ending
from core.audit import log
from core.errors import Conflict, LeaseHeld, StoreUnavailable
from core.pipeline import work
from core.reconcile import look_at_waiting
from local.engine import create_tables, dynamodb
from tests.conftest import table_names
from tests.fakes import World, make_world
from tests.integration.injection import (
    BUSY,
    Happening,
    Injector,
    all_in_turn,
    all_in_turn_backwards,
    troubled_client,
)

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

    from local.template import Template

TRUE_COST: Final = 1200 * 2 + 400 * 10
"""Micro-dollars of one answer of the fake model."""
BEYOND_THE_SDK: Final = 5
"""More repetitions than the SDK makes by itself."""
PAST_EVERY_LEASE: Final = 600.0
"""Seconds."""
MARKER: Final = re.compile(r"<!-- dfg-orchestrator action=([0-9a-f-]{36}) -->")


@dataclass(frozen=True)
class Left:
    """Everything that must not depend on trouble which passes."""

    ending: str
    comments: int
    model_calls: int
    charges: list[tuple[int, int, bool, bool | None]]
    breaker: str
    actions: list[str]
    records: list[str]
    chains: list[tuple[str, ...]]


@dataclass
class Troubled:
    """One set of tables, emptied for each world, behind a client with an injector."""

    client: DynamoDBClient
    calm: DynamoDBClient
    injector: Injector
    tables: dict[str, str]

    def world(self, operation: Operation, *, backwards: bool = False) -> tuple[World, str]:
        """A world in which `operation` is about to begin, and its subject."""
        self.injector.clear()
        self._empty()
        world = make_world(self.client, self.tables, worker=operation.worker)
        together = all_in_turn_backwards if backwards else all_in_turn
        app = replace(world.app, together=together, own_secrets=lambda: (), random_hex=lambda: "0" * 32)
        world = replace(world, app=app)
        subject = operation.prepare(world)
        self.injector.clear()
        return world, subject

    def undisturbed(self, operation: Operation) -> tuple[Left, int]:
        """How the operation ends without trouble, and how many requests that takes."""
        world, subject = self.world(operation)
        how = operation.run(world, subject)
        requests = len(self.injector.sent)
        return self.left(world, how), requests

    def left(self, world: World, how: str) -> Left:
        """What there is afterwards. The laws are checked on the way."""
        self.injector.calm()
        settings = world.app.settings
        breaker = world.app.ledger.read()
        assert breaker is not None
        return Left(
            how,
            len(world.github.posted),
            len(world.model.received),
            sorted(
                (e["charge"], e["attempt"], e["settled"], e.get("failed"))
                for run, e in breaker["charges"].items()
                if not run.startswith("other")
            ),
            breaker["state"],
            sorted(item["state"]["S"] for item in self._scan(settings.actions_table)),
            sorted(_record(item) for item in self._scan(settings.dedupe_table)),
            sorted(tuple(event.type for event in chain) for chain in self.hold_laws(world)),
        )

    def hold_laws(self, world: World) -> list[list[Any]]:
        """What holds at every moment and after any trouble. All chains of the audit."""
        self.injector.calm()
        settings = world.app.settings
        breaker = world.app.ledger.read()
        assert breaker is not None
        assert breaker["total"] == sum(entry["charge"] for entry in breaker["charges"].values())
        assert breaker["tasks"] == sum(entry["tasks"] for entry in breaker["charges"].values())
        answered = len(world.model.received)
        charged = sum(e["charge"] for run, e in breaker["charges"].items() if not run.startswith("other"))
        assert charged >= self.cost_of(world), f"{answered} calls of the model, {charged} charged"

        names = {item["chain"]["S"] for item in self._scan(settings.audit_table)}
        chains = [log.read_chain(world.app.store, settings.audit_table, name) for name in names]
        assert all(log.verdict(chain)["intact"] for chain in chains)
        posted = Counter(MARKER.findall(comment.body)[-1] for _, comment in world.github.posted)
        assert not posted or max(posted.values()) == 1, "an action was posted twice"
        assert len(posted) <= 1, "the same content was posted twice"
        intended = {e.data["actionId"] for chain in chains for e in chain if e.type == "action.intended"}
        assert set(world.writer.sent) <= intended, "something was sent without an intent on record"
        return chains

    def cost_of(self, world: World) -> int:
        """What the model has certainly billed."""
        return TRUE_COST * (len(world.model.received) - world.unbilled)

    def recover(self, world: World) -> list[str]:
        """The trouble is over: everything is delivered again, looked at and asked again. How each ended."""
        self.injector.calm()
        endings = []
        for _ in range(2):
            world.clock.forward(PAST_EVERY_LEASE)
            for run_id in dict.fromkeys(world.started):
                try:
                    endings.append(ending(work(world.app, run_id, FAR)))
                except LeaseHeld:  # a successor has the key: this delivery is not needed any more
                    endings.append("superseded")
                self.hold_laws(world)
            look_at_waiting(world.app, FAR)
            endings.append(ending(ask(world)))
            self.hold_laws(world)
        return endings

    def _scan(self, table: str) -> list[dict[str, Any]]:
        pages = self.calm.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
        return [dict(item) for page in pages for item in page["Items"]]

    def _empty(self) -> None:
        for table in self.tables.values():
            keys = [key["AttributeName"] for key in _schema(self.calm, table)]
            items = self._scan(table)
            for start in range(0, len(items), 25):
                batch: Any = [
                    {"DeleteRequest": {"Key": {key: item[key] for key in keys}}} for item in items[start : start + 25]
                ]
                self.calm.batch_write_item(RequestItems={table: batch})
