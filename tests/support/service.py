"""The handlers behind the gateway stand-in, in this process: settings of a test's own, and a clock that it moves.

Real HTTP, real engine, the real SDK against the stand-ins: what is different from the stack is that
time passes only when told, so nothing waits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from core.actions.writers import github_writer, relay_writer
from core.app import App
from core.bootstrap import together
from core.callers.auth import parse_secret
from core.context.app_token import fixed_token
from core.context.github import GitHubReader
from core.dispatcher.claude import ClaudeClient
from core.dispatcher.ledger import Ledger
from core.http.client import HttpxHttp
from core.store import Store
from core.types import Json
from handlers import worker
from handlers.http import Endpoint, Endpoints
from local.function import Handler, load, new_context
from local.gateway import Gateway
from local.github import GitHubStandIn
from local.github_oidc import verifier
from local.model import ModelStandIn
from local.relay import RelayStandIn
from local.repository import Repository
from local.template import Function, Template
from local.web import Server
from tests.support.caller import Caller, Reply
from tests.support.fakes import TOKEN, Clock, make_world
from tests.support.records import Contents, contents

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

DISPATCH: Final = "/dispatch/qa-plan"


@dataclass
class Pace:
    """How many milliseconds pass at every look at the clock; none, unless told."""

    tick: int = 0


class Claude:
    """The model stand-in and the SDK's client for it: one for many services, because the client is slow to make."""

    def __init__(self) -> None:
        self.stand_in = ModelStandIn()
        self.client = ClaudeClient(self.stand_in.api_key, self.stand_in.url)
        self._key = self.stand_in.api_key

    def clear(self) -> None:
        """Whatever a test has done to the stand-in is undone."""
        self.stand_in.clear()
        self.stand_in.start()
        self.stand_in.api_key = self._key


@dataclass
class Service:
    """The API and everything behind it."""

    app: App
    clock: Clock
    repository: Repository
    model: ModelStandIn
    github: GitHubStandIn
    relay: RelayStandIn
    api: Caller
    tables: Mapping[str, str]
    client: DynamoDBClient
    worker: Function
    pace: Pace
    handed_over: list[Json]
    """Events that wait for `deliver`."""
    stop: Callable[[], None]

    def dispatch(self, number: int = 42, **fields: Any) -> Reply:
        return self.api.post(DISPATCH, {"prNumber": number, "linkedIssue": 100, **fields})

    def deliver(self) -> None:
        """Lets the worker have the runs that were handed over."""
        while self.handed_over:
            try:
                event = self.handed_over.pop(0)
            except IndexError:
                return  # another thread of the same service was faster
            worker.run(self.app, event, new_context(self.worker, "delivery"))

    def comments(self, number: int = 42) -> list[str]:
        return [comment["body"] for comment in self.repository.comments(number)]

    def asked(self) -> int:
        """How many requests the model has seen."""
        return len(self.model.calls.entries())

    def sent(self) -> int:
        """How many comments were sent, whatever became of them."""
        calls = [*self.relay.faults.calls.entries(), *self.github.faults.calls.entries()]
        return sum(call.operation in ("relay.comment", "comment") for call in calls)

    def contents(self) -> Contents:
        return contents(self.client, self.tables)

    def run(self, run_id: str) -> dict[str, Any]:
        """The run's audit, whose chain must be whole."""
        body: dict[str, Any] = self.api.get(f"/audit/{run_id}").body
        assert body["chain"]["intact"], body["chain"]
        return body

    def events(self, run_id: str, kind: str) -> list[Any]:
        return [event["data"] for event in self.run(run_id)["events"] if event["type"] == kind]

    def charged(self) -> str:
        return str(self.api.get("/health").body["circuitBreaker"]["totalCostUsd"])


def start(
    client: DynamoDBClient,
    tables: dict[str, str],
    template: Template,
    case: Mapping[str, Any],
    claude: Claude,
    *,
    secret: str = TOKEN,
    direct: bool = False,
    late: bool = False,
    dynamodb: DynamoDBClient | None = None,
    **settings: str,
) -> Service:
    """A service on empty tables. `direct`: comments go to GitHub itself. `settings` are environment variables.

    `late`: the worker gets its events by `deliver` alone. `dynamodb`: what the handlers use instead of `client`.
    """
    world = make_world(client, tables, **{"GITHUB_REPOSITORY": case["repository"], **settings})
    clock, pace = world.clock, Pace()

    def now() -> int:
        clock.at += pace.tick
        return clock.at

    repository = Repository(case["repository"], lambda: datetime.fromtimestamp(clock.at / 1000, UTC))
    repository.load(case)
    model, github, relay = claude.stand_in, GitHubStandIn(repository), RelayStandIn(repository)
    for stand_in in (model, github, relay):
        stand_in.start()
    http = HttpxHttp()
    reader = GitHubReader(http, github.url, repository.name, fixed_token(github.token), together)
    taxonomy = world.app.team.taxonomy
    writer = (
        github_writer(http, github.url, fixed_token(github.token), reader, taxonomy)
        if direct
        else relay_writer(http, relay.url, fixed_token(relay.token), reader, taxonomy)
    )
    app = replace(
        world.app,
        now=now,
        credentials=lambda: parse_secret(secret),
        own_secrets=lambda: (relay.token,),
        together=together,
        github=lambda: reader,
        writer=lambda: writer,
        model=lambda: claude.client,
        start_worker=lambda event: hand_over(event),
    )
    if dynamodb is not None:
        app = _on(app, dynamodb)
    handed_over: list[Json] = []

    def hand_over(event: Json) -> None:
        handed_over.append(event)
        if not late:
            service.deliver()

    server = Server(Gateway(template.routes, lambda name: _bound(name, app), verify=verifier(settings)).answer)
    server.start()

    def stop() -> None:
        server.stop()
        for stand_in in (github, relay):
            stand_in.close()
        claude.clear()

    service = Service(
        app=app,
        clock=clock,
        repository=repository,
        model=model,
        github=github,
        relay=relay,
        api=Caller(server.url, secret),
        tables=tables,
        client=client,
        worker=template.functions["WorkerFunction"],
        pace=pace,
        handed_over=handed_over,
        stop=stop,
    )
    return service


def _on(app: App, client: DynamoDBClient) -> App:
    store = Store(client, sleep=app.sleep, new_id=app.new_id)
    return replace(app, store=store, ledger=Ledger(store, app.settings.breaker_table, app.settings.limits))


def _bound(name: str, app: App) -> Handler:
    """The handler with this app; one that is no Endpoint needs none."""
    handler = load(name)
    if not isinstance(handler, Endpoint | Endpoints):
        return handler
    return lambda event, context: handler.answer(app, event, context)
