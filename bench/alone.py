"""The engine by itself: what one dispatch asks of DynamoDB, recorded once and sent again without the service's code."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import urllib3

from local.child import ROOT
from local.engine import Engine
from local.run import read_sample
from local.stack import Stack, clean_environment
from local.web import Answer, Request, Server

DISPATCH: Final = ("BatchGetItem", "UpdateItem", "ExecuteTransaction")
"""Look, reserve, claim. The service sends the last two at once."""
RUN: Final = re.compile(rb"run#([0-9a-f-]{36})")
KEY: Final = re.compile(rb"task#([0-9a-f]{64})")
TOKEN: Final = re.compile(rb'"ClientRequestToken": ?"([^"]+)"')
OWN: Final = ("host", "accept-encoding", "content-length")
TIMEOUT_SECONDS: Final = 60.0


@dataclass(frozen=True)
class Sent:
    """One request as the service sent it."""

    operation: str
    headers: dict[str, str]
    body: bytes


class Recorder:
    """Passes everything on to the engine, and keeps it."""

    def __init__(self, engine: str) -> None:
        self.sent: list[Sent] = []
        self._engine = engine
        self._http = urllib3.PoolManager(maxsize=16, retries=False, timeout=TIMEOUT_SECONDS)
        self.server = Server(self._answer)

    def first(self, operation: str) -> Sent:
        return next(one for one in self.sent if one.operation == operation)

    def _answer(self, request: Request) -> Answer:
        headers = {name: value for name, value in request.headers.items() if name not in OWN}
        self.sent.append(Sent(request.headers["x-amz-target"].rpartition(".")[2], headers, request.body))
        answer = self._http.request("POST", f"{self._engine}/", body=request.body, headers=headers)
        return Answer(answer.status, answer.data, {"content-type": "application/x-amz-json-1.0"})


class Alone:
    """An engine that nobody else asks, with the tables, one run in them, and that run's requests."""

    def __init__(self, engine: str, recorded: tuple[Sent, ...], connections: int) -> None:
        self._url = f"{engine}/"
        self._recorded = recorded
        self._http = urllib3.PoolManager(maxsize=connections, retries=False, timeout=TIMEOUT_SECONDS)
        whole = b"".join(one.body for one in recorded)
        self._names = [pattern.findall(whole)[0] for pattern in (RUN, KEY, TOKEN)]

    def dispatch(self, _: int) -> int:
        """The requests of one more dispatch, of another run. The worst status: 400 where the window is full."""
        new = [str(uuid.uuid4()).encode(), uuid.uuid4().hex.encode() * 2, str(uuid.uuid4()).encode()]
        return max(self._send(one, new) for one in self._recorded)

    def look(self, _: int) -> int:
        """The first of them alone: three items are read."""
        return self._send(self._recorded[0], self._names)

    def _send(self, one: Sent, new: list[bytes]) -> int:
        body = one.body
        for old, other in zip(self._names, new, strict=True):
            body = body.replace(old, other)
        return self._http.request("POST", self._url, body=body, headers=one.headers).status


@contextmanager
def alone(settings: dict[str, str], connections: int) -> Iterator[Alone]:
    """The engine once the stack that made the recording has gone."""
    engine = Engine(ROOT / ".local" / "logs")
    engine.start()
    recorder = Recorder(engine.url)
    recorder.server.start()
    try:
        with Stack(clean_environment({**settings, "AWS_ENDPOINT_URL_DYNAMODB": recorder.server.url})) as stack:
            number = stack.repository.load(read_sample())
            recorder.sent.clear()
            reply = stack.client.post("/dispatch/qa-plan", {"prNumber": number}, {"prefer": "respond-async"})
            if reply.status != 202:
                raise RuntimeError(f"{reply.status}: {reply.body}")
            recorded = tuple(recorder.first(operation) for operation in DISPATCH)
        yield Alone(engine.url, recorded, connections)
    finally:
        recorder.server.stop()
        engine.stop()
