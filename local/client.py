"""A caller of the API: one bearer token, JSON in and out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import urllib3


@dataclass(frozen=True)
class Reply:
    """An answer of the API. Header names are lower case; `body` is the decoded JSON."""

    status: int
    headers: Mapping[str, str]
    body: Any


class Client:
    """Calls the API at `url`; safe to use from several threads."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self._headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        self._http = urllib3.PoolManager(maxsize=32, retries=False, timeout=60.0)

    def get(self, path: str) -> Reply:
        """Raises urllib3.exceptions.HTTPError when no answer comes."""
        return self._send("GET", path, None, {})

    def post(self, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> Reply:
        """Raises urllib3.exceptions.HTTPError when no answer comes."""
        return self._send("POST", path, None if body is None else json.dumps(body).encode(), headers or {})

    def _send(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Reply:
        answer = self._http.request(method, self.url + path, body=body, headers={**self._headers, **headers})
        return Reply(answer.status, {k.lower(): v for k, v in answer.headers.items()}, json.loads(answer.data))
