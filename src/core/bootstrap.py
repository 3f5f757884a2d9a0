"""The one place where clients are made, from the environment.

What a function does not use is not made: secrets are fetched, and the model's SDK and the HTTP client are imported, at
the first call. The clock, sleep, ids and randomness of the core come from here.
"""

from __future__ import annotations

import gc
import os
import secrets
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from core.actions.github import github_writer
from core.actions.relay import relay_writer
from core.actions.writer import Writer
from core.app import App, Model, Reader, Thunk
from core.audit.note import Signer
from core.audit.signing import LocalSigner
from core.auth import parse_secret
from core.aws import Aws, measure
from core.config import AppSettings, read_settings
from core.context import team
from core.context.app_token import READING, WRITING, AppToken, Installation, fixed_token
from core.context.github import GitHubReader
from core.dispatcher.ledger import Ledger
from core.errors import ConfigurationError
from core.runs import webhook
from core.store import Store
from core.wire import Http, Token

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
    aws = Aws(env)
    dynamodb: DynamoDBClient = aws.client("dynamodb")
    store = Store(dynamodb, sleep=time.sleep, new_id=new_id)
    words = team.load(Path(settings.team_files)) if settings.team_files else team.load()
    if settings.github_app and (env.get("GITHUB_TOKEN") or env.get("GITHUB_TOKEN_ARN")):
        raise ConfigurationError("GITHUB_TOKEN and GITHUB_APP_ID are both set: choose the token or the App")
    app_tokens: list[AppToken] = []

    def secret(name: str) -> str | None:
        """From the environment, or from Secrets Manager where `NAME_ARN` is set. None where neither is."""
        if env.get(name):
            return env[name].strip()
        arn = env.get(f"{name}_ARN")
        return aws.secret(arn, name) if arn else None

    def need(name: str) -> str:
        value = secret(name)
        if not value:
            raise ConfigurationError(f"{name} is not set")
        return value

    @cache
    def http() -> Http:
        from core.http import HttpxHttp

        return HttpxHttp()

    def credential(prefix: str, app: AppSettings | None, permissions: Mapping[str, str]) -> Token | None:
        """That of an App, for these permissions alone; or the token that is set, if any."""
        if app is None:
            token = secret(f"{prefix}_TOKEN")
            return fixed_token(token, f"{prefix}_TOKEN") if token else None
        if app.kms_key_id:
            sign = aws.rs256(app.kms_key_id)
        else:
            from core.context.app_key import read_key

            sign = read_key(need(f"{prefix}_APP_PRIVATE_KEY"), f"{prefix}_APP")
        installation = Installation(app.app_id, app.installation_id, sign)
        made = AppToken(http(), settings.github_api_url, settings.repository, installation, permissions, now)
        app_tokens.append(made)
        return made

    @cache
    def github() -> Reader:
        if settings.own_reader:
            token = credential("GITHUB_READER", settings.reader_app, READING)
        else:
            token = credential("GITHUB", settings.github_app, READING)
        return GitHubReader(http(), settings.github_api_url, settings.repository, token, together, now)

    @cache
    def writer() -> Writer:
        if settings.relay_url:
            return relay_writer(http(), settings.relay_url, need("DFG_RELAY_TOKEN"), github(), words.taxonomy)
        token = credential("GITHUB", settings.github_app, WRITING)
        if token is None:
            raise ConfigurationError(
                "no writer: set DFG_RELAY_URL and DFG_RELAY_TOKEN, or a GITHUB_TOKEN or GitHub App that may write"
            )
        return github_writer(http(), settings.github_api_url, token, github(), words.taxonomy)

    @cache
    def model() -> Model:
        from core.dispatcher.claude import ClaudeClient

        return ClaudeClient(need("ANTHROPIC_API_KEY"), env.get("ANTHROPIC_BASE_URL") or None)

    @cache
    def signer() -> Signer:
        if env.get("AUDIT_KMS_KEY_ID"):
            return aws.ed25519(env["AUDIT_KMS_KEY_ID"])
        seed = env.get("AUDIT_SIGNING_KEY")
        if not seed:
            raise ConfigurationError("no key signs checkpoints: set AUDIT_KMS_KEY_ID or AUDIT_SIGNING_KEY")
        return LocalSigner(seed)

    @cache
    def fixed_secrets() -> tuple[str, ...]:
        return tuple(value for name in SECRETS if (value := secret(name)))

    def own_secrets() -> tuple[str, ...]:
        """The Apps' tokens, which change from hour to hour, are among them while they are in hand."""
        return (*fixed_secrets(), *(token.current for token in app_tokens if token.current))

    return App(
        settings=settings,
        credentials=_refreshed(lambda: parse_secret(need("ORCHESTRATOR_SECRET"))),
        webhook_secret=_refreshed(lambda: webhook.read_secret(secret("GITHUB_WEBHOOK_SECRET") or "")),
        own_secrets=own_secrets,
        now=now,
        sleep=time.sleep,
        new_id=new_id,
        random_hex=lambda: secrets.token_hex(16),
        together=together,
        team=words,
        store=store,
        ledger=Ledger(store, settings.breaker_table, settings.limits),
        github=github,
        writer=writer,
        model=model,
        start_worker=aws.worker(settings.worker_function) if settings.worker_function else None,
        signer=signer,
        publish=aws.bucket(settings.checkpoint_bucket) if settings.checkpoint_bucket else lambda number, note: None,
        measure=measure,
    )


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
