"""Calls of the HTTP API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx

from dfg.exits import Exit

TIMEOUT_SECONDS: Final = 40.0
"""The gateway gives up after 30."""
SENT_NOTHING: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)


class NoAnswer(Exception):
    """Nothing came back, or not from this API. The message is a sentence for people."""

    def __init__(self, message: str, code: Exit = Exit.UNAVAILABLE) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Answer:
    """An answer of the API, or of the gateway before it."""

    status: int
    body: Mapping[str, Any]
    retry_after: str | None = None

    @property
    def message(self) -> str:
        error = self.body.get("error")
        found = error.get("message") if isinstance(error, dict) else self.body.get("message")
        return str(found) if found else f"HTTP {self.status}"


def bearer(token: str) -> Callable[[], str]:
    """A token of the deployment's own. Raises NoAnswer when called where there is none that a header can carry."""
    token = token.strip()

    def read() -> str:
        if not token:
            raise NoAnswer("no token: set DFG_TOKEN to one of the deployment's", Exit.FORBIDDEN)
        if not token.isascii() or not token.isprintable() or " " in token:
            raise NoAnswer("DFG_TOKEN is no token: it has characters that no header carries", Exit.FORBIDDEN)
        return token

    return read


@dataclass(frozen=True)
class Credentials:
    """What the API is asked with: the token of the moment, and the path under which it is taken."""

    token: Callable[[], str]
    path: Callable[[str], str] = str


class Api:
    """The API at `url`, called with one set of credentials. Every method raises NoAnswer."""

    def __init__(self, url: str, credentials: Credentials, http: httpx.Client) -> None:
        self._url = url.rstrip("/")
        self._credentials = credentials
        self._http = http

    def get(self, path: str, params: Mapping[str, str] | None = None, *, public: bool = False) -> Answer:
        """`public`: the route takes no token, and gets none."""
        return self._send("GET", path, public=public, params=params)

    def post(self, path: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Answer:
        return self._send("POST", path, body=body, headers=headers)

    def _send(
        self,
        method: str,
        path: str,
        *,
        public: bool = False,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        where = self._url + (path if public else self._credentials.path(path))
        own = {} if public else {"authorization": f"Bearer {self._credentials.token()}"}
        try:
            answer = self._http.request(
                method, where, params=params, json=body, headers={**own, **(headers or {})}, timeout=TIMEOUT_SECONDS
            )
        except (httpx.UnsupportedProtocol, httpx.InvalidURL, UnicodeError) as error:
            raise NoAnswer(
                f"{self._url!r} is no address to call ({error}): DFG_URL or --url takes one that begins with https://",
                Exit.USAGE,
            ) from error
        except httpx.HTTPError as error:
            unsent = method == "GET" or isinstance(error, SENT_NOTHING)
            then = "Nothing was carried out." if unsent else "Look before you repeat it: it may have been carried out."
            raise NoAnswer(f"no answer from {self._url}: {error or type(error).__name__}. {then}") from error
        return _read(answer, self._url)


def _read(answer: httpx.Response, url: str) -> Answer:
    leads = answer.headers.get("location") if 300 <= answer.status_code < 400 else None
    if leads:
        raise NoAnswer(f"{url} only leads to {leads}: set DFG_URL to where the API itself answers", Exit.WRONG)
    try:
        value = answer.json()
    except ValueError:
        value = None
    if isinstance(value, dict):
        return Answer(answer.status_code, value, answer.headers.get("retry-after"))
    kind = "a web page" if "html" in answer.headers.get("content-type", "") else "something else than a JSON object"
    if answer.status_code >= 500:
        raise NoAnswer(f"{url} answered {answer.status_code} with {kind}: it cannot work now")
    raise NoAnswer(f"{url} answered {answer.status_code} with {kind}: this is not the API, see DFG_URL", Exit.WRONG)
