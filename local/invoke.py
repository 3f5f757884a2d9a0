"""A stand-in for Lambda's Invoke API: takes events for the worker, and sees to it that they arrive.

An event is accepted with 202 and handed over in the background. When the worker fails, or dies over
it, the same event is handed over again, twice at most, as Lambda does with asynchronous invocations;
what fails then is a dead letter.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import urllib3
from urllib3.exceptions import HTTPError

from local.orders import Gate, Journal
from local.web import Answer, Request, StandIn, json_answer

RETRY_DELAYS_SECONDS: Final = (1.0, 2.0)
"""Lambda waits one and two minutes."""

_PATH: Final = re.compile(r"/2015-03-31/functions/(?P<name>[^/]+)/invocations")


@dataclass(frozen=True)
class Delivery:
    """How one attempt to hand an event over ended."""

    event: bytes
    request_id: str
    attempt: int
    succeeded: bool


class InvokeStandIn(StandIn):
    """Hands events over by HTTP to `worker_url`. `revive` is called before each attempt: it may restart the worker."""

    def __init__(
        self,
        function: str,
        worker_url: str,
        revive: Callable[[], None],
        delays: Sequence[float] = RETRY_DELAYS_SECONDS,
        timeout_seconds: float = 900.0,
    ) -> None:
        self.function = function
        self.accepted: Journal[bytes] = Journal()
        """Events that are to be handed over in the background."""
        self.attempts: Journal[str] = Journal()
        """The request id of each attempt that has begun, with a worker that runs."""
        self.deliveries: Journal[Delivery] = Journal()
        """Attempts that have ended."""
        self.dead_letters: Journal[bytes] = Journal()
        self._worker_url = worker_url
        self._revive = revive
        self._delays = tuple(delays)
        self._http = urllib3.PoolManager(maxsize=32, retries=False, timeout=timeout_seconds)
        self._threads = ThreadPoolExecutor(max_workers=32)
        self._gate = Gate()
        self._closed = False
        super().__init__(self._answer, self._let_go_of_all)

    def _let_go_of_all(self) -> None:
        self._closed = True
        self._gate.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    @property
    def waiting(self) -> frozenset[bytes]:
        """Accepted events that have neither been taken nor become dead letters."""
        taken = {delivery.event for delivery in self.deliveries.entries() if delivery.succeeded}
        return frozenset(self.accepted.entries()) - taken - set(self.dead_letters.entries())

    def _answer(self, request: Request) -> Answer:
        match = _PATH.fullmatch(request.path)
        if request.method != "POST" or match is None or match["name"] != self.function:
            message = {"Type": "User", "Message": f"Function not found: {request.path}"}
            return json_answer(404, message, {"x-amzn-errortype": "ResourceNotFoundException"})
        identifier = str(uuid.uuid4())
        headers = {"x-amzn-requestid": identifier}
        if request.headers.get("x-amz-invocation-type") == "Event":
            self.accepted.add(request.body)
            self._threads.submit(self._deliver, request.body, identifier)
            return Answer(202, b"", headers)
        answer = self._hand_over(request.body, identifier, 1)
        if answer is None or answer.status != 200:
            headers["x-amz-function-error"] = "Unhandled"
        return Answer(200, b"" if answer is None else answer.body, headers)

    def _deliver(self, event: bytes, identifier: str) -> None:
        for attempt, delay in enumerate((0.0, *self._delays), 1):
            self._gate.pause(delay)
            if self._closed:
                return
            answer = self._hand_over(event, identifier, attempt)
            if answer is not None and answer.status == 200:
                return
        self.dead_letters.add(event)

    def _hand_over(self, event: bytes, identifier: str, attempt: int) -> Answer | None:
        """None when the worker died over it."""
        self._revive()
        self.attempts.add(identifier)
        headers = {"x-amzn-requestid": identifier, "content-type": "application/json"}
        try:
            response = self._http.request("POST", self._worker_url, body=event, headers=headers)
            answer = Answer(response.status, response.data)
        except HTTPError:
            answer = None
        self.deliveries.add(Delivery(event, identifier, attempt, answer is not None and answer.status == 200))
        return answer
