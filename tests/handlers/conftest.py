"""Fixtures of the HTTP contract."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from local.stack import Stack
from local.template import Template
from tests.handlers.caller import Caller
from tests.handlers.service import Service, start

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


class MakeService(Protocol):
    """Starts a service with settings of its own, until the test ends."""

    def __call__(
        self,
        *,
        secret: str = ...,
        direct: bool = ...,
        dynamodb: DynamoDBClient | None = ...,
        **settings: str,
    ) -> Service: ...


@pytest.fixture
def make_service(
    dynamodb_client: DynamoDBClient, tables: dict[str, str], template: Template, sample: dict[str, Any]
) -> Iterator[MakeService]:
    with ExitStack() as until:

        def make(**options: Any) -> Service:
            service = start(dynamodb_client, tables, template, sample, **options)
            until.callback(service.stop)
            return service

        yield make


@pytest.fixture
def service(make_service: MakeService) -> Service:
    """The default settings."""
    return make_service()


@pytest.fixture
def api(stack: Stack) -> Caller:
    """The captain's calls to the running stack."""
    return Caller(stack.url, stack.token)
