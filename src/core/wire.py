"""One HTTP exchange, and the distinction that matters: never sent, or sent without an answer.

urllib3 because botocore has it loaded already: a second HTTP library would cost every cold start.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import urllib3
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError


class NotSent(Exception):
    """The connection was refused: the other side cannot have acted."""


class NoAnswer(Exception):
    """The request may have arrived; no answer came."""


@dataclass(frozen=True)
class Response:
    """An answer, whatever its status. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON. Raises ValueError."""
        return json.loads(self.body)


class Http(Protocol):
    """What readers and writers need of HTTP."""

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout: float) -> Response:
        """One exchange, never retried, redirects not followed. `timeout` in seconds. Raises NotSent, NoAnswer."""
        ...


class PooledHttp:
    """Http over one pool of kept-alive connections."""

    def __init__(self, pool: urllib3.PoolManager) -> None:
        self._pool = pool

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout: float) -> Response:
        try:
            answer = self._pool.request(
                method,
                url,
                headers=dict(headers),
                body=body,
                timeout=urllib3.Timeout(total=timeout),
                retries=False,
                redirect=False,
            )
        except (NewConnectionError, ConnectTimeoutError) as error:
            raise NotSent(type(error).__name__) from error
        except HTTPError as error:
            raise NoAnswer(type(error).__name__) from error
        return Response(answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.data)
