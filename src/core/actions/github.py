"""GitHub itself as a writer, for those who run no relay. Pure but for what `Line` sends and the reader reads.

A comment is posted and never edited: an edit would take away the marker that proves an earlier one. Labels
are set by one request, so that there is no half of a change.

https://docs.github.com/en/rest/issues/comments and https://docs.github.com/en/rest/issues/labels
"""

from __future__ import annotations

from typing import Final

from core.actions.labels import LabelReader, LabelStep, change_labels
from core.actions.writer import Attempt, HttpWriter, Line, Request, definite, error_text, ill
from core.canonical import canonical
from core.context.links import address
from core.context.team import Taxonomy
from core.http.wire import Http, Response, Token
from core.types import Action, Effect

NAME: Final = "GitHub"
DONE: Final = {
    ("POST", 201): "posted on GitHub",
    ("PUT", 200): "set on GitHub",
}


def github_writer(
    http: Http,
    api_url: str,
    token: Token,
    reader: LabelReader,
    taxonomy: Taxonomy,
) -> HttpWriter:
    """The writer with `GITHUB_TOKEN` or the GitHub App. `reader` sees what has become of labels."""
    line = Line(NAME, http, api_url, token, read)

    def comment(action: Action) -> Effect:
        return line.attempt(comment_request(action)).effect

    def labels(action: Action) -> Effect:
        return change_labels(action, reader, taxonomy, lambda step: line.attempt(labels_request(action, step)))

    return HttpWriter(NAME, {"add_comment": comment, "change_labels": labels})


def comment_request(action: Action) -> Request:
    path = f"/repos/{action.repository}/issues/{action.target.number}/comments"
    return Request("POST", path, canonical({"body": action.payload["body"]}))


def labels_request(action: Action, step: LabelStep) -> Request:
    """All labels at once: those of others, as they were read a moment ago, are sent back."""
    path = f"/repos/{action.repository}/issues/{action.target.number}/labels"
    return Request("PUT", path, canonical({"labels": list(step.after)}))


def read(request: Request, response: Response) -> Attempt:
    """How a request ended, by GitHub's answer."""
    if (request.method, response.status) in DONE:
        return Attempt("done", DONE[request.method, response.status], url=_url(response))
    words = error_text(response)
    detail = f"GitHub API {response.status}: {words}"
    if definite(response.status):
        return Attempt("refused", detail, ill=ill(response.status, words))
    return Attempt("unclear", detail, ill=True)


def _url(response: Response) -> str:
    try:
        return address(response.json()["html_url"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return ""
