"""Counts what an operation asks of DynamoDB: how many requests, how many of them one after the other, which units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from core.app import Thunk

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

WRITES: Final = frozenset({"UpdateItem", "ExecuteTransaction"})


@dataclass(frozen=True)
class Request:
    """One request. `depth` is its place in the longest chain of requests that had to wait for each other."""

    operation: str
    depth: int
    read_units: float
    write_units: float


class Meter:
    """Listens to one client. Units are what the engine reports; it reports none for a write it refuses."""

    def __init__(self, client: DynamoDBClient) -> None:
        self.requests: list[Request] = []
        self._depth = 0
        client.meta.events.register("provide-client-params.dynamodb", _ask_for_units)
        client.meta.events.register("after-call.dynamodb", self._note)

    @property
    def depth(self) -> int:
        """How many requests had to wait for each other."""
        return max((request.depth for request in self.requests), default=0)

    @property
    def read_units(self) -> float:
        return sum(request.read_units for request in self.requests)

    @property
    def write_units(self) -> float:
        return sum(request.write_units for request in self.requests)

    def clear(self) -> None:
        self.requests.clear()
        self._depth = 0

    def together(self, thunks: Sequence[Thunk]) -> list[Any]:
        """In place of the App's: each begins at the same depth, and what follows waits for the deepest."""
        start, answers, ends = self._depth, [], []
        for thunk in thunks:
            self._depth = start
            answers.append(thunk())
            ends.append(self._depth)
        self._depth = max(ends, default=start)
        return answers

    def _note(self, model: Any, parsed: Mapping[str, Any], **_: Any) -> None:
        self._depth += 1
        consumed = parsed.get("ConsumedCapacity") or []
        entries = [consumed] if isinstance(consumed, Mapping) else consumed
        units = sum(float(entry["CapacityUnits"]) for entry in entries)
        writes = model.name in WRITES
        self.requests.append(Request(model.name, self._depth, 0.0 if writes else units, units if writes else 0.0))


def _ask_for_units(params: dict[str, Any], **_: Any) -> dict[str, Any]:
    return {**params, "ReturnConsumedCapacity": "TOTAL"}
