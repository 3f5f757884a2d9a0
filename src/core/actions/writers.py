"""GitHub itself and dfg-relay as writers. Pure but for what is sent and read.

GitHub, for those who run no relay: a comment is posted and never edited, since an edit would take away the marker that
proves an earlier one. Labels are set by one request, so that there is no half of a change.
https://docs.github.com/en/rest/issues/comments and https://docs.github.com/en/rest/issues/labels

The relay has no idempotency and cannot read. It removes labels one at a time, then adds, and can stop half-way.

Definite refusals: no connection was made, or the other side says that it did not act. All else is
`outcome_unknown`: the change may have happened, or may still happen.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal

from core.actions.labels import Attempt, LabelReader, LabelStep, change_labels
from core.canonical import canonical
from core.config import GITHUB_TIMEOUT_SECONDS
from core.context.links import address
from core.context.team import Taxonomy
from core.errors import UpstreamUnavailable
from core.http.wire import Http, NoAnswer, NotSent, Response, Token, with_token
from core.types import Action, Effect, Json

MOVED: Final = frozenset({301, 307, 308})
"""The request is to be made elsewhere, as it is: here it was not acted on. 302 and 303 may follow an act that was."""
UNCLEAR: Final = frozenset({408, 409, 425, 499})
"""Statuses of a request that was given up, met another one, or may have been passed on."""
ABOUT_THE_TARGET: Final = frozenset({404, 410, 413, 422})
"""What GitHub says of one issue, pull request or comment. Other refusals say that the service is ill."""
GITHUB_SAID: Final = re.compile(r"GitHub API (4\d\d)\b")
DONE: Final = {("POST", 201): "posted on GitHub", ("PUT", 200): "set on GitHub"}


@dataclass(frozen=True)
class Request:
    """One request that changes something."""

    method: Literal["POST", "PUT"]
    path: str
    body: Json


@dataclass(frozen=True)
class Side:
    """Who answers a writer: the requests that it takes, and how its answers are read."""

    name: str
    comment: Callable[[Action], Request]
    labels: Callable[[Action, LabelStep], Request]
    read: Callable[[Request, Response], Attempt]


@dataclass(frozen=True)
class HttpWriter:
    """A writer over HTTP. `reader` sees what has become of labels."""

    side: Side
    http: Http
    base_url: str
    token: Token
    reader: LabelReader
    taxonomy: Taxonomy

    @property
    def name(self) -> str:
        return self.side.name

    def write(self, action: Action) -> Effect:
        """Raises ValueError for an action type without a route: it would be a fault of ours."""
        match action.type:
            case "add_comment":
                return self._attempt(self.side.comment(action)).effect
            case "change_labels":
                labels = partial(self.side.labels, action)
                return change_labels(action, self.reader, self.taxonomy, lambda step: self._attempt(labels(step)))
        raise ValueError(f"{self.name} has no request for {action.type}")

    def _attempt(self, request: Request) -> Attempt:
        """Sends a request once: never repeated, but for a token that was refused: with it nothing was done."""

        def send(token: str, timeout: float) -> Response:
            headers = {
                "authorization": f"Bearer {token}",
                "content-type": "application/json",
                "accept": "application/json",
                "user-agent": "dfg-orchestrator",
            }
            url = self.base_url.rstrip("/") + request.path
            return self.http.send(request.method, url, headers, canonical(request.body), timeout)

        try:
            response = with_token(self.token, GITHUB_TIMEOUT_SECONDS, send)
        except UpstreamUnavailable as error:
            return Attempt("refused", f"{error.message}: nothing was sent", ill=True)
        except NotSent as error:
            return Attempt("refused", f"no connection to {self.name}, {error}: nothing was sent", ill=True)
        except NoAnswer:
            return Attempt("unclear", f"{self.name} did not answer: whether it was done is not known", ill=True)
        return self.side.read(request, response)


def _comment_on_github(action: Action) -> Request:
    path = f"/repos/{action.repository}/issues/{action.target.number}/comments"
    return Request("POST", path, {"body": action.payload["body"]})


def _labels_on_github(action: Action, step: LabelStep) -> Request:
    """All labels at once: those of others, as they were read a moment ago, are sent back."""
    path = f"/repos/{action.repository}/issues/{action.target.number}/labels"
    return Request("PUT", path, {"labels": list(step.after)})


def _read_github(request: Request, response: Response) -> Attempt:
    if (request.method, response.status) in DONE:
        url = address((_said(response) or {}).get("html_url"))
        return Attempt("done", DONE[request.method, response.status], url=url)
    words = _error_text(response)
    detail = f"GitHub API {response.status}: {words}"
    if _definite(response.status):
        return Attempt("refused", detail, ill=_ill(response.status, words))
    return Attempt("unclear", detail, ill=True)


def _comment_through_relay(action: Action) -> Request:
    body = {"issue": action.target.number, "body": action.payload["body"], "repo": action.repository}
    return Request("POST", "/comment", body)


def _labels_through_relay(action: Action, step: LabelStep) -> Request:
    changes = {name: list(labels) for name, labels in (("add", step.add), ("remove", step.remove)) if labels}
    return Request("POST", "/labels", {"issue": action.target.number, "repo": action.repository, **changes})


def _read_relay(_: Request, response: Response) -> Attempt:
    """By the relay's own answer, or what it reports of GitHub's."""
    if response.status == 200 and (_said(response) or {}).get("success") is True:
        return Attempt("done", "posted through dfg-relay")
    words = _error_text(response)
    detail = f"dfg-relay answered {response.status}: {words}"
    if _definite(response.status):
        return Attempt("refused", detail, ill=True)
    reported = GITHUB_SAID.match(words) if response.status == 500 else None
    if reported and _definite(status := int(reported[1])):
        return Attempt("stopped", detail, ill=_ill(status, words))
    return Attempt("unclear", detail, ill=True)


def _definite(status: int) -> bool:
    """Whether an answer with this status says that nothing was done."""
    return status in MOVED or (400 <= status < 500 and status not in UNCLEAR)


def _ill(status: int, words: str) -> bool:
    """Whether GitHub's answer says that the service is ill: a locked conversation is one target's matter."""
    return status not in ABOUT_THE_TARGET and not (status == 403 and "locked" in words.lower())


def _error_text(response: Response) -> str:
    """The other side's own words, shortened and on one line. Of a page for people only that it is one."""
    said = _said(response)
    if said is None:
        return "no JSON: maybe a proxy's answer" if response.body else ""
    return " ".join(str(said.get("error") or said.get("message") or "").split())[:200]


def _said(response: Response) -> Json | None:
    """The object that was answered, empty where it is another value; None where the body is no JSON."""
    try:
        parsed = response.json()
    except (ValueError, RecursionError):
        return None
    return parsed if isinstance(parsed, dict) else {}


github_writer: Final = partial(
    HttpWriter, Side("GitHub", comment=_comment_on_github, labels=_labels_on_github, read=_read_github)
)
"""The writer with `GITHUB_TOKEN` or the GitHub App."""
relay_writer: Final = partial(
    HttpWriter, Side("dfg-relay", comment=_comment_through_relay, labels=_labels_through_relay, read=_read_relay)
)
"""The writer behind `DFG_RELAY_URL`."""
