"""The embedded DynamoDB engine: ministack, in a process and a virtual environment of its own."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.session import get_session

from local.child import ROOT, Child, PartFailed
from local.web import HOST, listen

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

    from local.template import Template

ENGINE_PYTHON: Final = ROOT / ".venv-engine" / "bin" / "python"
START_SECONDS: Final = 30.0

REGION: Final = "us-east-1"
CREDENTIALS: Final = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
"""What the engine accepts: anything. No real account is ever asked."""


class Engine:
    """Runs the engine between `start` and `stop`; its data live in memory."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._child: Child | None = None
        self.url = ""

    def start(self) -> None:
        """Starts and waits until it answers. Raises PartFailed."""
        if not ENGINE_PYTHON.exists():
            raise PartFailed(f"{ENGINE_PYTHON} is missing: run `make setup` first")
        probe = listen()
        port = probe.getsockname()[1]
        probe.close()
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "BIND_HOST": HOST,
            "GATEWAY_PORT": str(port),
            "IOT_MTLS_ENABLED": "0",
            "LOG_LEVEL": "ERROR",
        }
        self.url = f"http://{HOST}:{port}"
        self._child = Child("engine", ["ministack"], environment, self._logs, python=str(ENGINE_PYTHON))
        self._child.start()
        self._child.wait_for_answer(f"{self.url}/_ministack/health", START_SECONDS)

    def stop(self) -> None:
        if self._child is not None:
            self._child.stop()


def dynamodb(url: str, env: Mapping[str, str], *, read_timeout: int = 10) -> DynamoDBClient:
    """A client for the engine at `url`, with the region and credentials of `env`. `read_timeout` in seconds."""
    client: DynamoDBClient = get_session().create_client(
        "dynamodb",
        endpoint_url=url,
        region_name=env.get("AWS_REGION", REGION),
        aws_access_key_id=env.get("AWS_ACCESS_KEY_ID", CREDENTIALS["AWS_ACCESS_KEY_ID"]),
        aws_secret_access_key=env.get("AWS_SECRET_ACCESS_KEY", CREDENTIALS["AWS_SECRET_ACCESS_KEY"]),
        aws_session_token=env.get("AWS_SESSION_TOKEN") or None,
        config=Config(
            connect_timeout=2, read_timeout=read_timeout, retries={"total_max_attempts": 3}, max_pool_connections=32
        ),
    )
    return client


TABLE_VARIABLES: Final[Mapping[str, str]] = {
    "AuditTable": "AUDIT_TABLE",
    "ActionsTable": "ACTIONS_TABLE",
    "DedupeTable": "DEDUPE_TABLE",
    "BreakerTable": "BREAKER_TABLE",
    "ContentTable": "CONTENT_TABLE",
}
"""Logical id of a table in template.yaml → the handlers' variable that holds its name."""

_AT_ONCE: Final = 25
"""Items in one batch of writes."""
_CREATION: Final = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "LocalSecondaryIndexes")


def create_tables(client: DynamoDBClient, template: Template, names: Mapping[str, str]) -> list[str]:
    """Makes the tables that are missing, with the keys and indexes of the template.

    `names`: variable → table name. Returns the names of those it made.
    """
    made: list[str] = []
    for logical_id, variable in TABLE_VARIABLES.items():
        name = names[variable]
        properties = template.tables[logical_id]
        definition: dict[str, Any] = {key: properties[key] for key in _CREATION if key in properties}
        try:
            table = client.create_table(TableName=name, BillingMode="PAY_PER_REQUEST", **definition)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceInUseException":
                raise
            continue
        made.append(name)
        if table["TableDescription"]["TableStatus"] != "ACTIVE":
            client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    return made


def empty_tables(client: DynamoDBClient, template: Template, names: Mapping[str, str]) -> None:
    """Removes every item: a fresh start for tests. Nothing in the product can do this to the audit."""
    for logical_id, variable in TABLE_VARIABLES.items():
        name, keys = names[variable], [key["AttributeName"] for key in template.tables[logical_id]["KeySchema"]]
        doomed = [
            {"DeleteRequest": {"Key": {key: item[key] for key in keys}}}
            for page in client.get_paginator("scan").paginate(TableName=name)
            for item in page["Items"]
        ]
        while doomed:
            answer = client.batch_write_item(RequestItems={name: doomed[:_AT_ONCE]})  # type: ignore[dict-item]
            doomed = [*answer["UnprocessedItems"].get(name, ()), *doomed[_AT_ONCE:]]
