"""What both services are measured on: one engine, one set of stand-ins, and an environment for each.

The model's stand-in answers at once, and keeps what time it took: that is not the service's.
"""

from __future__ import annotations

import copy
import json
import secrets
import tempfile
import time
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from bench.naive import tables as naive_tables
from bench.operations import ASKS, ask
from bench.requests import new_tables
from local.child import ROOT
from local.engine import CREDENTIALS, REGION, Engine, dynamodb
from local.github import GitHubStandIn
from local.model import ModelStandIn, Order
from local.relay import RelayStandIn
from local.repository import Repository
from local.stack import COMMENT_AUTHOR, clean_environment
from local.template import read_template
from local.web import Answer, Request, Server
from tests.support.fakes import PLAN, make_world, message, pull_request
from tests.support.plans import scenario, step

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

NAIVE: Final = "bench.naive.app.handler"
DISPATCH: Final = "handlers.dispatch.handler"
ISSUE: Final = 100
FIRST_PULL: Final = 1_000
PULLS: Final = 100
"""Pull requests on the stand-in, all alike: as many as one window may hold charges for."""
ROOMY: Final = {
    "GUARDRAIL_OVERRIDE": "acknowledged",
    "MAX_TASKS_PER_WINDOW": "100",
    "MAX_COST_PER_WINDOW_USD": "60",
}
HEADERS: Final = {"content-type": "application/json", "host": "localhost"}


class TimedModel(ModelStandIn):
    """Answers with plans for `files` that policy lets pass, no two alike, and adds up the seconds that this takes."""

    def __init__(self, files: list[dict[str, Any]]) -> None:
        super().__init__()
        self.seconds = 0.0
        self._files = files
        self._number = count()

    def _answer(self, request: Request) -> Answer:
        started = time.perf_counter()
        self.order(Order(text=json.dumps(plan(self._files, next(self._number)))))
        try:
            return super()._answer(request)
        finally:
            self.seconds += time.perf_counter() - started


class Yard:
    """Runs between entering and leaving. Every environment it gives out has tables of its own.

    `packages` holds what is measured of ours, by kind; without, it is measured from the source.
    """

    def __init__(self, packages: Path | None = None) -> None:
        self._packages = packages
        self._exit = ExitStack()
        self._template = read_template(ROOT / "template.yaml")
        self._sample: dict[str, Any] = json.loads((ROOT / "local" / "sample" / "pull_request.json").read_text())
        self.repository = Repository(self._sample["repository"])
        self.model = TimedModel(self._sample["files"])
        self.github = GitHubStandIn(self.repository, login=COMMENT_AUTHOR)
        self.relay = RelayStandIn(self.repository, login=COMMENT_AUTHOR)
        self.token = secrets.token_hex(16)
        self.engine: Engine
        self.client: DynamoDBClient

    def __enter__(self) -> Self:
        logs = Path(self._exit.enter_context(tempfile.TemporaryDirectory()))
        self.engine = Engine(logs)
        self._exit.callback(self.engine.stop)
        self.engine.start()
        self.client = dynamodb(self.engine.url, {})
        for stand_in in (self.model, self.github, self.relay):
            stand_in.start()
            self._exit.callback(stand_in.close)
        self._lambda = Server(lambda request: Answer(202, b"", {"x-amzn-requestid": "bench"}))
        self._lambda.start()
        self._exit.callback(self._lambda.stop)
        for number in range(FIRST_PULL, FIRST_PULL + PULLS):
            self.load_pull(number)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._exit.close()

    def load_pull(self, number: int, files: list[dict[str, Any]] | None = None) -> None:
        """The sample pull request under another number, with other files if given."""
        case = copy.deepcopy(self._sample)
        case["pull"]["number"] = number
        case["pull"]["title"] += f", part {number}"
        if files is not None:
            case["files"] = files
        self.repository.load(case)

    # --- environments ----------------------------------------------------------------------------

    def ours(self, kind: str = "api", *, worker: bool = False, engine: str | None = None) -> dict[str, str]:
        """Settings of the service on empty tables. `worker`: dispatches are handed over, to one that never runs.

        `kind` of package: only the worker's holds the model's SDK.
        """
        tables = new_tables(self.client, self._template)
        make_world(self.client, tables)  # makes the breaker's row
        handed_over = {"WORKER_FUNCTION": "WorkerFunction", "AWS_ENDPOINT_URL_LAMBDA": self._lambda.url}
        shared = {**self._shared(engine), **tables, **ROOMY, "PHASE": "phase0", **(handed_over if worker else {})}
        return {**shared, "PYTHONPATH": str(self._packages / kind)} if self._packages else shared

    def naive(self, *, engine: str | None = None) -> dict[str, str]:
        """Settings of the baseline on empty tables."""
        return {**self._shared(engine), **naive_tables.create(self.client)}

    def _shared(self, engine: str | None) -> dict[str, str]:
        return {
            **clean_environment(CREDENTIALS),
            "PYTHONPATH": "src:.",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL_DYNAMODB": engine or self.engine.url,
            "POWERTOOLS_SERVICE_NAME": "bench",
            "ORCHESTRATOR_SECRET": self.token,
            "ANTHROPIC_API_KEY": self.model.api_key,
            "ANTHROPIC_BASE_URL": self.model.url,
            "GITHUB_REPOSITORY": self.repository.name,
            "GITHUB_API_URL": self.github.url,
            "GITHUB_TOKEN": self.github.token,
            "DFG_RELAY_URL": self.relay.url,
            "DFG_RELAY_TOKEN": self.relay.token,
            "COMMENT_AUTHOR": COMMENT_AUTHOR,
        }

    # --- what is asked ---------------------------------------------------------------------------

    def event(
        self, method: str, route: str, body: object = None, headers: dict[str, str] | None = None
    ) -> dict[str, Any]:
        """One request in payload version 2.0. The last part of an `/approve/…` path is its id."""
        event: dict[str, Any] = {
            "version": "2.0",
            "routeKey": f"{method} {route}",
            "rawPath": route,
            "rawQueryString": "",
            "headers": {**HEADERS, "authorization": f"Bearer {self.token}", **(headers or {})},
            "requestContext": {
                "http": {"method": method, "path": route, "sourceIp": "127.0.0.1"},
                "requestId": "bench",
                "stage": "$default",
            },
            "isBase64Encoded": False,
            "pathParameters": {"id": route.rpartition("/")[2]},
        }
        return event if body is None else {**event, "body": json.dumps(body)}

    def dispatch(self, number: int, **headers: str) -> dict[str, Any]:
        """POST /dispatch/qa-plan for the pull request, with its issue."""
        return self.event("POST", "/dispatch/qa-plan", {"prNumber": number, "linkedIssue": ISSUE}, headers)

    def waiting(self, environment: dict[str, str], number: int) -> str:
        """An action of ours that waits for approval, on that pull request. Its id."""
        tables = {name: value for name, value in environment.items() if name.endswith("_TABLE")}
        world = make_world(self.client, tables, GITHUB_REPOSITORY=self.repository.name, **ROOMY)
        world.clock.at = time.time_ns() // 1_000_000
        sha = self._sample["pull"]["head"]["sha"]
        world.github.pulls[number] = pull_request(number, head_sha=sha)
        world.model.replies.append(message(ASKS))
        return str(ask(world, number)["actionId"])

    def naive_waiting(self, environment: dict[str, str], number: int) -> str:
        """The same for the baseline."""
        tables = {name: environment[name] for name in naive_tables.VARIABLES}
        return naive_tables.add_waiting(self.client, tables, number, "## 🤖 QA Test Plan\n\nas drafted")


def plan(files: list[dict[str, Any]], number: int) -> dict[str, Any]:
    """A plan in which policy finds nothing: what it makes is posted at once."""
    paths = [str(file["filename"]) for file in files]
    items = [
        scenario(
            paths[0],
            ac_id=f"AC{item}",
            ac_text=f"What criterion {item} of the issue asks for holds for every analyst, in case {number}.",
            covers=paths[item::3],
            steps=[
                step(f"Open the page that change {item} is about"),
                step(f"Enter {number} and the issue's values"),
                step("Save", f"The list shows {number} and what was entered, and nothing else has changed."),
            ],
            edge_cases=["An empty value", "Two analysts at once"],
        )
        for item in range(3)
    ]
    observations = [{**one, "where": f"{paths[0]}, line 3"} for one in PLAN["observations"]]
    return {**PLAN, "observations": observations, "test_plan": items}
