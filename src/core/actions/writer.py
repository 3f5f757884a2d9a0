"""What a writer to GitHub is, and how the outcome of one attempt is read. Pure but for `Line.attempt`.

Definite refusals: no connection was made, or the other side says that it did not act. All else is
`outcome_unknown`: the change may have happened, or may still happen.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from core.config import GITHUB_TIMEOUT_SECONDS
from core.errors import UpstreamUnavailable
from core.http.wire import Http, NoAnswer, NotSent, Response, Token, with_token
from core.types import Action, ActionType, Effect

Fate = Literal["done", "refused", "stopped", "unclear"]
"""done: so it says. refused: nothing was done. stopped: it has ended, maybe half-way. unclear: it may still land."""

MOVED: Final = frozenset({301, 307, 308})
"""The request is to be made elsewhere, as it is: here it was not acted on. 302 and 303 may follow an act that was."""
UNCLEAR: Final = frozenset({408, 409, 425, 499})
"""Statuses of a request that was given up, met another one, or may have been passed on."""
ABOUT_THE_TARGET: Final = frozenset({404, 410, 413, 422})
"""What GitHub says of one issue, pull request or comment. Other refusals say that the service is ill."""


@dataclass(frozen=True)
class Request:
    """One request that changes something."""

    method: Literal["POST", "PUT"]
    path: str
    body: bytes


@dataclass(frozen=True)
class Attempt:
    """What became of one request."""

    fate: Fate
    detail: str
    ill: bool = False
    """Whether it says that the service is ill, rather than something of the target."""
    url: str = ""
    """Of what was made, where the other side tells."""

    @property
    def effect(self) -> Effect:
        """The outcome of an action that is this one request."""
        if self.fate == "done":
            return Effect("executed", self.detail, url=self.url)
        return Effect("outcome_unknown" if self.fate == "unclear" else "failed", self.detail, ill=self.ill)


class Writer(Protocol):
    """One way to reach GitHub. Only `perform` calls it."""

    @property
    def name(self) -> str:
        """What the audit calls it."""
        ...

    def write(self, action: Action) -> Effect:
        """One attempt at an action. Says how it ended; raises nothing for what the other side does."""
        ...


@dataclass(frozen=True)
class Line:
    """The connection of a writer: sends one request once, and reads the answer."""

    name: str
    http: Http
    base_url: str
    token: Token
    read: Callable[[Request, Response], Attempt]

    def attempt(self, request: Request) -> Attempt:
        """Never repeated, but for a token that was refused: with it nothing was done."""

        def send(token: str, timeout: float) -> Response:
            headers = {
                "authorization": f"Bearer {token}",
                "content-type": "application/json",
                "accept": "application/json",
                "user-agent": "dfg-orchestrator",
            }
            url = self.base_url.rstrip("/") + request.path
            return self.http.send(request.method, url, headers, request.body, timeout)

        try:
            response = with_token(self.token, GITHUB_TIMEOUT_SECONDS, send)
        except UpstreamUnavailable as error:
            return Attempt("refused", f"{error.message}: nothing was sent", ill=True)
        except NotSent as error:
            return Attempt("refused", f"no connection to {self.name}, {error}: nothing was sent", ill=True)
        except NoAnswer:
            return Attempt("unclear", f"{self.name} did not answer: whether it was done is not known", ill=True)
        return self.read(request, response)


@dataclass(frozen=True)
class HttpWriter:
    """A writer by the types of action that it knows."""

    name: str
    acts: Mapping[ActionType, Callable[[Action], Effect]]

    def write(self, action: Action) -> Effect:
        """Raises ValueError for an action type without a route: it would be a fault of ours."""
        if action.type not in self.acts:
            raise ValueError(f"{self.name} has no request for {action.type}")
        return self.acts[action.type](action)


def definite(status: int) -> bool:
    """Whether an answer with this status says that nothing was done."""
    return status in MOVED or (400 <= status < 500 and status not in UNCLEAR)


def ill(status: int, words: str) -> bool:
    """Whether GitHub's answer says that the service is ill: a locked conversation is one target's matter."""
    return status not in ABOUT_THE_TARGET and not (status == 403 and "locked" in words.lower())


def error_text(response: Response) -> str:
    """The other side's own words, shortened and on one line. Of a page for people only that it is one."""
    try:
        parsed = json.loads(response.body)
    except (ValueError, RecursionError):
        return "no JSON: maybe a proxy's answer" if response.body else ""
    text = str(parsed.get("error") or parsed.get("message") or "") if isinstance(parsed, dict) else ""
    return " ".join(text.split())[:200]
