"""A stand-in for the parts of GitHub's REST API that the service uses. It is not GitHub.

Operations that can be ordered to fail: pull, files, issue, issues, comments, labels, tree, permission (reads);
comment, change_labels (writes); app_token. Others order by POST /__control, see `local.faults`.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Sequence
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

_PATH: Final = re.compile(
    r"/repos/(?P<repository>[^/]+/[^/]+)/"
    r"(?P<kind>pulls|issues|labels|git/trees/HEAD)"
    r"(?:/(?P<number>\d{1,18})(?:/(?P<part>files|comments|labels)(?:/(?P<label>[^/]+))?)?)?"
)
_PERMISSION: Final = re.compile(r"/repos/(?P<repository>[^/]+/[^/]+)/collaborators/(?P<login>[^/]+)/permission")
_INSTALLATION: Final = re.compile(r"/app/installations/(?P<id>\d{1,18})/access_tokens")

Work = Callable[[Request, int, str], Answer]


class GitHubStandIn(StandIn):
    """Serves one repository between `start` and `stop`. `token` is the only one it knows; None makes one up.

    `app` is a GitHub App that is installed there: its tokens are known too.
    """

    def __init__(
        self, repository: Repository, login: str = "dfg-bot", token: str | None = None, app: GitHubApp | None = None
    ) -> None:
        self.repository = repository
        self.app = app
        self.token = token or secrets.token_hex(16)
        self.reader_token = secrets.token_hex(16)
        """Another, which may read alone."""
        self.login = login
        """Who comments that are written with the token are by."""
        self.faults = Faults()
        super().__init__(self.answer, self.faults.close)
        self._routes: dict[tuple[str, str, str | None], tuple[str, Work]] = {
            ("GET", "pulls", None): ("pull", self._pull),
            ("GET", "pulls", "files"): ("files", self._files),
            ("GET", "issues", None): ("issue", self._issue),
            ("GET", "issues", "list"): ("issues", self._issues),
            ("GET", "issues", "comments"): ("comments", self._comments),
            ("POST", "issues", "comments"): ("comment", self._comment),
            ("GET", "git/trees/HEAD", "list"): ("tree", self._tree),
            ("GET", "labels", "list"): ("labels", self._all_labels),
            ("GET", "issues", "labels"): ("labels", self._labels),
            ("POST", "issues", "labels"): ("change_labels", self._add_labels),
            ("PUT", "issues", "labels"): ("change_labels", self._set_labels),
            ("DELETE", "issues", "labels"): ("change_labels", self._remove_label),
        }

    def answer(self, request: Request) -> Answer:
        """One request. Raises HangUp."""
        if request.path == "/__control":
            return self._control(request)
        installation = _INSTALLATION.fullmatch(request.path)
        if installation is not None:
            return self.faults.perform(
                "app_token", request, lambda: self._app_token(request, installation["id"]), _complain
            )
        asked = _PERMISSION.fullmatch(request.path)
        if asked is not None and request.method == "GET" and asked["repository"] == self.repository.name:
            return self.faults.perform(
                "permission", request, lambda: self._permission(request, unquote(asked["login"])), _complain
            )
        match = _PATH.fullmatch(request.path)
        if match is None or match["repository"] != self.repository.name:
            return _complain(404, "Not Found")
        credential = request.headers.get("authorization")
        if credential is not None and not self._known(credential):
            return _complain(401, "Bad credentials")
        if credential is None and request.method != "GET":
            return _complain(401, "Requires authentication")
        if request.method != "GET" and credential is not None and not self._may_write(credential):
            return _complain(403, "Resource not accessible by integration")
        part = match["part"] if match["number"] else "list"
        known = self._routes.get((request.method, match["kind"], part))
        if known is None:
            return _complain(404, "Not Found")
        operation, work = known

        def perform() -> Answer:
            try:
                return work(request, int(match["number"] or 0), unquote(match["label"] or ""))
            except Refused as refused:
                return _complain(refused.status, refused.message)

        return self.faults.perform(operation, request, perform, _complain)

    def _control(self, request: Request) -> Answer:
        asked = request.json()
        if "push" in asked:
            self.repository.push(int(asked["push"]), asked["sha"])
            return json_answer(200, {"pushed": asked["push"]})
        if "pull" in asked:
            self.repository.change_pull(int(asked["pull"]), **asked["fields"])
            return json_answer(200, {"changed": asked["pull"]})
        if "load" in asked:
            return json_answer(200, {"loaded": self.repository.load(asked["load"])})
        return self.faults.control(asked)

    def _known(self, credential: str) -> bool:
        token = _token(credential)
        return token in (self.token, self.reader_token) or (self.app is not None and self.app.knows(token))

    def _may_write(self, credential: str) -> bool:
        token = _token(credential)
        return token == self.token or (self.app is not None and self.app.may_write(token))

    def _app_token(self, request: Request, installation: str) -> Answer:
        if self.app is None:
            return _complain(404, "Not Found")
        proof = request.headers.get("authorization", "").removeprefix("Bearer ")
        try:
            asked = _body(request) if request.body else {}
            issued = self.app.issue(proof, installation, asked, self.repository.name)
        except Refused as refused:
            return _complain(refused.status, refused.message)
        return json_answer(201, issued, HEADERS)

    def _permission(self, request: Request, login: str) -> Answer:
        """Everybody has a permission, on a public repository `read`; who is nobody's is no user."""
        credential = request.headers.get("authorization")
        if credential is None or not self._known(credential):
            return _complain(401, "Requires authentication" if credential is None else "Bad credentials")
        return json_answer(200, self.repository.permission(login), HEADERS)

    def _pull(self, _: Request, number: int, __: str) -> Answer:
        return json_answer(200, self.repository.pull(number), HEADERS)

    def _files(self, request: Request, number: int, _: str) -> Answer:
        return _page(request, self.url, self.repository.files(number)[:MAX_FILES])

    def _issue(self, _: Request, number: int, __: str) -> Answer:
        return json_answer(200, self.repository.issue(number), HEADERS)

    def _issues(self, request: Request, _: int, __: str) -> Answer:
        labels = [name for name in request.argument("labels", "").split(",") if name]
        issues = self.repository.issues(labels, request.argument("state", "open"))
        if request.argument("direction", "desc") == "asc":
            issues.reverse()
        return _page(request, self.url, issues)

    def _tree(self, request: Request, _: int, __: str) -> Answer:
        if request.argument("recursive", "") != "1":
            raise Refused(422, "This stand-in lists trees recursively, and only so")
        return json_answer(200, self.repository.tree(), HEADERS)

    def _comments(self, request: Request, number: int, _: str) -> Answer:
        return _page(request, self.url, self.repository.comments(number, request.argument("since", "")))

    def _comment(self, request: Request, number: int, _: str) -> Answer:
        body = _body(request).get("body")
        if not isinstance(body, str):
            raise Refused(422, "Validation Failed: body is missing")
        return json_answer(201, self.repository.comment(number, self.login, body), HEADERS)

    def _all_labels(self, request: Request, _: int, __: str) -> Answer:
        return _page(request, self.url, self.repository.all_labels())

    def _labels(self, request: Request, number: int, _: str) -> Answer:
        return _page(request, self.url, self.repository.labels(number))

    def _add_labels(self, request: Request, number: int, _: str) -> Answer:
        return json_answer(200, self.repository.add_labels(number, _names(request)), HEADERS)

    def _set_labels(self, request: Request, number: int, _: str) -> Answer:
        return json_answer(200, self.repository.set_labels(number, _names(request)), HEADERS)

    def _remove_label(self, _: Request, number: int, label: str) -> Answer:
        return json_answer(200, self.repository.remove_label(number, label), HEADERS)


def _token(credential: str) -> str:
    return credential.removeprefix("Bearer ").removeprefix("token ")


def _body(request: Request) -> dict[str, Any]:
    try:
        body = request.json()
    except ValueError:
        raise Refused(400, "Problems parsing JSON") from None
    if not isinstance(body, dict):
        raise Refused(400, "Body should be a JSON object")
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
