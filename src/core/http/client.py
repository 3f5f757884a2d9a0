"""`Http` over httpx. Imported by what calls GitHub or the relay, when it does so for the first time.

A read goes over a kept connection, and once more over a new one where that was dead or what answers stands before
GitHub and is in trouble. Everything else has a connection of its own: one that died unseen would take a write along,
and leave whether it arrived unknown.
"""

import ssl
import time
from collections.abc import Mapping
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final

import httpcore
import httpx

from core.http.deadline import Clock, LateToConnect, WholeExchange
from core.http.wire import NoAnswer, NotSent, Response

KEPT_CONNECTIONS: Final = 8
PASSING: Final = frozenset({502, 503, 504})
"""Statuses of a proxy that found nobody behind it: a read is worth a second try at once."""
LEAST_SECONDS: Final = 0.1
"""With less than that left nothing is tried again."""
_NOT_SENT: Final = (
    LateToConnect,
    httpcore.ConnectError,
    httpcore.ConnectTimeout,
    httpcore.PoolTimeout,
    httpcore.UnsupportedProtocol,
    httpx.InvalidURL,
)
_NO_ANSWER: Final = (
    OSError,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.TimeoutException,
    httpx.HTTPError,
)


@cache
def trusted() -> ssl.SSLContext:
    """Whom we trust: `certifi`, or what `SSL_CERT_FILE` names."""
    return httpx.create_ssl_context()


class HttpxHttp:
    """Http. Thread-safe."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._reads = _client(clock, KEPT_CONNECTIONS)
        self._fresh = _client(clock, 0)

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout: float) -> Response:
        begun = self._clock()

        def exchange(client: httpx.Client) -> Response:
            left = max(timeout - (self._clock() - begun), LEAST_SECONDS)
            try:
                answer = client.request(method, url, headers=dict(headers), content=body, timeout=left)
            except _NOT_SENT as error:
                raise NotSent(_why(error)) from error
            except _NO_ANSWER as error:
                raise NoAnswer(type(error).__name__) from error
            return Response(answer.status_code, dict(answer.headers), answer.content, self._clock() - begun)

        if method != "GET":
            return exchange(self._fresh)
        try:
            answer = exchange(self._reads)
        except NoAnswer:
            if self._clock() - begun > timeout - LEAST_SECONDS:
                raise
        else:
            if answer.status not in PASSING or "retry-after" in answer.headers:
                return answer
        return exchange(self._fresh)


def _client(clock: Clock, keep: int) -> httpx.Client:
    """Over a transport of its own no proxy of the environment is used; redirects are not followed."""
    no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    transport = WholeExchange(httpcore, httpx.Response, trusted(), keep=keep, clock=clock)
    return httpx.Client(transport=transport, cookies=no_cookies, headers={"accept-encoding": "gzip"})  # type: ignore[arg-type]


def _why(error: BaseException) -> str:
    """The cause at the bottom, in words. A certificate that is not trusted is named: only people can mend it."""
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return "no TLS could be agreed on"
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    return "it could not be connected to"
