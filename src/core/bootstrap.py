"""The one place where clients are made, from the environment.

What a function does not use is not made: secrets are fetched, and the model's SDK and the HTTP client are imported, at
the first call. The clock, sleep, ids and randomness of the core come from here.
"""

import gc
import os
import secrets
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from core.actions.writers import github_writer, relay_writer
from core.app import App, Model, Reader, Thunk, Writer
from core.audit.note import LocalSigner, Signer
from core.aws import Aws, measure
from core.callers.auth import parse_secret
from core.config import AppSettings, Settings, read_settings
from core.context import team
from core.context.app_token import READING, WRITING, AppToken, Installation, fixed_token
from core.context.github import GitHubReader
from core.dispatcher.ledger import Ledger
from core.errors import ConfigurationError
from core.http.wire import FixedToken, Http, Token
from core.runs import webhook
from core.store import Store

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient

T = TypeVar("T")

SECRET_SECONDS: Final = 300.0
"""How long accepted secrets are kept before they are read again: a withdrawn one works no longer than this."""
SECRETS: Final = (
    "ANTHROPIC_API_KEY",
    "GITHUB_TOKEN",
    "GITHUB_APP_PRIVATE_KEY",
    "GITHUB_READER_TOKEN",
    "GITHUB_READER_APP_PRIVATE_KEY",
    "DFG_RELAY_TOKEN",
    "ORCHESTRATOR_SECRET",
    "GITHUB_WEBHOOK_SECRET",
)


@cache
def app() -> App:
    """The App of this process. Raises ConfigurationError naming the setting that is wrong."""
    return make_app(os.environ)


def make_app(env: Mapping[str, str]) -> App:
    """An App over real clients, with everything that `env` says."""
    settings = read_settings(env)
    if settings.github_app and (env.get("GITHUB_TOKEN") or env.get("GITHUB_TOKEN_ARN")):
        raise ConfigurationError("GITHUB_TOKEN and GITHUB_APP_ID are both set: choose the token or the App")
    aws = Aws(env)
    dynamodb: DynamoDBClient = aws.client("dynamodb")
    store = Store(dynamodb, sleep=time.sleep, new_id=new_id)
    clients = _Clients(env, settings, aws)
    return App(
        settings=settings,
        credentials=_refreshed(lambda: parse_secret(clients.need("ORCHESTRATOR_SECRET"))),
        webhook_secret=_refreshed(lambda: webhook.read_secret(clients.secret("GITHUB_WEBHOOK_SECRET") or "")),
        own_secrets=clients.own_secrets,
        now=now,
        sleep=time.sleep,
        new_id=new_id,
        random_hex=lambda: secrets.token_hex(16),
        together=together,
        team=clients.team,
        store=store,
        ledger=Ledger(store, settings.breaker_table, settings.limits),
        github=lambda: clients.github,
        writer=lambda: clients.writer,
        model=lambda: clients.model,
        start_worker=partial(aws.invoke, settings.worker_function) if settings.worker_function else None,
        signer=lambda: clients.signer,
        publish=partial(aws.keep, settings.checkpoint_bucket)
        if settings.checkpoint_bucket
        else lambda number, note: None,
        measure=measure,
    )


class _Clients:
    """Those of the outer world, each made when it is first asked for, and what they sign in with."""

    def __init__(self, env: Mapping[str, str], settings: Settings, aws: Aws) -> None:
        self._env = env
        self._settings = settings
        self._aws = aws
        self._app_tokens: list[AppToken] = []
        self.team = team.load(Path(settings.team_files)) if settings.team_files else team.load()

    def secret(self, name: str) -> str | None:
        """From the environment, or from Secrets Manager where `NAME_ARN` is set. None where neither is."""
        if self._env.get(name):
            return self._env[name].strip()
        arn = self._env.get(f"{name}_ARN")
        return self._aws.secret(arn, name) if arn else None

    def need(self, name: str) -> str:
        """The same. Raises ConfigurationError where neither is set."""
        value = self.secret(name)
        if not value:
            raise ConfigurationError(f"{name} is not set")
        return value

    def own_secrets(self) -> tuple[str, ...]:
        """The Apps' tokens, which change from hour to hour, are among them while they are in hand."""
        return (*self._fixed_secrets, *(token.current for token in self._app_tokens if token.current))

    @cached_property
    def github(self) -> Reader:
        if self._settings.own_reader:
            token = self._credential("GITHUB_READER", self._settings.reader_app, READING)
        else:
            token = self._credential("GITHUB", self._settings.github_app, READING)
        return GitHubReader(self._http, self._settings.github_api_url, self._settings.repository, token, together, now)

    @cached_property
    def writer(self) -> Writer:
        taxonomy, relay_url = self.team.taxonomy, self._settings.relay_url
        if relay_url:
            own = FixedToken(self.need("DFG_RELAY_TOKEN"))
            return relay_writer(self._http, relay_url, own, self.github, taxonomy)
        token = self._credential("GITHUB", self._settings.github_app, WRITING)
        if token is None:
            raise ConfigurationError(
                "no writer: set DFG_RELAY_URL and DFG_RELAY_TOKEN, or a GITHUB_TOKEN or GitHub App that may write"
            )
        return github_writer(self._http, self._settings.github_api_url, token, self.github, taxonomy)

    @cached_property
    def model(self) -> Model:
        from core.dispatcher.claude import ClaudeClient

        return ClaudeClient(self.need("ANTHROPIC_API_KEY"), self._env.get("ANTHROPIC_BASE_URL") or None)

    @cached_property
    def signer(self) -> Signer:
        if self._env.get("AUDIT_KMS_KEY_ID"):
            return self._aws.ed25519(self._env["AUDIT_KMS_KEY_ID"])
        seed = self._env.get("AUDIT_SIGNING_KEY")
        if not seed:
            raise ConfigurationError("no key signs checkpoints: set AUDIT_KMS_KEY_ID or AUDIT_SIGNING_KEY")
        return LocalSigner(seed)

    @cached_property
    def _http(self) -> Http:
        from core.http.client import HttpxHttp

        return HttpxHttp()

    @cached_property
    def _fixed_secrets(self) -> tuple[str, ...]:
        return tuple(value for name in SECRETS if (value := self.secret(name)))

    def _credential(self, prefix: str, app: AppSettings | None, permissions: Mapping[str, str]) -> Token | None:
        """That of an App, for these permissions alone; or the token that is set, if any."""
        if app is None:
            token = self.secret(f"{prefix}_TOKEN")
            return fixed_token(token, f"{prefix}_TOKEN") if token else None
        sign: Callable[[bytes], bytes]
        if app.kms_key_id:
            sign = partial(self._aws.rs256, app.kms_key_id)
        else:
            from core.context.app_key import read_key

            sign = read_key(self.need(f"{prefix}_APP_PRIVATE_KEY"), f"{prefix}_APP")
        made = AppToken(
            self._http,
            self._settings.github_api_url,
            self._settings.repository,
            Installation(app.app_id, app.installation_id, sign),
            permissions,
            now,
        )
        self._app_tokens.append(made)
        return made


def load_sdk() -> None:
    """Imports the model's SDK now: two seconds that neither a run's lease nor its charge should count."""
    gc.disable()  # nothing that this makes is garbage
    try:
        from core.dispatcher import claude  # noqa: F401 - `model` finds it loaded
    finally:
        gc.enable()


def new_id() -> str:
    return str(uuid.uuid4())


def now() -> int:
    """Milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def together(thunks: Sequence[Thunk]) -> list[Any]:
    """Runs all at once, the first on this thread. Answers in order; raises the first error once all have ended."""
    if len(thunks) < 2:
        return [thunk() for thunk in thunks]
    # A pool of its own for each call: nested calls cannot wait for each other's threads.
    with ThreadPoolExecutor(len(thunks) - 1) as pool:
        others = [pool.submit(thunk) for thunk in thunks[1:]]
        first = thunks[0]()
        return [first, *(other.result() for other in others)]


def _refreshed(read: Callable[[], T]) -> Callable[[], T]:
    kept: list[tuple[float, T]] = []

    def fresh() -> T:
        if not kept or time.monotonic() - kept[0][0] > SECRET_SECONDS:
            kept[:] = [(time.monotonic(), read())]
        return kept[0][1]

    return fresh
