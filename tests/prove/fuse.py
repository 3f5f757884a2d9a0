"""Ends the process at a chosen moment: before or after any request that it makes to anybody.

Every store request, every HTTP call, every call of the model and every start of a worker goes through a
fuse. Unset, a fuse only writes down what passed.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from core.app import Model, Thunk
from core.dispatcher.reply import Reply
from core.http.wire import Http, Response

T = TypeVar("T")

STORE_CALLS: Final = frozenset({"get_item", "batch_get_item", "query", "update_item", "execute_transaction"})


def die() -> None:
    """No clean-up, no last words."""
    os.kill(os.getpid(), signal.SIGKILL)


@dataclass
class Fuse:
    """Blows at the moment of that number, or of that name. Each request has two: before it, and after it."""

    at: int | str | None = None
    blow: Callable[[], None] = die
    """Called once."""
    passed: list[str] = field(default_factory=list)

    def arm(self, at: int, blow: Callable[[], None]) -> None:
        """For the next request: `blow` is called once, at the moment of that number."""
        self.at, self.blow, self.passed = at, blow, []

    def disarm(self) -> None:
        self.at = None

    def around(self, what: str, request: Callable[[], T]) -> T:
        self._moment(f"before {what}")
        try:
            return request()
        finally:
            self._moment(f"after {what}")

    def _moment(self, name: str) -> None:
        if self.at in (len(self.passed), name):
            self.at = None
            self.blow()
        self.passed.append(name)


class FusedStoreClient:
    """A DynamoDB client whose requests pass the fuse."""

    def __init__(self, client: Any, fuse: Fuse) -> None:
        self._client = client
        self._fuse = fuse

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._client, name)
        if name not in STORE_CALLS:
            return call
        return lambda **request: self._fuse.around(f"{name} {_tables(request)}".strip(), lambda: call(**request))


def _tables(request: Mapping[str, Any]) -> str:
    if "TableName" in request:
        return str(request["TableName"]).rpartition("-")[2]
    return "" if "RequestItems" in request else f"of {len(request['TransactStatements'])}"


class FusedHttp:
    """HTTP whose exchanges pass the fuse."""

    def __init__(self, http: Http, fuse: Fuse) -> None:
        self._http = http
        self._fuse = fuse

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout: float) -> Response:
        path = "/".join(url.partition("?")[0].split("/")[3:])
        return self._fuse.around(f"{method} {path}", lambda: self._http.send(method, url, headers, body, timeout))


class FusedModel:
    """A model whose calls pass the fuse."""

    def __init__(self, model: Model, fuse: Fuse) -> None:
        self._model = model
        self._fuse = fuse

    def send(self, body: bytes, timeout: float) -> Reply:
        return self._fuse.around("the model", lambda: self._model.send(body, timeout))


def in_turn(thunks: Sequence[Thunk]) -> list[Any]:
    """`together` without threads: one after the other, all of them, then the first error."""
    answers: list[Any] = []
    errors: list[Exception] = []
    for thunk in thunks:
        try:
            answers.append(thunk())
        except Exception as error:  # noqa: BLE001 - raised below, as `together` does
            errors.append(error)
    if errors:
        raise errors[0]
    return answers


def last_first(thunks: Sequence[Thunk]) -> list[Any]:
    """The same in the other order; answers in the order asked."""
    return in_turn(thunks[::-1])[::-1]
