"""Fixtures of the HTTP contract."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from local.child import ROOT
from local.engine import create_tables
from local.stack import Stack
from local.template import Template
from tests.conftest import table_names
from tests.support.answers import FILE
from tests.support.caller import Caller
from tests.support.service import Claude, Service, start

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


class MakeService(Protocol):
    """Starts a service with settings of its own, until the test ends."""

    def __call__(
        self,
        *,
        secret: str = ...,
        direct: bool = ...,
        late: bool = ...,
        dynamodb: DynamoDBClient | None = ...,
        **settings: str,
    ) -> Service: ...


def smaller(case: Mapping[str, Any]) -> dict[str, Any]:
    """The sample with one file and one criterion, so that its plan is short and quickly judged."""
    return {
        **case,
        "pull": {**case["pull"], "body": "Closes #100.", "changed_files": 1},
        "files": [file for file in case["files"] if file["filename"] == FILE],
        "issue": {**case["issue"], "body": "- [ ] A listing can be dismissed with one of five reasons"},
    }


@pytest.fixture(scope="session")
def claude() -> Iterator[Claude]:
    model = Claude()
    yield model
    model.stand_in.close()


@pytest.fixture
def make_service(
    dynamodb_client: DynamoDBClient,
    tables: dict[str, str],
    template: Template,
    sample: dict[str, Any],
    claude: Claude,
) -> Iterator[MakeService]:
    with ExitStack() as until:

        def make(**options: Any) -> Service:
            service = start(dynamodb_client, tables, template, smaller(sample), claude, **options)
            until.callback(service.stop)
            return service

        yield make


@pytest.fixture
def service(make_service: MakeService) -> Service:
    """The default settings."""
    return make_service()


@pytest.fixture(scope="session")
def steady(dynamodb_client: DynamoDBClient, template: Template) -> Iterator[Service]:
    """A service that many tests share, because each shows that its request has changed nothing."""
    names = table_names(f"steady{uuid.uuid4().hex[:8]}")
    create_tables(dynamodb_client, template, names)
    case = json.loads((ROOT / "local" / "sample" / "pull_request.json").read_text())
    service = start(dynamodb_client, names, template, smaller(case), Claude())
    yield service
    service.stop()


@pytest.fixture
def api(stack: Stack) -> Caller:
    """The captain's calls to the running stack."""
    return Caller(stack.url, stack.token)
