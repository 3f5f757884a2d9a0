"""A stand-in for the parts of GitHub's REST API that the service uses. It is not GitHub.

Operations that can be ordered to fail: pull, files, issue, issues, comments, labels, tree, permission (reads);
comment, change_labels (writes); app_token. Others order by POST /__control, see `local.faults`.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final
from urllib.parse import unquote, urlencode

from local.faults import Faults
from local.github_app import GitHubApp
from local.repository import Refused, Repository
from local.web import Answer, Request, StandIn, json_answer

HEADERS: Final = {"x-stand-in": "This is the local GitHub stand-in, not GitHub"}
DEFAULT_PER_PAGE: Final = 30
MAX_PER_PAGE: Final = 100
MAX_FILES: Final = 3_000
"""GitHub lists no more files of a pull request than this."""

_REPOSITORY: Final = re.compile(r"/repos/([^/]+/[^/]+)/(.+)")
_INSTALLATION: Final = re.compile(r"/app/installations/(\d{1,18})/access_tokens")
_ISSUE: Final = r"issues/(?P<number>\d{1,18})"
_PULL: Final = r"pulls/(?P<number>\d{1,18})"
_CREATED: Final = frozenset({"comment", "app_token"})
"""Operations that answer 201."""


class GitHubStandIn(StandIn):
    """Serves one repository between `start` and `stop`.

    It knows `token`, `reader_token`, and those of a GitHub App, `app`, that is installed there.
    """

    def __init__(self, repository: Repository, login: str = "dfg-bot", app: GitHubApp | None = None) -> None:
        self.repository = repository
        self.app = app
        self.token = secrets.token_hex(16)
        self.reader_token = secrets.token_hex(16)
        """Another, which may read alone."""
        self.login = login
        """Who comments that are written with the token are by."""
        self.faults = Faults()
        super().__init__(self.answer, self.faults.close)
        of = repository
        self._routes: list[tuple[str, str, str, Callable[[Request, dict[str, str]], Any]]] = [
            ("GET", _PULL, "pull", lambda _, at: of.pull(int(at["number"]))),
            ("GET", f"{_PULL}/files", "files", lambda _, at: of.files(int(at["number"]))[:MAX_FILES]),
            ("GET", _ISSUE, "issue", lambda _, at: of.issue(int(at["number"]))),
            ("GET", "issues", "issues", lambda request, _: self._issues(request)),
            ("GET", f"{_ISSUE}/comments", "comments", lambda request, at: of.comments(
                int(at["number"]), request.argument("since", ""))),
            ("POST", f"{_ISSUE}/comments", "comment", lambda request, at: of.comment(
                int(at["number"]), self.login, _text(request))),
            ("GET", "git/trees/HEAD", "tree", lambda request, _: self._tree(request)),
            ("GET", "labels", "labels", lambda *_: of.all_labels()),
            ("GET", f"{_ISSUE}/labels", "labels", lambda _, at: of.labels(int(at["number"]))),
            ("POST", f"{_ISSUE}/labels", "change_labels", lambda request, at: of.add_labels(
                int(at["number"]), _names(request))),
            ("PUT", f"{_ISSUE}/labels", "change_labels", lambda request, at: of.set_labels(
                int(at["number"]), _names(request))),
            ("DELETE", f"{_ISSUE}/labels/(?P<name>[^/]+)", "change_labels", lambda _, at: of.remove_label(
                int(at["number"]), unquote(at["name"]))),
            ("GET", "collaborators/(?P<name>[^/]+)/permission", "permission", lambda _, at: of.permission(
                unquote(at["name"]))),
        ]  # fmt: skip

    def answer(self, request: Request) -> Answer:
        """One request. Raises HangUp."""
        if request.path == "/__control":
            return self.faults.control(request.json())
        installation = _INSTALLATION.fullmatch(request.path)
        if installation is not None:
            return self._perform("app_token", request, lambda: self._app_token(request, installation[1]))
        asked = _REPOSITORY.fullmatch(request.path)
        if asked is None or asked[1] != self.repository.name:
            return _complain(404, "Not Found")
        for method, path, operation, work in self._routes:
            match = re.fullmatch(path, asked[2])
            if match is not None and method == request.method:
                refused = self._refused(request, operation)
                return refused or self._perform(operation, request, partial(work, request, match.groupdict()))
        return _complain(404, "Not Found")

    def _perform(self, operation: str, request: Request, work: Callable[[], Any]) -> Answer:
        def answered() -> Answer:
            given = work()
            if isinstance(given, list):
                return _page(request, self.url, given)
            return json_answer(201 if operation in _CREATED else 200, given, HEADERS)

        return self.faults.perform(operation, request, answered, _complain)

    def _refused(self, request: Request, operation: str) -> Answer | None:
        """Everybody may read but who may do what; whoever shows a credential must be known."""
        token = request.headers.get("authorization", "").removeprefix("Bearer ").removeprefix("token ")
        if not token:
            needed = request.method != "GET" or operation == "permission"
            return _complain(401, "Requires authentication") if needed else None
        app = self.app is not None and self.app.knows(token)
        if not (app or token in (self.token, self.reader_token)):
            return _complain(401, "Bad credentials")
        may_write = token == self.token or (self.app is not None and self.app.may_write(token))
        if request.method != "GET" and not may_write:
            return _complain(403, "Resource not accessible by integration")
        return None

    def _app_token(self, request: Request, installation: str) -> dict[str, Any]:
        if self.app is None:
            raise Refused(404, "Not Found")
        proof = request.headers.get("authorization", "").removeprefix("Bearer ")
        return self.app.issue(proof, installation, _body(request) if request.body else {}, self.repository.name)

    def _issues(self, request: Request) -> list[Any]:
        labels = [name for name in request.argument("labels", "").split(",") if name]
        issues = self.repository.issues(labels, request.argument("state", "open"))
        return issues[::-1] if request.argument("direction", "desc") == "asc" else issues

    def _tree(self, request: Request) -> dict[str, Any]:
        if request.argument("recursive", "") != "1":
            raise Refused(422, "This stand-in lists trees recursively, and only so")
        return self.repository.tree()


def _body(request: Request) -> dict[str, Any]:
    try:
        body = request.json()
    except ValueError:
        raise Refused(400, "Problems parsing JSON") from None
    if not isinstance(body, dict):
        raise Refused(400, "Body should be a JSON object")
    return body


def _text(request: Request) -> str:
    body = _body(request).get("body")
    if not isinstance(body, str):
        raise Refused(422, "Validation Failed: body is missing")
    return body


def _names(request: Request) -> list[str]:
    names = _body(request).get("labels")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise Refused(422, "Validation Failed: labels must be a list of names")
    return names


def _page(request: Request, url: str, items: Sequence[Any]) -> Answer:
    """One page, with GitHub's Link header."""
    size = min(_positive(request.argument("per_page", ""), DEFAULT_PER_PAGE), MAX_PER_PAGE)
    page = _positive(request.argument("page", ""), 1)
    last = max(1, -(-len(items) // size))

    def link(to: int, relation: str) -> str:
        kept = [pair for pair in request.query.split("&") if pair and not pair.startswith(("page=", "per_page="))]
        query = "&".join([*kept, urlencode({"per_page": size, "page": to})])
        return f'<{url}{request.path}?{query}>; rel="{relation}"'

    links = [link(page - 1, "prev"), link(1, "first")] if page > 1 else []
    links += [link(page + 1, "next"), link(last, "last")] if page < last else []
    headers = {**HEADERS, **({"link": ", ".join(links)} if links else {})}
    return json_answer(200, items[(page - 1) * size : page * size], headers)


def _positive(text: str, default: int) -> int:
    return int(text) if text.isdigit() and int(text) > 0 else default


def _complain(status: int, message: str) -> Answer:
    body = {"message": message, "documentation_url": "https://docs.github.com/rest", "status": str(status)}
    return json_answer(status, body, HEADERS)
