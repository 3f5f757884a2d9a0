"""The tables' streams, told to the Captain: what waits, that the breaker opened, that the audit was tampered with.

A message holds ids, states and numbers, never text from GitHub or the model. Delivery is at least once.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Literal

from aws_lambda_powertools.logging import Logger

from core.aws import FAILURES, Aws, measure
from core.types import Json

logger = Logger(service="dfg-orchestrator")

Table = Literal["audit", "actions", "breaker"]
Publish = Callable[[str, str], None]
"""Sends subject and text. Raises BotoCoreError or ClientError when the topic did not take them."""

WAITS: Final[Mapping[str, str]] = {
    "pending": "waits for approval",
    "failed": "was refused by GitHub and can be approved again",
    "outcome_unknown": "was sent without an answer, and may or may not be on GitHub",
}


@dataclass(frozen=True)
class Notice:
    """One message to the Captain. `subject` is ASCII of at most 100 characters: SNS takes no other."""

    subject: str
    text: str
    tampering: bool = False


@dataclass(frozen=True)
class Watcher:
    """Turns stream records into notices and sends them."""

    tables: Mapping[str, Table]
    """Table name → what it is."""
    publish: Publish
    measure: Callable[[str, int], None]

    def __call__(self, event: Json) -> dict[str, Any]:
        """The records that are to come again: from the first that could not be told, as streams are in order."""
        for record in event["Records"]:
            notice = self._notice(record)
            if notice is None:
                continue
            if notice.tampering:
                logger.error("AuditTampered", extra={"detail": notice.text})
                self.measure("AuditTampered", 1)
            try:
                self.publish(notice.subject, notice.text)
            except FAILURES:
                logger.exception("the topic did not take a notice", extra={"subject": notice.subject})
                return {"batchItemFailures": [{"itemIdentifier": record["dynamodb"]["SequenceNumber"]}]}
        return {"batchItemFailures": []}

    def _notice(self, record: Json) -> Notice | None:
        table = self.tables[table_name(record["eventSourceARN"])]
        change = record["dynamodb"]
        if table == "audit":
            return tampering(record["eventName"], change["Keys"])
        if _text(change.get("OldImage"), "state") == _text(change.get("NewImage"), "state"):
            return None
        if table == "actions":
            return waiting(change["NewImage"])
        return breaker_opened(change["NewImage"])


def table_name(stream_arn: str) -> str:
    """The table of `arn:…:table/NAME/stream/LABEL`."""
    return stream_arn.split("/")[1]


def tampering(operation: str, keys: Json) -> Notice | None:
    """An event that was changed or removed; writing a new one is what the audit is for."""
    if operation == "INSERT":
        return None
    chain, seq = keys["chain"]["S"], keys["seq"]["N"]
    return Notice(
        "Audit event changed or removed",
        f"{operation} of event {seq} in chain {chain}.\n"
        "No function of the orchestrator can do that: somebody else did. "
        "GET /audit/{runId} tells whether the chain still fits; the table has point-in-time recovery.",
        tampering=True,
    )


def waiting(image: Json) -> Notice | None:
    """An action that has come to wait for a decision."""
    state = _text(image, "state")
    if state not in WAITS:
        return None
    action = json.loads(image["action"]["S"])
    target = f"{action['target']['type'].replace('_', ' ')} {action['repository']}#{action['target']['number']}"
    return Notice(
        f"{action['task_type']} {state}",
        f"Action {action['id']} ({action['type']} on {target}) {WAITS[state]}.\n"
        f"Look at it with GET /pending, then POST /approve/{action['id']} or /reject/{action['id']}.",
    )


def breaker_opened(image: Json) -> Notice | None:
    """The breaker, once it lets nothing through."""
    if _text(image, "state") != "open":
        return None
    return Notice(
        "Circuit breaker opened",
        f"The circuit breaker opened: {_text(image, 'reason')}.\n"
        "It probes again after its cooldown; POST /circuit/reset closes it at once.",
    )


def _text(image: Json | None, name: str) -> str:
    return str(image[name]["S"]) if image and name in image else ""


@cache
def make_watcher() -> Watcher:
    """The watcher of this environment."""
    names: Mapping[Table, str] = {"audit": "AUDIT_TABLE", "actions": "ACTIONS_TABLE", "breaker": "BREAKER_TABLE"}
    publish = Aws(os.environ).topic(os.environ["NOTIFY_TOPIC_ARN"])
    return Watcher({os.environ[name]: table for table, name in names.items()}, publish, measure)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Entry of WatchFunction, for batches of the three streams."""
    return make_watcher()(event)
