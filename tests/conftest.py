"""Fixtures: the embedded engine, the stand-ins, and the whole stack on them."""

from __future__ import annotations

import gc
import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from local.child import ROOT
from local.engine import TABLE_VARIABLES, Engine, create_tables, dynamodb
from local.github import GitHubStandIn
from local.model import ModelStandIn
from local.relay import RelayStandIn
from local.repository import Repository
from local.stack import Stack, clean_environment
from local.template import Template, read_template
from tests.support.bare import bare_client
from tests.support.rejudging import judge_again

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


def pytest_collection_finish() -> None:
    """Tests and modules live to the end: the collector of garbage need not look through them again and again."""
    gc.freeze()


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """One DynamoDB engine for all tests; each test has tables of its own."""
    engine = Engine(tmp_path_factory.mktemp("engine"))
    engine.start()
    yield engine
    engine.stop()


@pytest.fixture(scope="session")
def dynamodb_client(engine: Engine) -> DynamoDBClient:
    """The engine, asked without the SDK: most tests ask it for many things, and none about the SDK."""
    return bare_client(engine.url)


@pytest.fixture(scope="session")
def sdk_client(engine: Engine) -> DynamoDBClient:
    """The engine, asked as the functions do."""
    return dynamodb(engine.url, {})


@pytest.fixture(scope="session")
def template() -> Template:
    return read_template(ROOT / "template.yaml")


def table_names(prefix: str) -> dict[str, str]:
    """Variable → table name."""
    return {variable: f"{prefix}-{variable.removesuffix('_TABLE').lower()}" for variable in TABLE_VARIABLES.values()}


@pytest.fixture
def tables(dynamodb_client: DynamoDBClient, template: Template) -> Iterator[dict[str, str]]:
    """The five tables, empty, for one test: variable → name. Its runs are judged again afterwards."""
    yield from new_tables(dynamodb_client, template)


@pytest.fixture(scope="module")
def module_tables(dynamodb_client: DynamoDBClient, template: Template) -> Iterator[dict[str, str]]:
    """The same for the tests of one module that read what was made once."""
    yield from new_tables(dynamodb_client, template)


def new_tables(client: DynamoDBClient, template: Template) -> Iterator[dict[str, str]]:
    """Tables until the generator is closed."""
    names = table_names(f"t{uuid.uuid4().hex[:8]}")
    create_tables(client, template, names)
    yield names
    judge_again(client, names)


@pytest.fixture
def sample() -> dict[str, Any]:
    """The repository's sample pull request, in GitHub's REST shape."""
    case: dict[str, Any] = json.loads((ROOT / "local" / "sample" / "pull_request.json").read_text())
    return case


@pytest.fixture
def repository(sample: dict[str, Any]) -> Repository:
    """The state behind the GitHub and relay stand-ins, with the sample loaded."""
    repository = Repository(sample["repository"])
    repository.load(sample)
    return repository


@pytest.fixture
def model() -> Iterator[ModelStandIn]:
    stand_in = ModelStandIn()
    stand_in.start()
    yield stand_in
    stand_in.close()


@pytest.fixture
def github(repository: Repository) -> Iterator[GitHubStandIn]:
    stand_in = GitHubStandIn(repository)
    stand_in.start()
    yield stand_in
    stand_in.close()


@pytest.fixture
def relay(repository: Repository) -> Iterator[RelayStandIn]:
    stand_in = RelayStandIn(repository)
    stand_in.start()
    yield stand_in
    stand_in.close()


class MakeStack(Protocol):
    """Starts a stack on the shared engine, with tables of its own, until the test (or session) ends."""

    def __call__(self, overrides: Mapping[str, str] | None = None, *, worker: bool = True) -> Stack: ...


def _maker(engine: Engine, logs: Path, until: ExitStack) -> MakeStack:
    def make(overrides: Mapping[str, str] | None = None, *, worker: bool = True) -> Stack:
        names = table_names(f"s{uuid.uuid4().hex[:8]}")
        env = clean_environment({"AWS_ENDPOINT_URL_DYNAMODB": engine.url, **names, **(overrides or {})})
        stack = until.enter_context(Stack(env, logs=logs, worker=worker, retry_delays=(0.0, 0.0)))
        until.callback(lambda: judge_again(bare_client(engine.url), stack.tables, stack.team))
        return stack

    return make


@pytest.fixture
def make_stack(engine: Engine, tmp_path: Path) -> Iterator[MakeStack]:
    """For tests that need settings of their own."""
    with ExitStack() as until:
        yield _maker(engine, tmp_path, until)


@pytest.fixture(scope="session")
def shared_stack(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with ExitStack() as until:
        yield _maker(engine, tmp_path_factory.mktemp("stack"), until)()


@pytest.fixture
def stack(shared_stack: Stack, sample: dict[str, Any], dynamodb_client: DynamoDBClient) -> Iterator[Stack]:
    """The running stack, emptied, with the sample pull request on the GitHub stand-in."""
    shared_stack.reset()
    shared_stack.repository.load(sample)
    yield shared_stack
    judge_again(dynamodb_client, shared_stack.tables)
