"""The one place where clients are made, from the environment.

What a function does not use is not made: secrets are fetched, and the model's SDK is imported, at the
first call. The clock, sleep, ids and randomness of the core come from here.
"""

from __future__ import annotations

import gc
import json
import os
import secrets
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import botocore.session
import urllib3
from aws_lambda_powertools.metrics import MetricUnit, single_metric
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from core.actions.github import github_writer
from core.actions.relay import relay_writer
from core.actions.writer import Writer
from core.app import App, Model, Reader, Thunk
from core.audit.note import Signer
from core.audit.signing import KmsSigner, LocalSigner
from core.auth import parse_secret
from core.config import read_settings
from core.context import team
from core.context.app_token import AppToken, fixed_token
from core.context.github import GitHubReader
from core.dispatcher.ledger import Ledger
from core.errors import ConfigurationError, StoreUnavailable, WorkerUnavailable
from core.runs import webhook
from core.store import Store
from core.types import Json
from core.wire import PooledHttp

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient

CLIENT_CONFIG: Final = Config(
    connect_timeout=1, read_timeout=2, tcp_keepalive=True, retries={"mode": "standard", "max_attempts": 3}
)
T = TypeVar("T")

NAMESPACE: Final = "DFGOrchestrator"
SECRET_SECONDS: Final = 300.0
"""How long accepted secrets are kept before they are read again: a withdrawn one works no longer than this."""
SECRETS: Final = (
    "ANTHROPIC_API_KEY",
    "GITHUB_TOKEN",
    "GITHUB_APP_PRIVATE_KEY",
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
    session = botocore.session.get_session()
    region = env.get("AWS_REGION") or env.get("AWS_DEFAULT_REGION") or "us-east-1"
    dynamodb: DynamoDBClient = session.create_client("dynamodb", region_name=region, config=CLIENT_CONFIG)
    store = Store(dynamodb, sleep=time.sleep, new_id=new_id)
    http = PooledHttp(urllib3.PoolManager(maxsize=8))
    words = team.load(Path(settings.team_files)) if settings.team_files else team.load()
    if settings.github_app_id and (env.get("GITHUB_TOKEN") or env.get("GITHUB_TOKEN_ARN")):
        raise ConfigurationError("GITHUB_TOKEN and GITHUB_APP_ID are both set: choose the token or the App")

    @cache
    def app_token() -> AppToken | None:
        if not settings.github_app_id or not settings.github_installation_id:
            return None
        return AppToken(
            http,
            settings.github_api_url,
            settings.repository,
            settings.github_app_id,
            settings.github_installation_id,
            _need(session, region, env, "GITHUB_APP_PRIVATE_KEY"),
            now,
        )

    @cache
    def github_token() -> Callable[[], str] | None:
        token = _secret(session, region, env, "GITHUB_TOKEN")
        return app_token() or (fixed_token(token) if token else None)

    @cache
    def github() -> Reader:
        return GitHubReader(http, settings.github_api_url, settings.repository, github_token(), together)

    @cache
    def writer() -> Writer:
        if settings.relay_url:
            relay_token = _need(session, region, env, "DFG_RELAY_TOKEN")
            return relay_writer(http, settings.relay_url, relay_token, github(), words.taxonomy)
        token = github_token()
        if token is None:
            raise ConfigurationError(
                "no writer: set DFG_RELAY_URL and DFG_RELAY_TOKEN, or a GITHUB_TOKEN or GitHub App that may write"
            )
        return github_writer(http, settings.github_api_url, token, github(), words.taxonomy)

    @cache
    def model() -> Model:
        from core.dispatcher.claude import ClaudeClient

        return ClaudeClient(_need(session, region, env, "ANTHROPIC_API_KEY"), env.get("ANTHROPIC_BASE_URL") or None)

    @cache
    def signer() -> Signer:
        if env.get("AUDIT_KMS_KEY_ID"):
            return KmsSigner(
                session.create_client("kms", region_name=region, config=CLIENT_CONFIG), env["AUDIT_KMS_KEY_ID"]
            )
        seed = env.get("AUDIT_SIGNING_KEY")
        if not seed:
            raise ConfigurationError("no key signs checkpoints: set AUDIT_KMS_KEY_ID or AUDIT_SIGNING_KEY")
        return LocalSigner(seed)

    @cache
    def fixed_secrets() -> tuple[str, ...]:
        return tuple(value for name in SECRETS if (value := _secret(session, region, env, name)))

    def own_secrets() -> tuple[str, ...]:
        """The App's token, which changes from hour to hour, is one of them while it is in hand."""
        token = app_token()
        return (*fixed_secrets(), token.current) if token and token.current else fixed_secrets()

    return App(
        settings=settings,
        credentials=_refreshed(lambda: parse_secret(_need(session, region, env, "ORCHESTRATOR_SECRET"))),
        webhook_secret=_refreshed(
            lambda: webhook.read_secret(_secret(session, region, env, "GITHUB_WEBHOOK_SECRET") or "")
        ),
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
        start_worker=_worker_starter(session, region, settings.worker_function),
        signer=signer,
        publish=_publisher(session, region, settings.checkpoint_bucket),
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


def measure(name: str, value: int) -> None:
    """One metric in CloudWatch's embedded format, on standard output."""
    with single_metric(name=name, unit=MetricUnit.Count, value=value, namespace=NAMESPACE):
        pass


def _worker_starter(session: Any, region: str, function: str | None) -> Callable[[Json], None] | None:
    if function is None:
        return None

    @cache
    def client() -> Any:
        return session.create_client("lambda", region_name=region, config=CLIENT_CONFIG)

    def start(event: Json) -> None:
        try:
            client().invoke(FunctionName=function, InvocationType="Event", Payload=json.dumps(dict(event)).encode())
        except (ClientError, BotoCoreError) as error:
            raise WorkerUnavailable("the worker could not be started; try again") from error

    return start


def _publisher(session: Any, region: str, bucket: str | None) -> Callable[[int, str], None]:
    if bucket is None:
        return lambda number, note: None

    @cache
    def client() -> Any:
        return session.create_client("s3", region_name=region, config=CLIENT_CONFIG)

    def publish(number: int, note: str) -> None:
        try:
            client().put_object(
                Bucket=bucket, Key=f"checkpoints/{number:010d}.note", Body=note.encode(), IfNoneMatch="*"
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "PreconditionFailed":  # it is there already
                raise StoreUnavailable("the checkpoint could not be put into its bucket") from error
        except BotoCoreError as error:
            raise StoreUnavailable("the checkpoint bucket cannot be reached") from error

    return publish


def _refreshed(read: Callable[[], T]) -> Callable[[], T]:
    kept: list[tuple[float, T]] = []

    def fresh() -> T:
        if not kept or time.monotonic() - kept[0][0] > SECRET_SECONDS:
            kept[:] = [(time.monotonic(), read())]
        return kept[0][1]

    return fresh


def _secret(session: Any, region: str, env: Mapping[str, str], name: str) -> str | None:
    """A secret from the environment, or from Secrets Manager where `NAME_ARN` is set. None where neither is."""
    if env.get(name):
        return env[name].strip()
    arn = env.get(f"{name}_ARN")
    if not arn:
        return None
    client = session.create_client("secretsmanager", region_name=region, config=CLIENT_CONFIG)
    try:
        return str(client.get_secret_value(SecretId=arn)["SecretString"]).strip()
    except (ClientError, BotoCoreError) as error:
        raise StoreUnavailable(f"the secret {name} cannot be read") from error


def _need(session: Any, region: str, env: Mapping[str, str], name: str) -> str:
    value = _secret(session, region, env, name)
    if not value:
        raise ConfigurationError(f"{name} is not set")
    return value
