"""The engine's tables by bare HTTP, without the SDK: a third of its time, and nothing of it is what is being proven."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

import urllib3

Item = dict[str, Any]

_HEADERS: Final = {
    "content-type": "application/x-amz-json-1.0",
    "authorization": "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, "
    "SignedHeaders=host, Signature=none",
}
"""The local engine takes any signature; it only reads from it which service is meant."""
AT_ONCE: Final = 25


class Raw:
    """Looks into tables, and empties them."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._http = urllib3.PoolManager(maxsize=4)
        self._keys: dict[str, list[str]] = {}

    def scan(self, table: str) -> Iterator[Item]:
        """Every item, read consistently, as plain values."""
        for item in self._scan(table):
            yield {name: _plain(value) for name, value in item.items()}

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

    def _ask(self, operation: str, body: Item) -> Item:
        headers = {**_HEADERS, "x-amz-target": f"DynamoDB_20120810.{operation}"}
        response = self._http.request("POST", f"{self._url}/", body=json.dumps(body), headers=headers)
        assert response.status == 200, response.data
        answer: Item = json.loads(response.data)
        return answer


def _plain(attribute: Item) -> Any:
    """The value of DynamoDB's wire form."""
    ((kind, value),) = attribute.items()
    match kind:
        case "N":
            return int(value)
        case "B":
            return base64.b64decode(value)
        case "NULL":
            return None
        case "M":
            return {name: _plain(one) for name, one in value.items()}
        case "L":
            return [_plain(one) for one in value]
    return value
