"""What a writer to GitHub is, and how the outcome of one attempt is read. Pure but for `Line.attempt`.

Definite refusals: the connection was refused, or the other side says that it did not act. All else is
`outcome_unknown`: the change may have happened, or may still happen.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from core.config import GITHUB_TIMEOUT_SECONDS
from core.errors import UpstreamUnavailable
from core.types import Action, ActionType, Effect
from core.wire import Http, NoAnswer, NotSent, Response

Fate = Literal["done", "refused", "stopped", "unclear"]
"""done: so it says. refused: nothing was done. stopped: it has ended, maybe half-way. unclear: it may still land."""


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
    """See Effect.ill."""

    @property
    def effect(self) -> Effect:
        """The outcome of an action that is this one request."""
        if self.fate == "done":
            return Effect("executed", self.detail)
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
    token: Callable[[], str]
    read: Callable[[Request, Response], Attempt]

    def attempt(self, request: Request) -> Attempt:
        """Never repeated."""
        try:
            token = self.token()
        except UpstreamUnavailable as error:
            return Attempt("refused", f"{error.message}: nothing was sent", ill=True)
        headers = {
            "authorization": f"Bearer {token}",
            "content-type": "application/json",
            "accept": "application/json",
            "user-agent": "dfg-orchestrator",
        }
        url = self.base_url.rstrip("/") + request.path
        try:
            response = self.http.send(request.method, url, headers, request.body, GITHUB_TIMEOUT_SECONDS)
        except NotSent:
            return Attempt("refused", f"the connection to {self.name} was refused: nothing was sent", ill=True)
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


def says_ill(status: int, words: str) -> bool:
    """Whether GitHub's answer is about the service (it fails, or we lack a right), not about this one target.

    GitHub answers 403 for a locked conversation too.
    """
    return status == 401 or status >= 500 or (status == 403 and "locked" not in words.lower())


def error_text(response: Response) -> str:
    """The other side's own words, shortened and on one line."""
    try:
        parsed = json.loads(response.body)
        text = str(parsed.get("error") or parsed.get("message") or "") if isinstance(parsed, dict) else ""
    except ValueError:
        text = ""
    return " ".join(text.split())[:200]
