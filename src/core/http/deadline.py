"""A deadline for a whole exchange over HTTP. httpx bounds each read by itself: a peer that trickles passes all of them.

For httpx over httpcore, and for the model's SDK, which brings httpx2 over httpcore2. Two things happen before a byte of
the request is sent and are not bounded: the resolution of a name, and a try at a host's second address.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from ssl import SSLContext
from typing import Any, Final

IDLE_SECONDS: Final = 20.0
"""A connection that nobody used for longer is not used again: Lambda and the proxies between close it unseen."""
PIECE: Final = 16_384
"""Bytes that are written before the clock is looked at again."""

Clock = Callable[[], float]
"""Seconds, monotonic."""


class Late(TimeoutError):
    """The deadline passed."""


class LateToConnect(Late):
    """It passed before a connection was there: nothing was sent."""


class WholeExchange:
    """A transport whose time-out is one for the whole exchange, the body included."""

    def __init__(
        self, core: Any, response: Any, context: SSLContext, *, keep: int = 0, clock: Clock = time.monotonic
    ) -> None:
        """`core` is httpcore or httpcore2, `response` the Response of what lies above it.

        `keep`: how many idle connections are kept; with 0 each exchange has a new one.
        """
        self._response = response
        self._clock = clock
        self._pool = core.ConnectionPool(
            ssl_context=context,
            max_connections=None,
            max_keepalive_connections=keep,
            keepalive_expiry=IDLE_SECONDS,
            network_backend=_Backend(core.SyncBackend(), clock),
        )

    def handle_request(self, request: Any) -> Any:
        """Raises what the pool raises, and Late."""
        seconds = request.extensions["timeout"]["read"]
        # The pool hands time-outs to its streams as they are. Those of here take them as moments, which is what
        # exchanges that share a pool can each have one of.
        at = self._clock() + seconds
        answer = self._pool.request(
            request.method,
            str(request.url),
            headers=request.headers.raw,
            content=request.read() or None,
            extensions={"timeout": {"connect": at, "write": at, "read": at, "pool": seconds}},
        )
        return self._response(answer.status, headers=answer.headers, content=answer.content)

    def close(self) -> None:
        self._pool.close()


class _Backend:
    """Opens connections that are aware of their exchange's deadline."""

    def __init__(self, inner: Any, clock: Clock) -> None:
        self._inner = inner
        self._clock = clock

    def connect_tcp(
        self, host: str, port: int, timeout: float, local_address: str | None = None, socket_options: Any = None
    ) -> _Stream:
        stream = self._inner.connect_tcp(
            host, port, _left(timeout, self._clock, LateToConnect), local_address, socket_options
        )
        return _Stream(stream, self._clock)


class _Stream:
    """One connection. Every `timeout` is a moment on the clock."""

    def __init__(self, inner: Any, clock: Clock) -> None:
        self._inner = inner
        self._clock = clock

    def read(self, max_bytes: int, timeout: float) -> bytes:
        data: bytes = self._inner.read(max_bytes, _left(timeout, self._clock, Late))
        return data

    def write(self, buffer: bytes, timeout: float) -> None:
        for start in range(0, len(buffer), PIECE):
            self._inner.write(buffer[start : start + PIECE], _left(timeout, self._clock, Late))

    def start_tls(self, ssl_context: SSLContext, server_hostname: str | None, timeout: float) -> _Stream:
        left = _left(timeout, self._clock, LateToConnect)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left), self._clock)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)

    def close(self) -> None:
        self._inner.close()


def _left(at: float, clock: Clock, late: type[Late]) -> float:
    seconds = at - clock()
    if seconds <= 0:
        raise late
    return seconds
