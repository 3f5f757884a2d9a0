"""The tables' streams, told to the Captain: what waits, that the breaker opened, that the audit was tampered with.

Every quarter of an hour, a digest of what was held back. Delivery is at least once.
"""

import base64
import os
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Literal

from aws_lambda_powertools.logging import Logger

from core.actions import states
from core.approvals import mail, notices
from core.approvals.mail import WAITS, Notice
from core.aws import FAILURES, Aws, measure
from core.errors import StoreUnavailable
from core.items import Item, from_item
from core.store import Store
from core.types import Json

logger = Logger(service="dfg-orchestrator")

Table = Literal["audit", "actions", "breaker", "dedupe"]
Publish = Callable[[str, str], None]
"""Sends subject and message. Raises BotoCoreError or ClientError when the topic did not take them."""
TABLES: Final[Mapping[Table, str]] = {
    "audit": "AUDIT_TABLE",
    "actions": "ACTIONS_TABLE",
    "breaker": "BREAKER_TABLE",
    "dedupe": "DEDUPE_TABLE",
}
MOST_READ: Final = 100
"""Actions that DynamoDB gives in one answer: so many a digest is about."""


@dataclass(frozen=True)
class Watcher:
    """Turns stream records into notices and sends them."""

    tables: Mapping[Table, str]
    """Their names."""
    store: Store
    publish: Publish
    measure: Callable[[str, int], None]
    now: Callable[[], int]
    console: str
    """Where the Captain's page is."""

    def __call__(self, event: Json) -> dict[str, Any]:
        """The records that are to come again: from the first that could not be told, as streams are in order."""
        for record in event["Records"]:
            try:
                notice = self._notice(record)
                if notice is not None:
                    self._send(notice)
            except (*FAILURES, StoreUnavailable):
                logger.exception("a notice could not be sent")
                return {"batchItemFailures": [{"itemIdentifier": record["dynamodb"]["SequenceNumber"]}]}
        return {"batchItemFailures": []}

    def tell_held(self) -> int:
        """A digest of what was held back and still waits. How many it is about."""
        seen = notices.read(self.store, self.tables["dedupe"])
        ids = sorted(seen.get("held", ()))[:MOST_READ]
        rows = self.store.batch_get([(self.tables["actions"], {"id": one}) for one in ids]) if ids else []
        stored = [states.read(row) for row in rows if row is not None]
        waiting = [one for one in stored if one.shown_at(self.now()) in WAITS]
        if waiting:
            waiting.sort(key=lambda one: one.created_at)
            self._send(mail.digest(waiting, self.now(), self.console))
        notices.forget(self.store, self.tables["dedupe"], {**seen, **({"held": frozenset(ids)} if ids else {})})
        return len(waiting)

    def _send(self, notice: Notice) -> None:
        if notice.tampering:
            logger.error("AuditTampered", extra={"detail": notice.text})
            self.measure("AuditTampered", 1)
        self.publish(notice.subject, notice.message)

    def _notice(self, record: Json) -> Notice | None:
        table, change = table_name(record["eventSourceARN"]), record["dynamodb"]
        if table == self.tables["audit"]:
            return mail.tampering(record["eventName"], change["Keys"]["chain"]["S"], change["Keys"]["seq"]["N"])
        item = _item(change["NewImage"])
        if _item(change.get("OldImage", {})).get("state") == item["state"]:
            return None
        if table == self.tables["breaker"]:
            return mail.breaker_opened(item["reason"]) if item["state"] == "open" else None
        if item["state"] not in WAITS or not notices.tell_now(self.store, self.tables["dedupe"], item["id"]):
            return None
        return mail.one(states.read(item), self.now(), self.console)


def table_name(stream_arn: str) -> str:
    """The table of `arn:…:table/NAME/stream/LABEL`."""
    return stream_arn.split("/")[1]


def _item(image: Json) -> Item:
    """An item as a stream has it: JSON, in which bytes are text."""
    return from_item({name: {"B": base64.b64decode(one["B"])} if "B" in one else one for name, one in image.items()})


@cache
def make_watcher() -> Watcher:
    """The watcher of this environment."""
    aws = Aws(os.environ)
    return Watcher(
        {table: os.environ[name] for table, name in TABLES.items()},
        Store(aws.client("dynamodb"), sleep=time.sleep, new_id=lambda: str(uuid.uuid4())),
        aws.topic(os.environ["NOTIFY_TOPIC_ARN"]),
        measure,
        lambda: time.time_ns() // 1_000_000,
        os.environ["CONSOLE_URL"],
    )


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Entry of WatchFunction, for batches of the three streams and for the schedule of the digest."""
    watcher = make_watcher()
    return watcher(event) if "Records" in event else {"told": watcher.tell_held()}
