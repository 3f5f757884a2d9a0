"""dfg-relay as a writer. It has no idempotency and cannot read. Pure but for what `Line` sends."""

from __future__ import annotations

import re
from typing import Final

from core.actions.labels import LabelReader, LabelStep, change_labels
from core.actions.writer import Attempt, HttpWriter, Line, Request, definite, error_text, ill
from core.canonical import canonical
from core.context.team import Taxonomy
from core.http.wire import FixedToken, Http, Response
from core.types import Action, Effect

NAME: Final = "dfg-relay"
GITHUB_SAID: Final = re.compile(r"GitHub API (4\d\d)\b")


def relay_writer(http: Http, url: str, token: str, reader: LabelReader, taxonomy: Taxonomy) -> HttpWriter:
    """The writer behind `DFG_RELAY_URL`. `reader` sees what has become of labels."""
    line = Line(NAME, http, url, FixedToken(token), read)

    def comment(action: Action) -> Effect:
        return line.attempt(comment_request(action)).effect

    def labels(action: Action) -> Effect:
        return change_labels(action, reader, taxonomy, lambda step: line.attempt(labels_request(action, step)))

    return HttpWriter(NAME, {"add_comment": comment, "change_labels": labels})


def comment_request(action: Action) -> Request:
    body = {"issue": action.target.number, "body": action.payload["body"], "repo": action.repository}
    return Request("POST", "/comment", canonical(body))


def labels_request(action: Action, step: LabelStep) -> Request:
    """What is to be removed and added. The relay removes one at a time, then adds, and can stop half-way."""
    changes = {name: list(labels) for name, labels in (("add", step.add), ("remove", step.remove)) if labels}
    return Request("POST", "/labels", canonical({"issue": action.target.number, "repo": action.repository, **changes}))


def read(_: Request, response: Response) -> Attempt:
    """How a request ended, by the relay's answer: its own, or what it reports of GitHub's."""
    words = error_text(response)
    if response.status == 200 and _succeeded(response):
        return Attempt("done", "posted through dfg-relay")
    detail = f"dfg-relay answered {response.status}: {words}"
    if definite(response.status):
        return Attempt("refused", detail, ill=True)
    reported = GITHUB_SAID.match(words) if response.status == 500 else None
    if reported and definite(status := int(reported[1])):
        return Attempt("stopped", detail, ill=ill(status, words))
    return Attempt("unclear", detail, ill=True)


def _succeeded(response: Response) -> bool:
    try:
        parsed = response.json()
    except ValueError:
        return False
    return isinstance(parsed, dict) and parsed.get("success") is True
