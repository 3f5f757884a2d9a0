"""The whole service on one machine: real handlers, stand-ins for what is not there.

with Stack(os.environ) as stack:
    stack.client.post("/dispatch/qa-plan", {"prNumber": 42})
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import time
import uuid
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from botocore.exceptions import BotoCoreError, ClientError

from core.callers.auth import parse_secret
from core.config import read_limits, read_settings
from core.context import team
from core.dispatcher.ledger import Ledger
from core.errors import ConfigurationError
from core.runs.webhook import read_secret
from core.store import Store
from local.child import ROOT, Child, PartFailed
from local.choice import choose, team_folder
from local.client import Client
from local.engine import CREDENTIALS, REGION, TABLE_VARIABLES, Engine, create_tables, dynamodb, empty_tables
from local.github import GitHubStandIn
from local.invoke import InvokeStandIn
from local.model import ModelStandIn
from local.relay import RelayStandIn
from local.repository import Repository
from local.template import read_template
from local.web import listen

WORKER: Final = "WorkerFunction"
OTHER_CREDENTIALS: Final = ("GITHUB_APP_", "GITHUB_READER_")
"""How variables begin that say who else may read or write on a real GitHub: nobody on the stand-in."""
COMMENT_AUTHOR: Final = "dfg-bot"
REPOSITORY: Final = "dfg-team/dfg"
START_SECONDS: Final = 60.0
LOCAL_SIGNING_KEY: Final = hashlib.sha256(b"signs local checkpoints; everybody has it").hexdigest()
"""No secret: it proves nothing to anybody. Always the same, so that a log in an engine of one's own stays one log."""
NO_KEY: Final = "no-api-key-was-given"
"""Sent where ANTHROPIC_BASE_URL alone is set: the SDK wants a key, another server may not."""


class Stack:
    """Started by entering, stopped by leaving. `env` decides which parts are real, see `local.choice`.

    `repository`: the one on the GitHub stand-in. `worker` false: dispatches are carried out inline.
    `retry_delays`: seconds between the attempts to hand an event to the worker. `throttled`: with the gateway's
    throttles, which a stack on one machine does without unless told.
    """

    def __init__(
        self,
        env: Mapping[str, str],
        *,
        port: int = 0,
        repository: str = REPOSITORY,
        worker: bool = True,
        logs: Path = ROOT / ".local" / "logs",
        retry_delays: tuple[float, ...] = (1.0, 2.0),
        throttled: bool = False,
    ) -> None:
        self.choice = choose(env)
        self._template = read_template(ROOT / "template.yaml")
        self._env = {name: value for name, value in {**env, "TEAM_FILES": team_folder(env)}.items() if value}
        self.logs = logs
        self._secret = self._env.get("ORCHESTRATOR_SECRET") or secrets.token_hex(16)
        self.token = caller_token(self._secret)
        self._listener = listen(port)
        self._exit = ExitStack()
        self._with_worker = worker
        self._retry_delays = retry_delays
        self._throttled = throttled
        self.repository = Repository(self._env.get("GITHUB_REPOSITORY", repository))
        login = self._env.get("COMMENT_AUTHOR", COMMENT_AUTHOR)
        self.model = None if self.choice.model else ModelStandIn()
        self.github = None if self.choice.github else GitHubStandIn(self.repository, login=login)
        self.relay = RelayStandIn(self.repository, login=login) if self.choice.relay == "stand-in" else None
        self.invoke: InvokeStandIn | None = None
        self.worker: Child | None = None
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.client = Client(self.url, self.token)
        self.tables = {
            variable: self._env.get(variable, f"dfg-{variable.removesuffix('_TABLE').lower()}")
            for variable in TABLE_VARIABLES.values()
        }
        self.environment: dict[str, str] = {}
        """What the handlers see. The gateway's process has no model key when there is a worker."""

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._exit.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._exit.close()

    def reset(self) -> None:
        """A fresh start for tests: empty tables, a new breaker, stand-ins that remember nothing."""
        empty_tables(self.dynamodb, self._template, self.tables)
        self._first_row()
        self.repository.clear()
        if self.model is not None:
            self.model.clear()
        for side in (self.github, self.relay):
            if side is not None:
                side.faults.clear()

    @property
    def gave_up(self) -> bool:
        """Whether an event could not be brought to the worker, after all attempts."""
        return self.invoke is not None and bool(self.invoke.dead_letters.entries())

    def describe(self) -> list[str]:
        """One line for each part: what it is, and whether it is real."""
        model = f"stand-in, not Claude, at {self.model.url}" if self.model else "real, as ANTHROPIC_* says"
        github = f"stand-in, not GitHub, at {self.github.url}" if self.github else f"real, {self.repository.name}"
        relay = f"stand-in at {self.relay.url}" if self.relay else "real, as DFG_RELAY_URL says"
        engine = "as AWS_ENDPOINT_URL_DYNAMODB says" if self.choice.engine else "embedded, in memory, gone at the end"
        return [
            f"handlers   real, routed as template.yaml says, at {self.url}",
            f"worker     {'real, a process of its own' if self._with_worker else 'none: dispatches run inline'}",
            f"DynamoDB   {engine}",
            f"model      {model}",
            f"GitHub     {github}",
            f"writer     {'GitHub directly' if self.choice.relay == 'none' else 'dfg-relay, ' + relay}",
            *(f"note       {notice}" for notice in self.choice.notices),
        ]

    # --- starting ------------------------------------------------------------------------------

    def _start(self) -> None:
        self._exit.callback(self._listener.close)
        engine_url = self._env.get("AWS_ENDPOINT_URL_DYNAMODB") or self._start_engine()
        self.environment = self._handlers_environment(engine_url)
        # What is wrong with a setting or a file is said here, in a sentence, and not by every process in its log.
        settings = read_settings(self.environment)
        self.team = _read_team(Path(settings.team_files or team.DEFAULT))
        if settings.webhook:
            read_secret(self.environment.get("GITHUB_WEBHOOK_SECRET", ""))
        self.dynamodb = dynamodb(engine_url, self.environment)
        try:
            create_tables(self.dynamodb, self._template, self.tables)
        except (BotoCoreError, ClientError) as error:
            raise PartFailed(f"the tables cannot be made at {engine_url}: {error}") from error
        self._first_row()
        for stand_in in (self.model, self.github, self.relay):
            if stand_in is not None:
                stand_in.start()
                self._exit.callback(stand_in.close)
        if self._with_worker:
            self._start_worker()
        model_key = {"ANTHROPIC_API_KEY"} if self._with_worker else set()
        self._start_gateway({name: value for name, value in self.environment.items() if name not in model_key})

    def _start_engine(self) -> str:
        engine = Engine(self.logs)
        self._exit.callback(engine.stop)
        engine.start()
        return engine.url

    def _first_row(self) -> None:
        store = Store(self.dynamodb, sleep=time.sleep, new_id=lambda: str(uuid.uuid4()))
        ledger = Ledger(store, self.tables["BREAKER_TABLE"], read_limits(self.environment))
        ledger.create_if_missing()

    def _start_worker(self) -> None:
        listener = listen()
        self._exit.callback(listener.close)
        function = self._template.functions[WORKER]
        self.worker = Child(
            "worker",
            ["local.function", "serve", str(listener.fileno()), WORKER],
            self.environment,
            self.logs,
            listener=listener,
        )
        self._exit.callback(self.worker.stop)
        port = listener.getsockname()[1]
        self.invoke = InvokeStandIn(
            WORKER,
            f"http://127.0.0.1:{port}/",
            self.worker.start,
            self._retry_delays,
            function.timeout_seconds,
        )
        self._exit.callback(self.invoke.close)
        self.environment |= {"WORKER_FUNCTION": WORKER, "AWS_ENDPOINT_URL_LAMBDA": self.invoke.url}
        self.worker.start()
        self.invoke.start()

    def _start_gateway(self, environment: Mapping[str, str]) -> None:
        arguments = [str(self._listener.fileno()), *(["throttled"] if self._throttled else [])]
        gateway = Child("gateway", ["local.gateway", *arguments], environment, self.logs, listener=self._listener)
        self._exit.callback(gateway.stop)
        gateway.start()
        if gateway.wait_for_answer(f"{self.url}/health", START_SECONDS) == 500:
            raise gateway.failed()

    def _handlers_environment(self, engine_url: str) -> dict[str, str]:
        """The template's literal variables, overlaid by the caller's environment, overlaid by the stand-ins."""
        literal: dict[str, str] = {}
        for function in self._template.functions.values():
            literal |= {name: value for name, value in function.environment.items() if not name.endswith("_ARN")}
        values = {
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "POWERTOOLS_SERVICE_NAME": "dfg-orchestrator",
            "GITHUB_REPOSITORY": self.repository.name,
            "ANTHROPIC_API_KEY": NO_KEY,
            "AUDIT_SIGNING_KEY": LOCAL_SIGNING_KEY,
            **literal,
            **self._env,
            **self.tables,
            "AWS_ENDPOINT_URL_DYNAMODB": engine_url,
            "ORCHESTRATOR_SECRET": self._secret,
        }
        if not self.choice.engine or "AWS_ACCESS_KEY_ID" not in self._env:
            for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
                values.pop(name, None)
            values |= CREDENTIALS
        if self.model is not None:
            values |= {"ANTHROPIC_BASE_URL": self.model.url, "ANTHROPIC_API_KEY": self.model.api_key}
        if self.github is not None:
            values |= {"GITHUB_API_URL": self.github.url, "GITHUB_TOKEN": self.github.token}
            values |= {name: "" for name in values if name.startswith(OTHER_CREDENTIALS)}
        if self.relay is not None:
            values |= {"DFG_RELAY_URL": self.relay.url, "DFG_RELAY_TOKEN": self.relay.token}
        if not (self.choice.github or self.choice.relay == "real"):
            values["COMMENT_AUTHOR"] = values.get("COMMENT_AUTHOR") or COMMENT_AUTHOR
        return values


def _read_team(folder: Path) -> team.Team:
    """The team's files. Raises ConfigurationError with the path, file and line of what is wrong."""
    try:
        return team.load(folder)
    except ConfigurationError as error:
        raise ConfigurationError(f"{folder}/{error.message}") from None


def caller_token(secret: str) -> str:
    """The token of an ORCHESTRATOR_SECRET that may do most. Raises ConfigurationError where the handlers would."""
    parse_secret(secret)
    if not secret.strip().startswith("{"):
        return secret.strip()
    principal = max(json.loads(secret).values(), key=lambda entry: len(entry["may"]))
    return str(principal["tokens"][0])


def clean_environment(overrides: Mapping[str, str] | None = None) -> dict[str, str]:
    """An environment that chooses every stand-in, whatever the caller's own says."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return {**kept, **(overrides or {})}
