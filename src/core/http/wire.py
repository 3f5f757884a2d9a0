"""One HTTP exchange, and the distinction that matters: never sent, or sent without an answer."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol


class NotSent(Exception):
    """No connection was made, or no TLS: the other side cannot have acted. Says why, in words for people."""


class NoAnswer(Exception):
    """The request may have arrived; no answer came."""


@dataclass(frozen=True)
class Response:
    """An answer, whatever its status. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float = 0.0
    """How long the exchange took, with what was tried again."""

    def json(self) -> Any:
        """The body as JSON. Raises ValueError."""
        return json.loads(self.body)


class Http(Protocol):
    """What readers and writers need of HTTP."""

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout: float) -> Response:
        """One exchange, redirects not followed; a GET may be tried twice, all else never.

        `timeout` in seconds, for all of it. Raises NotSent, NoAnswer.
        """
        ...


class Token(Protocol):
    """What says who asks. Raises UpstreamUnavailable where it has to be made and cannot be."""

    def __call__(self) -> str: ...

    def renew(self, refused: str) -> bool:
        """Whether there is, or can be made, another one than that, which was answered 401."""
        ...


@dataclass(frozen=True)
class FixedToken:
    """A token from the settings."""

    value: str = field(repr=False)

    def __call__(self) -> str:
        return self.value

    def renew(self, refused: str) -> bool:
        return False


LEAST_SECONDS: Final = 1.0
"""What a request has at least when it is made again with another token."""


def with_token(token: Token, timeout: float, send: Callable[[str, float], Response]) -> Response:
    """The answer to `send(token, timeout)`, and once more where the token was refused and can be renewed."""
    current = token()
    answer = send(current, timeout)
    if answer.status == 401 and token.renew(current):
        answer = send(token(), max(timeout - answer.seconds, LEAST_SECONDS))
    return answer
