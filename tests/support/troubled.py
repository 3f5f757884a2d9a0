"""Worlds whose DynamoDB gives trouble, and what must be true of them whatever the trouble."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from bench.operations import FAR, Operation, ending
from core.approvals.reconcile import look_at_waiting
from core.audit import log
from core.canonical import sha256
from core.dispatcher.reply import Answered, Reply
from core.errors import Conflict, LeaseHeld, NotFound, StoreUnavailable
from core.runs.arrow import work
from tests.prove.lean import LeanClient
from tests.support.fakes import FakeModel, World, make_world
from tests.support.injection import BUSY, UNCLEAR, Happening, Injector, all_in_turn, all_in_turn_backwards
from tests.support.label_runs import PHASE3

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

BEYOND_THE_SDK: Final = 5
"""More attempts than the SDK makes by itself."""
BEFORE_THE_STORE_GIVES_UP: Final = 3
"""As often as the store repeats what the SDK does not."""
PAST_EVERY_LEASE: Final = 600.0
"""Seconds."""
MARKER: Final = re.compile(r"<!-- dfg-orchestrator action=([0-9a-f-]{36}) -->")


@dataclass(frozen=True)
class Left:
    """Everything that must not depend on trouble which passes."""

    ending: str
    comments: int
    labels: list[str]
    model_calls: int
    charges: list[tuple[int, int, bool, bool | None]]
    breaker: str
    actions: list[str]
    records: list[str]
    chains: list[tuple[str, ...]]


PRICES: Final = {"claude-sonnet-5-5": (20, 100), "claude-haiku-5-5": (1, 5)}
"""Tenths of a micro-dollar for a token in and a token out, by the price list."""


class BilledModel:
    """The fake model, and what its answers cost in micro-dollars."""

    def __init__(self, model: FakeModel) -> None:
        self._model = model
        self.billed = 0

    def send(self, body: bytes, timeout: float) -> Reply:
        reply = self._model.send(body, timeout)
        if isinstance(reply, Answered):
            into, out = PRICES[json.loads(body)["model"]]
            usage = reply.answer.usage
            self.billed += (usage.input_tokens * into + usage.output_tokens * out + 9) // 10
        return reply


@dataclass
class Troubled:
    """One set of tables, emptied for each world, behind a client with an injector."""

    client: DynamoDBClient
    calm: LeanClient
    injector: Injector
    tables: dict[str, str]

    def __post_init__(self) -> None:
        self.model = BilledModel(FakeModel())

    def world(self, operation: Operation, *, backwards: bool = False) -> tuple[World, str]:
        """A world in which `operation` is about to begin, and its subject."""
        self.injector.clear()
        self.calm.empty(self.tables.values())
        world = make_world(self.client, self.tables, worker=operation.worker, **PHASE3)
        together = all_in_turn_backwards if backwards else all_in_turn
        self.model = BilledModel(world.model)
        numbers = count()
        app = replace(
            world.app,
            together=together,
            model=lambda: self.model,
            own_secrets=lambda: (),
            random_hex=lambda: sha256(str(next(numbers)).encode())[:32],
        )
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
            sorted(label for known in world.github.known.values() for label in known.labels),
            len(world.model.received),
            sorted(
                (e["charge"], e["attempt"], e["settled"], e.get("failed"))
                for run, e in breaker["charges"].items()
                if not run.startswith("other")
            ),
            breaker["state"],
            sorted(item["state"] for item in self.calm.scan(settings.actions_table)),
            sorted(_record(item) for item in self.calm.scan(settings.dedupe_table)),
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
        charged = sum(e["charge"] for run, e in breaker["charges"].items() if not run.startswith("other"))
        assert charged >= self.model.billed, f"{self.model.billed} billed, {charged} charged"

        names = {item["chain"] for item in self.calm.scan(settings.audit_table)}
        chains = [log.read_chain(world.app.store, settings.audit_table, name) for name in names]
        assert all(log.verdict(chain)["intact"] for chain in chains)
        posted = Counter(MARKER.findall(comment.body)[-1] for _, comment in world.github.posted)
        assert not posted or max(posted.values()) == 1, "an action was posted twice"
        assert len(posted) <= 1, "the same content was posted twice"
        for known in world.github.known.values():
            for name, group in world.app.team.taxonomy.exclusive.items():
                assert len(group & set(known.labels)) <= 1, f"an issue has two labels of {name}"
        intended = {e.data["actionId"] for chain in chains for e in chain if e.type == "action.intended"}
        assert set(world.writer.sent) <= intended, "something was sent without an intent on record"
        return chains

    def attempt(self, world: World, operation: Operation, subject: str) -> str:
        """The operation under trouble: its ending, or the error that its caller is told. Others are faults."""
        try:
            return operation.run(world, subject)
        except (StoreUnavailable, LeaseHeld, Conflict, NotFound) as error:
            return error.code

    def recover(self, world: World, operation: Operation, subject: str) -> list[str]:
        """The trouble is over: all is delivered again, looked at, and asked for again. How each came out."""
        self.injector.calm()
        came_out = []
        for _ in range(2):
            world.clock.forward(PAST_EVERY_LEASE)
            for run_id in dict.fromkeys(world.started):
                try:
                    came_out.append(ending(work(world.app, run_id, FAR)))
                except LeaseHeld as held:  # a successor has the key: this delivery is not needed any more
                    came_out.append(held.code)
                self.hold_laws(world)
            look_at_waiting(world.app, FAR)
            came_out.append(self.attempt(world, operation, subject))
            self.hold_laws(world)
        states = [item["state"] for item in self.calm.scan(world.app.settings.actions_table)]
        assert "executing" not in states
        return came_out


def _record(item: dict[str, Any]) -> str:
    """A record of the dedupe table: its kind, and how it stands."""
    return f"{item['key'].split('#')[0]} {item.get('stage') or item.get('state', '')}"


def once(
    troubled: Troubled, operation: Operation, trouble: Happening, times: int = 1, *, backwards: bool = False
) -> int:
    """Trouble at each request in turn, `times` repetitions long, leaves what there would be without. How many."""
    expected, requests = troubled.undisturbed(operation)
    for number in range(requests):
        world, subject = troubled.world(operation, backwards=backwards)
        troubled.injector.at(number, trouble, times)
        how = troubled.attempt(world, operation, subject)
        assert troubled.injector.met == times
        assert troubled.left(world, how) == expected, f"{trouble.__name__} at request {number}, {times} times"
    return requests


def now_and_then(troubled: Troubled, operation: Operation, *, seeds: int, share: float = 0.3) -> None:
    """Trouble of every kind at any request, by chance, leaves what there would be without."""
    expected, _ = troubled.undisturbed(operation)
    for seed in range(seeds):
        world, subject = troubled.world(operation, backwards=seed % 2 == 1)
        troubled.injector.now_and_then(seed, share, (*BUSY, *UNCLEAR))
        how = troubled.attempt(world, operation, subject)
        assert troubled.left(world, how) == expected, f"seed {seed}"


def for_good(
    troubled: Troubled, operation: Operation, trouble: Happening, *, spreading: bool, backwards: bool = False
) -> Counter[str]:
    """Trouble that does not end, at each request in turn: what the callers were told. The laws hold, and after it."""
    told: Counter[str] = Counter()
    _, requests = troubled.undisturbed(operation)
    for number in range(requests):
        world, subject = troubled.world(operation, backwards=backwards)
        begin = troubled.injector.from_then_on if spreading else troubled.injector.always_this
        begin(number, trouble)
        told[troubled.attempt(world, operation, subject)] += 1
        troubled.hold_laws(world)
        troubled.recover(world, operation, subject)
    return told
