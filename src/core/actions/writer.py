"""What a writer to GitHub is, and how the outcome of one attempt is read. Pure.

Definite refusals: the connection was refused, or the other side says that it did not act. All else is
`outcome_unknown`: the change may have happened, or may still happen.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from core.config import GITHUB_TIMEOUT_SECONDS
from core.types import Action, Effect
from core.wire import Http, NoAnswer, NotSent, Response


@dataclass(frozen=True)
class Post:
    """One POST that would carry out an action."""

    path: str
    body: bytes


class Writer(Protocol):
    """One way to reach GitHub. Only `perform` calls it."""

    @property
    def name(self) -> str:
        """What the audit calls it."""
        ...

    def write(self, action: Action) -> Effect:
        """One attempt, never repeated. Says how it ended; raises nothing for what the other side does."""
        ...


@dataclass(frozen=True)
class HttpWriter:
    """A writer over HTTP: builds the request, sends it once, reads the answer."""

    name: str
    http: Http
    base_url: str
    token: str
    request: Callable[[Action], Post]
    read: Callable[[Response], Effect]

    def write(self, action: Action) -> Effect:
        post = self.request(action)
        headers = {
            "authorization": f"Bearer {self.token}",
            "content-type": "application/json",
            "accept": "application/json",
            "user-agent": "dfg-orchestrator",
        }
        try:
            response = self.http.send(
                "POST", self.base_url.rstrip("/") + post.path, headers, post.body, GITHUB_TIMEOUT_SECONDS
            )
        except NotSent:
            return Effect("failed", f"the connection to {self.name} was refused: nothing was sent")
        except NoAnswer:
            return Effect("outcome_unknown", f"{self.name} did not answer: the comment may or may not be there")
        return self.read(response)


def error_text(response: Response) -> str:
    """The other side's own words, shortened and on one line."""
    try:
        parsed = json.loads(response.body)
        text = str(parsed.get("error") or parsed.get("message") or "") if isinstance(parsed, dict) else ""
    except ValueError:
        text = ""
    return " ".join(text.split())[:200]
