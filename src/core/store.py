"""The one leaf that talks to DynamoDB: plain values in, plain values out.

Every write is conditional. All transactions are PartiQL (`ExecuteTransaction`), because the audit
table's role holds nothing but `dynamodb:PartiQLInsert`, and an INSERT never replaces an item.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from core.errors import StoreUnavailable
from core.items import Item as Item
from core.items import from_item, size, to_attribute, to_item

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient

BUSY: Final = frozenset(
    {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded", "TransactionInProgress"}
)
"""Cancellation reasons under which nothing was written and the same transaction may be sent again."""
BUSY_ERRORS: Final = frozenset(
    {
        "TransactionInProgressException",
        "TransactionConflictException",
        "ThrottlingException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "InternalServerError",
    }
)
LOST: Final = frozenset({"ConditionalCheckFailed", "DuplicateItem"})
MAX_ITEM_BYTES: Final = 400_000
MAX_TRANSACTION_BYTES: Final = 4_000_000
"""Just under DynamoDB's own limits of 400 KB an item and 4 MB a transaction."""
BACKOFF_SECONDS: Final = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)


@dataclass(frozen=True)
class Insert:
    """Write an item that does not exist yet. `name` is what a lost race calls the write."""

    table: str
    item: Item
    name: str = ""
    may_yield: bool = False


@dataclass(frozen=True)
class Update:
    """Change an existing item if every attribute of `where` still has that value."""

    table: str
    key: Mapping[str, Any]
    change: Mapping[str, Any]
    where: Mapping[str, Any] = field(default_factory=dict)
    remove: Sequence[str] = ()
    name: str = ""
    may_yield: bool = False
    """Whether what it goes with stands without it, where somebody else has changed the item since."""


@dataclass(frozen=True)
class Delete:
    """Remove an existing item if every attribute of `where` still has that value."""

    table: str
    key: Mapping[str, Any]
    where: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    may_yield: bool = False


Write = Insert | Update | Delete


@dataclass(frozen=True)
class Lost:
    """The transaction wrote nothing: the conditions of the writes with these names did not hold."""

    names: frozenset[str]


@dataclass(frozen=True)
class NotApplied:
    """A conditional update that did not apply, with the item as it stands (None when there is none)."""

    item: Item | None


@dataclass(frozen=True)
class Page:
    """One page of a query. `next` starts the following page; None ends it."""

    items: tuple[Item, ...]
    next: Item | None


class Store:
    """DynamoDB through one client. Raises StoreUnavailable where it cannot tell or cannot reach."""

    def __init__(self, client: DynamoDBClient, *, sleep: Callable[[float], None], new_id: Callable[[], str]) -> None:
        self._client = client
        self._sleep = sleep
        self._new_id = new_id

    def get(self, table: str, key: Mapping[str, Any]) -> Item | None:
        """The item, read consistently."""
        answer = self._call(
            lambda: self._client.get_item(TableName=table, Key=to_item(key), ConsistentRead=True), "read"
        )
        found = answer.get("Item")
        return from_item(found) if found else None

    def batch_get(self, keys: Sequence[tuple[str, Mapping[str, Any]]]) -> list[Item | None]:
        """Several items in one request, read consistently, in the order asked."""
        requested: dict[str, Any] = {}
        for table, key in keys:
            requested.setdefault(table, {"ConsistentRead": True, "Keys": []})["Keys"].append(to_item(key))
        found: dict[str, list[Item]] = {}
        for last in self._tries(len(BACKOFF_SECONDS)):
            answer = self._call(partial(self._client.batch_get_item, RequestItems=requested), "read")
            for table, items in answer["Responses"].items():
                found.setdefault(table, []).extend(from_item(i) for i in items)
            requested = answer.get("UnprocessedKeys") or {}
            if not requested:
                break
            if last:
                raise StoreUnavailable("the store is busy; try again")
        return [
            next((i for i in found.get(table, ()) if all(i[k] == v for k, v in key.items())), None)
            for table, key in keys
        ]

    def query(
        self,
        table: str,
        *,
        equals: tuple[str, Any],
        index: str | None = None,
        between: tuple[str, Any, Any] | None = None,
        newest_first: bool = False,
        limit: int | None = None,
        start: Item | None = None,
        where: Mapping[str, Any] | None = None,
    ) -> Page:
        """One request: at most `limit` items under one key (consistent, except through an index)."""
        names = {"#k": equals[0]}
        values = {":k": to_attribute(equals[1])}
        condition = "#k = :k"
        if between:
            names["#r"] = between[0]
            values |= {":low": to_attribute(between[1]), ":high": to_attribute(between[2])}
            condition += " AND #r BETWEEN :low AND :high"
        request: dict[str, Any] = {
            "TableName": table,
            "KeyConditionExpression": condition,
            "ScanIndexForward": not newest_first,
        }
        for number, (name, value) in enumerate((where or {}).items()):
            names[f"#f{number}"], values[f":f{number}"] = name, to_attribute(value)
        if where:
            request["FilterExpression"] = " AND ".join(f"#f{number} = :f{number}" for number in range(len(where)))
        request |= {"ExpressionAttributeNames": names, "ExpressionAttributeValues": values}
        request |= {"IndexName": index} if index else {"ConsistentRead": True}
        request |= {"Limit": limit} if limit else {}
        request |= {"ExclusiveStartKey": to_item(start)} if start else {}
        answer = self._call(lambda: self._client.query(**request), "read")
        last = answer.get("LastEvaluatedKey")
        return Page(tuple(from_item(i) for i in answer["Items"]), from_item(last) if last else None)

    def query_all(self, table: str, equals: tuple[str, Any]) -> list[Item]:
        """Every item under one key, in order of the range key."""
        return [item for page in self.pages(table, equals=equals) for item in page.items]

    def pages(self, table: str, **query: Any) -> Iterator[Page]:
        """The pages of a query, each read when it is asked for."""
        start = None
        while True:
            page = self.query(table, start=start, **query)
            yield page
            if page.next is None:
                return
            start = page.next

    def transact_yielding(self, writes: Sequence[Write]) -> Lost | None:
        """All writes but those that lost their race and may yield. Lost names one that may not."""
        while (lost := self.transact(writes)) is not None:
            kept = [write for write in writes if not (write.may_yield and write.name in lost.names)]
            if lost.names & {write.name for write in kept} or len(kept) == len(writes):
                return lost
            writes = kept
        return None

    def transact(self, writes: Sequence[Write]) -> Lost | None:
        """All writes or none, in one request. None when written; Lost names the conditions that failed.

        The client token makes a repetition after a lost answer harmless (DynamoDB keeps it for ten minutes).
        """
        statements = [_statement(w) for w in writes]
        token = self._new_id()
        for last in self._tries(len(BACKOFF_SECONDS)):
            try:
                self._client.execute_transaction(TransactStatements=statements, ClientRequestToken=token)
            except ClientError as error:
                reasons = _reasons(error)
                lost = frozenset(w.name for w, reason in zip(writes, reasons, strict=False) if reason in LOST)
                if lost:
                    return Lost(lost)
                busy = any(r in BUSY for r in reasons) or error.response["Error"]["Code"] in BUSY_ERRORS
                if not busy:
                    raise StoreUnavailable(f"the store refused a write: {error.response['Error']['Code']}") from error
            except BotoCoreError as error:
                if last:
                    raise StoreUnavailable("the store does not answer; try again") from error
            else:
                return None
        raise StoreUnavailable("the store is busy; try again")

    def update(
        self,
        table: str,
        key: Mapping[str, Any],
        *,
        expression: str,
        condition: str,
        values: Mapping[str, Any],
        names: Mapping[str, str] | None = None,
    ) -> Item | NotApplied:
        """One conditional UpdateItem. The new item, or NotApplied with the one that stands.

        `#name` stands for the attribute of that name, where `names` does not say for which.
        """
        aliases = {alias: alias[1:] for alias in re.findall(r"#\w+", f"{expression} {condition}")}
        try:
            answer = self._call(
                lambda: self._client.update_item(
                    TableName=table,
                    Key=to_item(key),
                    UpdateExpression=expression,
                    ConditionExpression=condition,
                    ExpressionAttributeNames=aliases | dict(names or {}),
                    ExpressionAttributeValues={k: to_attribute(v) for k, v in values.items()},
                    ReturnValues="ALL_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                ),
                "write",
            )
        except ClientError as failed:
            item: Any = failed.response.get("Item")
            return NotApplied(from_item(item) if item else None)
        return from_item(answer["Attributes"])

    def _call(self, request: Callable[[], Any], verb: str) -> Any:
        """Raises ClientError where a condition did not hold."""
        for last in self._tries(3):
            try:
                return request()
            except ClientError as error:
                code = error.response["Error"]["Code"]
                if code == "ConditionalCheckFailedException":
                    raise
                if code not in BUSY_ERRORS or last:
                    raise StoreUnavailable(f"the store refused to {verb}: {code}") from error
            except BotoCoreError as error:
                raise StoreUnavailable(f"the store cannot be reached to {verb}") from error
        raise AssertionError("unreachable")

    def _tries(self, pauses: int) -> Iterator[bool]:
        """Whether this is the last one, with ever longer pauses between."""
        for delay in BACKOFF_SECONDS[:pauses]:
            yield False
            self._sleep(delay)
        yield True


def _reasons(error: ClientError) -> list[str]:
    reasons: Any = error.response.get("CancellationReasons", ())
    return [str(r.get("Code", "")).removesuffix("Exception") for r in reasons]


def _statement(write: Write) -> Any:
    match write:
        case Insert(table, item):
            fields = ", ".join(f"'{name}': ?" for name in item)
            return {
                "Statement": f'INSERT INTO "{table}" VALUE {{{fields}}}',
                "Parameters": [to_attribute(v) for v in item.values()],
            }
        case Update(table, key, change, where, remove):
            sets = " ".join(f'SET "{name}"=?' for name in change)
            removes = "".join(f' REMOVE "{name}"' for name in remove)
            return {
                "Statement": f'UPDATE "{table}" {sets}{removes} WHERE {_tests({**key, **where})}',
                "Parameters": [to_attribute(v) for v in (*change.values(), *{**key, **where}.values())],
            }
        case Delete(table, key, where):
            return {
                "Statement": f'DELETE FROM "{table}" WHERE {_tests({**key, **where})}',  # noqa: S608 - names are ours, values are parameters
                "Parameters": [to_attribute(v) for v in {**key, **where}.values()],
            }


def _tests(equals: Mapping[str, Any]) -> str:
    return " AND ".join(f'"{name}"=?' for name in equals)


def oversized(inserts: Sequence[Insert]) -> bool:
    """Whether DynamoDB would refuse one of these items, or all of them at once, for their size."""
    sizes = [size(insert.item) for insert in inserts]
    return any(one > MAX_ITEM_BYTES for one in sizes) or sum(sizes) > MAX_TRANSACTION_BYTES
