"""DynamoDB behind one function's role: what the template's policy does not allow is denied, as IAM would."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import urllib3

from local.web import Answer, Request, Server, json_answer

Grant = tuple[str, str]
"""An action, and the table (or `table/index/name`) that it may be used on."""

STATEMENT: Final = re.compile(r'(INSERT|UPDATE|DELETE)(?: INTO| FROM)? "([^"]+)"')


def grants(template: Mapping[str, Any], function: str, tables: Mapping[str, str]) -> frozenset[Grant]:
    """What a function may do to which table. `tables`: logical id → name."""
    allowed: set[Grant] = set()
    for policy in template["Resources"][function]["Properties"]["Policies"]:
        for statement in policy["Statement"]:
            if "Action" not in statement:
                continue  # under a condition: none of these is about a table
            for action in _listed(statement["Action"]):
                for resource in _listed(statement["Resource"]):
                    match resource:
                        case {"Fn::GetAtt": [name, "Arn"]} if name in tables:
                            allowed.add((action, tables[name]))
                        case {"Fn::Sub": text} if isinstance(text, str) and "/index/" in text:
                            name, index = re.fullmatch(r"\$\{(\w+)\.Arn\}(/index/\w+)", text).groups()  # type: ignore[union-attr]
                            allowed.add((action, tables[name] + index))
    return frozenset(allowed)


def needs(operation: str, body: Mapping[str, Any]) -> Iterator[Grant]:
    """The permissions that one request takes. Source: AWS, "Actions, resources, and condition keys for DynamoDB"."""
    match operation:
        case "ExecuteTransaction":
            for entry in body["TransactStatements"]:
                verb, table = STATEMENT.match(entry["Statement"]).groups()  # type: ignore[union-attr]
                yield f"dynamodb:PartiQL{verb.capitalize()}", table
        case "BatchGetItem":
            for table in body["RequestItems"]:
                yield "dynamodb:BatchGetItem", table
        case _:
            index = f"/index/{body['IndexName']}" if "IndexName" in body else ""
            yield f"dynamodb:{operation}", body["TableName"] + index


class Guard:
    """A DynamoDB endpoint for one function, in front of the engine."""

    def __init__(self, engine: str, allowed: frozenset[Grant]) -> None:
        self._engine = engine
        self._allowed = allowed
        self._http = urllib3.PoolManager(maxsize=16, retries=False, timeout=10.0)
        self._server = Server(self._answer)
        self.url = self._server.url
        self.denied: list[Grant] = []
        self.used: set[Grant] = set()

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        self._server.stop()

    def _answer(self, request: Request) -> Answer:
        operation = request.headers["x-amz-target"].rpartition(".")[2]
        needed = set(needs(operation, json.loads(request.body)))
        self.used |= needed
        missing = needed - self._allowed
        if missing:
            self.denied += missing
            kind = "com.amazonaws.dynamodb.v20120810#AccessDeniedException"
            return json_answer(400, {"__type": kind, "Message": f"no permission for {sorted(missing)}"})
        headers = {name: value for name, value in request.headers.items() if name not in ("host", "accept-encoding")}
        answer = self._http.request("POST", f"{self._engine}/", body=request.body, headers=headers)
        return Answer(answer.status, answer.data, {"content-type": "application/x-amz-json-1.0"})


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
