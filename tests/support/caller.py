"""A caller of the API that may be rude: paths, headers and bodies go over the wire exactly as given."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import Any, Final
from urllib.parse import urlsplit

UNAVAILABLE: Final = (502, 503)
"""The only statuses above 499 that the contract knows."""


@dataclass(frozen=True)
class Reply:
    """An answer. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def body(self) -> Any:
        return json.loads(self.text)


@dataclass
class Caller:
    """Calls the API at `url`, with a bearer token unless it is None. `heard` keeps every answer."""

    url: str
    token: str | None
    heard: list[Reply] = field(default_factory=list)

    def known_as(self, token: str | None) -> Caller:
        """The same caller with another token."""
        return Caller(self.url, token, self.heard)

    def get(self, path: str) -> Reply:
        return self.send("GET", path)

    def post(self, path: str, body: object = None, **headers: str) -> Reply:
        """Keywords are headers: `if_match` is `If-Match`."""
        content = None if body is None else json.dumps(body).encode()
        return self.send("POST", path, content, {name.replace("_", "-"): value for name, value in headers.items()})

    def send(
        self, method: str, path: str, content: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """One exchange. What holds for every answer of a handler is asserted here."""
        sent = {"content-type": "application/json", **(headers or {})}
        if self.token is not None:
            sent["authorization"] = f"Bearer {self.token}"
        where = urlsplit(self.url)
        connection = HTTPConnection(where.hostname or "", where.port, timeout=60)
        try:
            connection.request(method, path, content, sent)
            answer = connection.getresponse()
            reply = Reply(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read().decode())
        finally:
            connection.close()
        self.heard.append(reply)
        if "apigw-requestid" in reply.headers:
            _assert_like_every_answer(reply)
        return reply


def _assert_like_every_answer(reply: Reply) -> None:
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["x-request-id"] == reply.headers["apigw-requestid"]
    assert reply.status < 500 or reply.status in UNAVAILABLE, reply.text
    if reply.status == 503:
        assert reply.body["status"] == "degraded" or int(reply.headers["retry-after"]) > 0
    assert isinstance(reply.body, dict)
    assert "Traceback" not in reply.text


def error_of(reply: Reply) -> tuple[int, str]:
    """Status and code of a refusal in the contract's shape."""
    assert reply.body["status"] == "error", reply.text
    assert reply.body["error"]["message"]
    return reply.status, reply.body["error"]["code"]
