"""dfg-relay as a writer. It has no idempotency and cannot read. Pure but for what HttpWriter sends."""

from __future__ import annotations

import re
from typing import Final

from core.actions.writer import HttpWriter, Post, error_text
from core.canonical import canonical
from core.types import Action, Effect
from core.wire import Http, Response

DEFINITE: Final = frozenset({400, 401, 405})
GITHUB_REFUSED: Final = re.compile(r"GitHub API 4\d\d\b")


def relay_writer(http: Http, url: str, token: str) -> HttpWriter:
    """The writer behind `DFG_RELAY_URL`."""
    return HttpWriter("dfg-relay", http, url, token, request, read)


def request(action: Action) -> Post:
    """The relay's request for an action. Raises ValueError for an action type it has no route for."""
    if action.type != "add_comment":
        raise ValueError(f"no relay request for {action.type}")
    return Post(
        "/comment",
        canonical({"issue": action.target.number, "body": action.payload["body"], "repo": action.repository}),
    )


def read(response: Response) -> Effect:
    """How the attempt ended, by the relay's answer."""
    words = error_text(response)
    if response.status == 200 and _succeeded(response):
        return Effect("executed", "posted through dfg-relay")
    if response.status in DEFINITE or (response.status == 500 and GITHUB_REFUSED.match(words)):
        return Effect("failed", f"dfg-relay answered {response.status}: {words}")
    return Effect("outcome_unknown", f"dfg-relay answered {response.status}: {words}")


def _succeeded(response: Response) -> bool:
    try:
        parsed = response.json()
    except ValueError:
        return False
    return isinstance(parsed, dict) and parsed.get("success") is True
