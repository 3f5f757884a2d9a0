"""The engine by bare HTTP, in a third of the SDK's time: what the service asks of it, and looks into whole tables.

The SDK is proven elsewhere: in prove_trouble.py, which is about its repetitions, and through the whole stack in
prove_load.py. Errors are those of the SDK.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

import urllib3
from botocore.exceptions import ClientError

from core.items import from_item

Item = dict[str, Any]

OPERATIONS: Final[Mapping[str, str]] = {
    "get_item": "GetItem",
    "batch_get_item": "BatchGetItem",
    "query": "Query",
    "update_item": "UpdateItem",
    "execute_transaction": "ExecuteTransaction",
}
"""What the service asks for: a client's method → DynamoDB's operation."""
HEADERS: Final = {
    "content-type": "application/x-amz-json-1.0",
    "authorization": "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, "
    "SignedHeaders=host, Signature=none",
}
"""The local engine takes any signature; it only reads from it which service is meant."""
AT_ONCE: Final = 25
"""Items in one batch of writes."""


class LeanClient:
    """Stands where an SDK client does. Thread-safe; connections are made at the first request."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._http = urllib3.PoolManager(maxsize=32)
        self._keys: dict[str, list[str]] = {}

    def __getattr__(self, name: str) -> Callable[..., Item]:
        if name not in OPERATIONS:
            raise AttributeError(name)
        return lambda **request: self._ask(OPERATIONS[name], request)

    def scan(self, table: str) -> Iterator[Item]:
        """Every item of a table, read consistently, as plain values."""
        yield from map(from_item, self._scan(table))

    def empty(self, tables: Iterable[str]) -> None:
        """Removes every item."""
        doomed = [
            (table, {"DeleteRequest": {"Key": {key: item[key] for key in self._keys_of(table)}}})
            for table in tables
            for item in self._scan(table)
        ]
        for start in range(0, len(doomed), AT_ONCE):
            wanted: dict[str, list[Item]] = {}
            for table, request in doomed[start : start + AT_ONCE]:
                wanted.setdefault(table, []).append(request)
            answer = self._ask("BatchWriteItem", {"RequestItems": wanted})
            assert not answer.get("UnprocessedItems"), answer

    def _scan(self, table: str) -> Iterator[Item]:
        start: Item | None = None
        while True:
            more = {"ExclusiveStartKey": start} if start else {}
            page = self._ask("Scan", {"TableName": table, "ConsistentRead": True, **more})
            yield from page["Items"]
            start = page.get("LastEvaluatedKey")
            if not start:
                return

    def _keys_of(self, table: str) -> list[str]:
        if table not in self._keys:
            described = self._ask("DescribeTable", {"TableName": table})["Table"]
            self._keys[table] = [key["AttributeName"] for key in described["KeySchema"]]
        return self._keys[table]

    def _ask(self, operation: str, request: Mapping[str, Any]) -> Item:
        headers = {**HEADERS, "x-amz-target": f"DynamoDB_20120810.{operation}"}
        body = json.dumps(request, default=_in_base64)
        response = self._http.request("POST", f"{self._url}/", body=body, headers=headers)
        answer: Item = json.loads(response.data, object_hook=_from_base64)
        if response.status == 200:
            return answer
        code = answer.pop("__type").rpartition("#")[2]
        error: Any = {"Error": {"Code": code, "Message": str(answer)}, **answer}
        raise ClientError(error, operation)


def _in_base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _from_base64(value: Item) -> Item:
    """A binary attribute as the SDK gives it."""
    if len(value) == 1 and isinstance(value.get("B"), str):
        return {"B": base64.b64decode(value["B"])}
    return value
