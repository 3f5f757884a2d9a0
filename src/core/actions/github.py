"""GitHub itself as a writer, for those who run no relay. Pure but for what HttpWriter sends.

https://docs.github.com/en/rest/issues/comments#create-an-issue-comment
"""

from __future__ import annotations

from core.actions.writer import HttpWriter, Post, error_text
from core.canonical import canonical
from core.types import Action, Effect
from core.wire import Http, Response


def github_writer(http: Http, api_url: str, token: str) -> HttpWriter:
    """The writer behind `GITHUB_TOKEN`, where it may write."""
    return HttpWriter("GitHub", http, api_url, token, request, read)


def request(action: Action) -> Post:
    """GitHub's request for an action. Raises ValueError for an action type it has no route for."""
    if action.type != "add_comment":
        raise ValueError(f"no GitHub request for {action.type}")
    return Post(
        f"/repos/{action.repository}/issues/{action.target.number}/comments",
        canonical({"body": action.payload["body"]}),
    )


def read(response: Response) -> Effect:
    """How the attempt ended, by GitHub's answer."""
    if response.status == 201:
        return Effect("executed", "posted on GitHub")
    detail = f"GitHub API {response.status}: {error_text(response)}"
    # 408: the request was not read to its end in time; whether it was acted on is not said.
    if 400 <= response.status < 500 and response.status != 408:
        return Effect("failed", detail)
    return Effect("outcome_unknown", detail)
