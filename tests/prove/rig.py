"""An App over real connections, with everything that it talks to outside of its process.

The engine and the stand-ins live on when a process that uses the App is killed.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from core.actions.writers import relay_writer
from core.app import App, Thunk
from core.context.app_token import fixed_token
from core.context.github import GitHubReader
from core.dispatcher.claude import ClaudeClient
from core.dispatcher.ledger import Ledger
from core.http.client import HttpxHttp
from core.store import Store
from core.types import Json
from local.engine import TABLE_VARIABLES, create_tables, dynamodb
from local.github import GitHubStandIn
from local.model import ModelStandIn, Order
from local.relay import RelayStandIn
from local.repository import Repository
from local.web import Answer, Request, Server
from tests.prove.evidence import (
    Asked,
    Landed,
    Outside,
    Relabelled,
    Tables,
    action_of,
    changing,
    read_tables,
    read_under_way,
)
from tests.prove.fuse import Fuse, FusedHttp, FusedModel, FusedStoreClient, in_turn
from tests.prove.lean import Item, LeanClient
from tests.prove.mortal import live
from tests.support.fakes import AUTHOR, PATCH, PLAN, START, Clock, make_world

if TYPE_CHECKING:
    from local.template import Template

REPOSITORY: Final = "dfg/app"
INPUT_TOKENS, OUTPUT_TOKENS, TRIAGE_OUTPUT_TOKENS = 1_200, 8_000, 4_000
COST: Final = INPUT_TOKENS * 2 + OUTPUT_TOKENS * 10
"""Micro-dollars of one plan, by the price list of claude-sonnet-5-5: two come to more than one worst case."""
TRIAGE_COST: Final = INPUT_TOKENS // 10 + TRIAGE_OUTPUT_TOKENS // 2
"""Of one triage, by that of claude-haiku-5-5."""
COSTS: Final = {"claude-sonnet-5-5": COST, "claude-haiku-5-5": TRIAGE_COST}
TRIAGED: Final = (7, 8)
"""Issues in the triage queue."""
TEXT: Final = "Open a listing: the price is negative. It should be 0."


def order(answer: object, output_tokens: int = OUTPUT_TOKENS) -> Order:
    """The model's answer, with the usage that COSTS is about."""
    return Order(text=json.dumps(answer), input_tokens=INPUT_TOKENS, output_tokens=output_tokens)


ORDINARY: Final = order(PLAN)
SUSPICIOUS: Final = order({**PLAN, "general_checks": ["Open https://elsewhere.example.org/x and look"]})
"""A plan that the Captain has to look at."""


def case(number: int = 42) -> dict[str, Any]:
    """A small pull request with a linked issue, in GitHub's REST shape."""
    user = {"login": "contributor"}
    return {
        "repository": REPOSITORY,
        "pull": {
            "number": number,
            "state": "open",
            "title": "Clamp negative listing prices",
            "body": "Prices below zero broke the ranking.",
            "user": user,
            "author_association": "OWNER",
            "labels": [],
            "head": {"sha": f"{number:040x}", "repo": {"full_name": REPOSITORY}},
            "base": {"ref": "main"},
            "changed_files": 2,
        },
        "files": [
            {"filename": name, "status": "modified", "additions": 1, "deletions": 1, "patch": PATCH}
            for name in ("dfg_api/pricing.py", "tests/test_pricing.py")
        ],
        "issue": {
            "number": 100,
            "title": "Prices must not be negative",
            "body": "AC1: a negative price shows as 0",
            "state": "open",
            "labels": [],
            "user": user,
            "author_association": "OWNER",
        },
    }


class WatchedRepository(Repository):
    """Looks into the audit at the moment at which a comment or a change of labels arrives."""

    def __init__(self, name: str, now: Callable[[], datetime], under_way: Callable[[], Mapping[str, Item]]) -> None:
        super().__init__(name, now)
        self.landed: list[Landed] = []
        self.relabelled: list[Relabelled] = []
        self._under_way = under_way

    def comment(self, number: int, author: str, body: str) -> dict[str, Any]:
        intended = action_of(body) in self._under_way()
        made = super().comment(number, author, body)
        self.landed.append(Landed(number, body, intended))
        return made

    def add_labels(self, number: int, names: Sequence[str]) -> list[dict[str, Any]]:
        return self._watched(number, lambda: super(WatchedRepository, self).add_labels(number, names))

    def remove_label(self, number: int, name: str) -> list[dict[str, Any]]:
        return self._watched(number, lambda: super(WatchedRepository, self).remove_label(number, name))

    def names(self, number: int) -> frozenset[str]:
        return frozenset(label["name"] for label in self.labels(number))

    def clear(self) -> None:
        super().clear()
        self.landed.clear()
        self.relabelled.clear()

    def _watched(self, number: int, change: Callable[[], list[dict[str, Any]]]) -> list[dict[str, Any]]:
        intended, before = changing(self._under_way(), number), self.names(number)
        after = change()
        if self.names(number) != before:
            self.relabelled.append(Relabelled(number, self.names(number), intended))
        return after


@dataclass
class Rig:
    """The world outside, and apps that live in it."""

    client: LeanClient
    unused: LeanClient
    """For processes of their own: it has never had a connection, so none is shared."""
    claude: ClaudeClient
    unused_claude: ClaudeClient
    tables: dict[str, str]
    clock: Clock
    repository: WatchedRepository
    github: GitHubStandIn
    relay: RelayStandIn
    model: ModelStandIn
    invocations: Server
    started: list[str]
    """Runs for which the worker was started."""
    settings: Mapping[str, str] = field(default_factory=dict)
    unanswered: int = 0
    """Calls of the model that were ordered to end without an answer."""

    def app(
        self,
        fuse: Fuse | None = None,
        *,
        worker: bool,
        client: Any = None,
        together: Callable[[Sequence[Thunk]], list[Any]] = in_turn,
    ) -> App:
        """An App whose requests pass `fuse`. `client`: for a process of its own, one that nobody else uses."""
        fuse = fuse or Fuse()
        claude = self.claude if client is None else self.unused_claude
        client = client or self.client
        environment: dict[str, Any] = {"GITHUB_REPOSITORY": REPOSITORY, **self.settings}
        plain = make_world(client, dict(self.tables), **environment).app
        fused: Any = FusedStoreClient(client, fuse)
        store = Store(fused, sleep=self.clock.sleep, new_id=plain.new_id)
        http = FusedHttp(HttpxHttp(), fuse)
        reader = GitHubReader(http, self.github.url, REPOSITORY, fixed_token(self.github.token), together)
        writer = relay_writer(http, self.relay.url, fixed_token(self.relay.token), reader, plain.team.taxonomy)

        def start_worker(event: Json) -> None:
            http.send("POST", f"{self.invocations.url}/invoke", {}, event["runId"].encode(), 5.0)

        return replace(
            plain,
            now=self.clock.now,
            sleep=self.clock.sleep,
            together=together,
            store=store,
            ledger=Ledger(store, plain.settings.breaker_table, plain.settings.limits),
            github=lambda: reader,
            writer=lambda: writer,
            model=lambda: FusedModel(claude, fuse),
            start_worker=start_worker if worker else None,
        )

    def reset(self, settings: Mapping[str, str] | None = None) -> None:
        """Empty tables, a closed breaker, stand-ins that remember nothing."""
        self.client.empty(self.tables.values())
        self.settings = settings or {}
        self.app(worker=False)  # makes the breaker's row
        self.started.clear()
        self.repository.clear()
        self.repository.load(case())
        for number in TRIAGED:
            labels = [{"name": name} for name in ("status:triage", "prio:P3", "good first issue")]
            self.repository.put_issue(number, title=f"Price {number} is wrong", body=TEXT, labels=labels)
        self.github.faults.clear()
        self.relay.faults.clear()
        self.model.clear()
        self.unanswered = 0

    def trouble(self, *statuses: int) -> None:
        """The model answers the next calls with these statuses, then as usual."""
        self.unanswered += len(statuses)
        self.answer(*(Order(status=status) for status in statuses))

    def answer(self, *orders: Order, then: Order = ORDINARY) -> None:
        """The model answers so, in this order; from then on as in `then`."""
        for one in orders:
            self.model.order(one)
        self.model.order(then, times=None)

    def kill(self, act: Callable[[App], Any], moment: str, *, worker: bool) -> None:
        """Carries `act` out in a process that dies at that moment."""

        def step(fuse: Fuse) -> Any:
            return act(self.app(fuse, worker=worker, client=self.unused))

        assert live(step, moment).killed

    def look(self) -> tuple[Tables, Outside]:
        """What the tables say, and what really happened."""
        return read_tables(self.client, self.tables), Outside(
            tuple(self.repository.landed),
            self._asked(),
            self.clock.at,
            relabelled=tuple(self.repository.relabelled),
            labels={number: self.repository.names(number) for number in TRIAGED},
        )

    def _asked(self) -> tuple[Asked, ...]:
        """What was asked, at the latest moment at which it can have been."""
        bodies = self.model.calls.entries()[self.unanswered :]
        return tuple(Asked(body, cost_of(body), self.clock.at, stored=False) for body in bodies)


def cost_of(body: bytes) -> int:
    """What a call of the model came to, in micro-dollars."""
    return COSTS[json.loads(body)["model"]]


@contextmanager
def make_rig(url: str, template: Template) -> Iterator[Rig]:
    """A rig on the engine at `url`, until the block ends."""
    prefix = f"r{uuid.uuid4().hex[:8]}"
    tables = {name: f"{prefix}-{name.removesuffix('_TABLE').lower()}" for name in TABLE_VARIABLES.values()}
    client, watching, administration = LeanClient(url), LeanClient(url), dynamodb(url, {})
    create_tables(administration, template, tables)
    clock = Clock(START)
    started: list[str] = []
    lock = threading.Lock()

    def now() -> datetime:
        return datetime.fromtimestamp(clock.at / 1000, UTC)

    def invoke(request: Request) -> Answer:
        with lock:
            started.append(request.body.decode())
        return Answer(202)

    repository = WatchedRepository(REPOSITORY, now, lambda: read_under_way(watching, tables))
    with ExitStack() as until:
        github, relay = GitHubStandIn(repository, AUTHOR), RelayStandIn(repository, AUTHOR)
        model, invocations = ModelStandIn(), Server(invoke)
        for side in (github, relay, model):
            side.start()
            until.callback(side.close)
        invocations.start()
        until.callback(invocations.stop)
        rig = Rig(
            client=client,
            unused=LeanClient(url),
            claude=ClaudeClient(model.api_key, model.url),
            unused_claude=ClaudeClient(model.api_key, model.url),
            tables=tables,
            clock=clock,
            repository=repository,
            github=github,
            relay=relay,
            model=model,
            invocations=invocations,
            started=started,
        )
        rig.reset()
        yield rig
        for name in tables.values():
            administration.delete_table(TableName=name)
