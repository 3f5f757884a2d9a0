"""GitHub itself as a writer, for those who run no relay. Pure but for what `Line` sends and the reader reads.

A comment replaces the writer's own earlier one of the same kind; labels are set by one request, so that
there is no half of a change.

https://docs.github.com/en/rest/issues/comments and https://docs.github.com/en/rest/issues/labels
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final, Protocol

from core.actions.labels import LabelReader, Step, change_labels
from core.actions.writer import Attempt, HttpWriter, Line, Request, error_text
from core.canonical import canonical
from core.context.team import Taxonomy
from core.errors import NotFound, UpstreamUnavailable
from core.text.markdown import marker
from core.types import Action, Comment, Effect
from core.wire import Http, Response

NAME: Final = "GitHub"
DONE: Final = {
    ("POST", 201): "posted on GitHub",
    ("PATCH", 200): "updated our earlier comment on GitHub",
    ("PUT", 200): "set on GitHub",
}
ANY_MARKER: Final = re.compile(re.escape(marker("ID")).replace("ID", r"[0-9A-Za-z-]{1,64}") + r"\s*\Z")


class Reader(LabelReader, Protocol):
    """What the writer looks at before it writes. Raises NotFound, UpstreamUnavailable."""

    def comments(self, number: int, since: str = "") -> tuple[Comment, ...]: ...


def github_writer(
    http: Http,
    api_url: str,
    token: Callable[[], str],
    reader: Reader,
    taxonomy: Taxonomy,
    comment_author: str | None,
) -> HttpWriter:
    """The writer with `GITHUB_TOKEN` or the GitHub App. Without `comment_author` no comment counts as its own."""
    line = Line(NAME, http, api_url, token, read)

    def comment(action: Action) -> Effect:
        if comment_author is None:
            return line.attempt(comment_request(action, None)).effect
        try:
            there = reader.comments(action.target.number)
        except (UpstreamUnavailable, NotFound) as error:
            return Effect("failed", f"the comments cannot be read: {error.message}; nothing was sent")
        return line.attempt(comment_request(action, earlier(there, comment_author, action.payload["body"]))).effect

    def labels(action: Action) -> Effect:
        return change_labels(action, reader, taxonomy, lambda step: line.attempt(labels_request(action, step)))

    return HttpWriter(NAME, {"add_comment": comment, "change_labels": labels})


def earlier(comments: Iterable[Comment], author: str, body: str) -> Comment | None:
    """The newest comment of ours with the same heading: by the author, with a marker at its end."""
    own = [
        comment
        for comment in comments
        if comment.author.lower() == author.lower()
        and ANY_MARKER.search(comment.body)
        and _heading(comment.body) == _heading(body)
    ]
    return max(own, key=lambda comment: (comment.created_at, comment.id), default=None)


def comment_request(action: Action, replaced: Comment | None) -> Request:
    body = canonical({"body": action.payload["body"]})
    if replaced is not None:
        return Request("PATCH", f"/repos/{action.repository}/issues/comments/{replaced.id}", body)
    return Request("POST", f"/repos/{action.repository}/issues/{action.target.number}/comments", body)


def labels_request(action: Action, step: Step) -> Request:
    """All labels at once: those of others, as they were read a moment ago, are sent back."""
    path = f"/repos/{action.repository}/issues/{action.target.number}/labels"
    return Request("PUT", path, canonical({"labels": list(step.after)}))


def read(request: Request, response: Response) -> Attempt:
    """How a request ended, by GitHub's answer."""
    if (request.method, response.status) in DONE:
        return Attempt("done", DONE[request.method, response.status])
    detail = f"GitHub API {response.status}: {error_text(response)}"
    # 408: the request was not read to its end in time; whether it was acted on is not said.
    if 400 <= response.status < 500 and response.status != 408:
        return Attempt("refused", detail)
    return Attempt("unclear", detail)


def _heading(body: str) -> str:
    return body.partition("\n")[0].rstrip()
