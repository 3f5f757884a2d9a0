"""The engine by bare HTTP where an SDK client is expected: the same calls, answers and errors, in a third of the time.

The SDK itself is in use wherever a handler runs in a process of its own, and in the tests that ask for `sdk_client`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from tests.prove.lean import Item, LeanClient

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


class BareClient(LeanClient):
    """Every operation by the name of the SDK's method, and its paginators."""

    def __getattr__(self, name: str) -> Callable[..., Item]:
        if name.startswith("_"):
            raise AttributeError(name)
        operation = "".join(map(str.capitalize, name.split("_")))
        return lambda **request: self._ask(operation, request)

    def scan(self, **request: Any) -> Item:  # type: ignore[override]  # as the SDK has it
        return self._ask("Scan", request)

    def get_paginator(self, name: str) -> Paginator:
        return Paginator(getattr(self, name))


@dataclass(frozen=True)
class Paginator:
    """Of the operations whose pages begin at a key."""

    ask: Callable[..., Item]

    def paginate(self, **request: Any) -> Iterator[Item]:
        start: Item = {}
        while True:
            page = self.ask(**request, **start)
            yield page
            if "LastEvaluatedKey" not in page:
                return
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def bare_client(url: str) -> DynamoDBClient:
    """A client for the engine at `url`. Thread-safe."""
    return cast("DynamoDBClient", BareClient(url))
