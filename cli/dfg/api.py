"""Calls of the HTTP API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx

TIMEOUT_SECONDS: Final = 40.0
"""The gateway gives up after 30."""


class NoAnswer(Exception):
    """Nothing came back, or not from this API: what was sent may have been carried out."""


@dataclass(frozen=True)
class Answer:
    """An answer of the API."""

    status: int
    body: Mapping[str, Any]
    retry_after: str | None

    @property
    def message(self) -> str:
        error = self.body.get("error")
        return str(error["message"]) if isinstance(error, dict) and "message" in error else f"HTTP {self.status}"


class Api:
    """The API at `url`, called with one token. Every method raises NoAnswer."""

    def __init__(self, url: str, token: str, http: httpx.Client) -> None:
        self._url = url.rstrip("/")
        self._headers = {"authorization": f"Bearer {token}"} if token else {}
        self._http = http

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Answer:
        return self._send("GET", path, params=params)

    def post(self, path: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Answer:
        return self._send("POST", path, body=body, headers=headers)

    def _send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        try:
            answer = self._http.request(
                method,
                self._url + path,
                params=params,
                json=body,
                headers={**self._headers, **(headers or {})},
                timeout=TIMEOUT_SECONDS,
            )
            value = answer.json()
        except httpx.HTTPError as error:
            raise NoAnswer(f"no answer from {self._url}: {error}") from error
        except ValueError as error:
            raise NoAnswer(f"{self._url} answered {answer.status_code} with something else than JSON") from error
        if not isinstance(value, dict):
            raise NoAnswer(f"{self._url} answered {answer.status_code} with something else than an object")
        return Answer(answer.status_code, value, answer.headers.get("retry-after"))
