"""Trouble that the embedded engine never shows, put between the AWS SDK and the engine, request by request."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import urllib3
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError, ConnectTimeoutError
from botocore.httpsession import URLLib3Session
from botocore.session import get_session

from core.app import Thunk
from core.aws import CLIENT_CONFIG
from local.engine import CREDENTIALS, REGION

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

Happening = Callable[[str, Any, URLLib3Session], AWSResponse]
"""What becomes of one HTTP request instead: (operation, request, the way to the engine) → the answer, or an error."""

SDK_REPEATS: Final = frozenset({"ThrottlingException", "ProvisionedThroughputExceededException", "InternalServerError"})


def _answer(url: str, status: int, code: str, **more: Any) -> AWSResponse:
    body = json.dumps({"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "injected", **more}).encode()
    raw = urllib3.HTTPResponse(io.BytesIO(body), status=status, preload_content=False)
    return AWSResponse(url, status, {"content-type": "application/x-amz-json-1.0"}, raw)


def _cancelled(request: Any, reason: str) -> AWSResponse:
    statements = len(json.loads(request.body)["TransactStatements"])
    reasons = [{"Code": reason, "Message": "injected"}, *({"Code": "None"} for _ in range(statements - 1))]
    return _answer(request.url, 400, "TransactionCanceledException", CancellationReasons=reasons)


def conflict(operation: str, request: Any, _: URLLib3Session) -> AWSResponse:
    """Another transaction is at the item. A read that takes part in no transaction never meets this one."""
    if operation == "ExecuteTransaction":
        return _cancelled(request, "TransactionConflict")
    if operation == "UpdateItem":
        return _answer(request.url, 400, "TransactionConflictException")
    return _answer(request.url, 400, "ThrottlingException")


def throttled(operation: str, request: Any, _: URLLib3Session) -> AWSResponse:
    if operation == "ExecuteTransaction":
        return _cancelled(request, "ThrottlingError")
    return _answer(request.url, 400, "ThrottlingException")


def over_capacity(operation: str, request: Any, _: URLLib3Session) -> AWSResponse:
    if operation == "ExecuteTransaction":
        return _cancelled(request, "ProvisionedThroughputExceeded")
    return _answer(request.url, 400, "ProvisionedThroughputExceededException")


def server_error(operation: str, request: Any, _: URLLib3Session) -> AWSResponse:
    return _answer(request.url, 500, "InternalServerError")


def server_error_after_work(operation: str, request: Any, session: URLLib3Session) -> AWSResponse:
    session.send(request)
    return _answer(request.url, 500, "InternalServerError")


def unreachable(operation: str, request: Any, _: URLLib3Session) -> AWSResponse:
    raise ConnectTimeoutError(endpoint_url=request.url)


def lost_answer(operation: str, request: Any, session: URLLib3Session) -> AWSResponse:
    """The engine does the work and the connection is reset."""
    session.send(request)
    raise ConnectionClosedError(endpoint_url=request.url)


def unprocessed(operation: str, request: Any, session: URLLib3Session) -> AWSResponse:
    """A batch that is answered in part. Only batches know this."""
    if operation != "BatchGetItem":
        return throttled(operation, request, session)
    body = json.dumps({"Responses": {}, "UnprocessedKeys": json.loads(request.body)["RequestItems"]}).encode()
    raw = urllib3.HTTPResponse(io.BytesIO(body), status=200, preload_content=False)
    return AWSResponse(request.url, 200, {"content-type": "application/x-amz-json-1.0"}, raw)


BUSY: Final = (conflict, throttled, over_capacity, server_error, unprocessed)
"""Nothing was done, and the answer says so."""
UNCLEAR: Final = (server_error_after_work, unreachable, lost_answer)
"""Something may have been done."""


@dataclass
class Injector:
    """Decides for each HTTP request to DynamoDB, a repetition by the SDK included, whether it goes through."""

    happening: Callable[[int, str, bytes], Happening | None] = lambda number, operation, body: None
    sent: list[str] = field(default_factory=list)
    """Operations as they were sent."""
    met: int = 0
    """How many of them met with trouble."""

    def __post_init__(self) -> None:
        self._session = URLLib3Session()

    def calm(self) -> None:
        self.happening = lambda number, operation, body: None

    def clear(self) -> None:
        self.calm()
        self.sent.clear()
        self.met = 0

    def at(self, number: int, trouble: Happening, times: int = 1) -> None:
        """`times` requests from the one at `number` (counted from 0) on meet with `trouble`."""
        self.happening = lambda n, operation, body: trouble if number <= n < number + times else None

    def from_then_on(self, number: int, trouble: Happening) -> None:
        """Nothing gets through any more."""
        self.happening = lambda n, operation, body: trouble if n >= number else None

    def always_this(self, number: int, trouble: Happening) -> None:
        """The request at `number` never gets through, however often it is repeated; all others do."""
        chosen: list[bytes] = []

        def happening(n: int, operation: str, body: bytes) -> Happening | None:
            if n == number:
                chosen.append(body)
            return trouble if body in chosen else None

        self.happening = happening

    def now_and_then(self, seed: int, share: float, troubles: Sequence[Happening]) -> None:
        """Each request meets with one of `troubles` with a probability of `share`."""
        chance = random.Random(seed)  # noqa: S311 - a repeatable test, not a secret
        self.happening = lambda n, operation, body: chance.choice(troubles) if chance.random() < share else None

    def attach(self, client: DynamoDBClient) -> None:
        events = client.meta.events
        events.unregister("needs-retry.dynamodb", unique_id="retry-config-dynamodb")
        attempts = client.meta.config.retries["total_max_attempts"]
        events.register("needs-retry.dynamodb", lambda **given: _repeats(attempts, **given))
        events.register("before-send.dynamodb", self._before_send)

    def _before_send(self, request: Any, event_name: str, **_: Any) -> AWSResponse | None:
        operation = event_name.rsplit(".", 1)[-1]
        number = len(self.sent)
        self.sent.append(operation)
        trouble = self.happening(number, operation, bytes(request.body))
        if trouble is None:
            return None
        self.met += 1
        return trouble(operation, request, self._session)


def _repeats(most: int, response: Any, attempts: int, caught_exception: Any, **_: Any) -> int | None:
    """The SDK's standard repetitions without their waits: 0 to send again, None to be content."""
    if attempts >= most:
        return None
    if caught_exception is not None:
        return 0
    _, parsed = response
    return 0 if parsed.get("Error", {}).get("Code") in SDK_REPEATS else None


def troubled_client(url: str, injector: Injector) -> DynamoDBClient:
    """A client as production makes it, for the engine at `url`, with `injector` in between."""
    client: DynamoDBClient = get_session().create_client(
        "dynamodb",
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        config=CLIENT_CONFIG,
    )
    injector.attach(client)
    return client


def all_in_turn(thunks: Sequence[Thunk]) -> list[Any]:
    """`together` as bootstrap means it, without threads: all are run, then the first error is raised."""
    answers: list[Any] = []
    errors: list[Exception] = []
    for thunk in thunks:
        try:
            answers.append(thunk())
        except Exception as error:  # noqa: BLE001 - raised below, once all have ended
            errors.append(error)
    if errors:
        raise errors[0]
    return answers


def all_in_turn_backwards(thunks: Sequence[Thunk]) -> list[Any]:
    """The other order: what a race may come to."""
    return all_in_turn(thunks[::-1])[::-1]


def at_call(number: int, call: Callable[..., Any], happening: Callable[[], Any]) -> Callable[..., Any]:
    """`call`, with `happening` just before its answer the `number`th time (counted from 1)."""
    made = 0

    def instead(*arguments: Any) -> Any:
        nonlocal made
        made += 1
        if made == number:
            happening()
        return call(*arguments)

    return instead
