"""A DynamoDB endpoint in front of the engine that counts what passes: requests, units, and items looked at."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

import urllib3

from local.web import Answer, Request, Server

WRITES: Final = frozenset({"PutItem", "UpdateItem", "DeleteItem", "ExecuteTransaction", "BatchWriteItem"})


@dataclass(frozen=True)
class Counted:
    """One request. Units are the engine's; `looked_at` is what a query or scan had to read."""

    operation: str
    read_units: float
    write_units: float
    looked_at: int
    refused: bool


class Counter:
    """Serves between entering and leaving. `seen` may be cleared at any time."""

    def __init__(self, engine: str) -> None:
        self.seen: list[Counted] = []
        self._engine = engine
        self._http = urllib3.PoolManager(maxsize=16, retries=False, timeout=300.0)
        self._server = Server(self._answer)
        self.url = self._server.url

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.stop()

    def operations(self) -> list[str]:
        return [request.operation for request in self.seen]

    def _answer(self, request: Request) -> Answer:
        operation = request.headers["x-amz-target"].rpartition(".")[2]
        body = json.dumps({**request.json(), "ReturnConsumedCapacity": "TOTAL"}).encode()
        headers = {name: value for name, value in request.headers.items() if name not in _OWN}
        answer = self._http.request("POST", f"{self._engine}/", body=body, headers=headers)
        self.seen.append(_counted(operation, answer.status, json.loads(answer.data)))
        return Answer(answer.status, answer.data, {"content-type": "application/x-amz-json-1.0"})


_OWN: Final = ("host", "accept-encoding", "content-length")


def _counted(operation: str, status: int, answer: Mapping[str, Any]) -> Counted:
    consumed = answer.get("ConsumedCapacity") or []
    entries = [consumed] if isinstance(consumed, Mapping) else consumed
    units = sum(float(entry["CapacityUnits"]) for entry in entries)
    writes = operation in WRITES
    return Counted(
        operation=operation,
        read_units=0.0 if writes else units,
        write_units=units if writes else 0.0,
        looked_at=int(answer.get("ScannedCount", 0)),
        refused=status != 200,
    )
