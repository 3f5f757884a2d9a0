"""Reads GitHub's REST API: pull requests with their files, issues, comments, the tree of files."""

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any, Final
from urllib.parse import quote

from core.config import GITHUB_TIMEOUT_SECONDS, VERSION
from core.context.authors import Asked, unasked
from core.context.github_json import (
    UnexpectedShape,
    read_comments,
    read_files,
    read_issue,
    read_issues,
    read_labels,
    read_permission,
    read_pull,
    read_tree,
)
from core.context.refusals import rate_limited, waiting_time
from core.errors import NotFound, UpstreamUnavailable
from core.http.wire import Http, NoAnswer, NotSent, Response, Token, with_token
from core.types import GHOST, Author, ChangedFile, Comment, Issue, PullRequest, Target, TargetNow, Tree

Together = Callable[[Sequence[Callable[[], Any]]], list[Any]]
"""Makes independent reads, maybe at the same time; answers in their order; raises what one of them raises."""

PAGE_SIZE: Final = 100
MOST_FILES: Final = 3_000
"""GitHub lists no more files of one pull request."""
MOST_COMMENT_PAGES: Final = 100
MOST_PAGES: Final = 20
"""Of issues, and of labels."""

_NEXT: Final = re.compile(r'<[^<>]*>\s*;[^<>]*rel="?next"?')
_TOO_LARGE: Final = re.compile(rb"too (large|long|many|big)|exceeded|could not be processed", re.IGNORECASE)


def one_after_another(reads: Sequence[Callable[[], Any]]) -> list[Any]:
    """Together for those who have no threads."""
    return [read() for read in reads]


class GitHubReader:
    """Reads of one repository. Each raises NotFound or UpstreamUnavailable, and never names the token."""

    def __init__(
        self,
        http: Http,
        api_url: str,
        repository: str,
        token: Token | None,
        together: Together = one_after_another,
        now: Callable[[], int] = lambda: 0,
    ) -> None:
        """`token` is asked for each request; None reads what is public. `now`: milliseconds since the epoch."""
        self._http = http
        self._root = f"{api_url.rstrip('/')}/repos/{repository}"
        self._repository = repository
        self._token = token
        self._together = together
        self._now = now

    def pull_request(self, number: int, asked: Asked = unasked) -> PullRequest:
        """The pull request with all files that GitHub lists. `asked` is called with its author, beside the files.

        The files are read after the head: they may be newer than `head_sha`, never older, so an approval
        that binds to it lapses when a push came between.
        """
        what = f"pull request {number}"
        pull, counted = read_pull(self._get(f"/pulls/{number}", what), number)
        promised = math.ceil(min(counted, MOST_FILES) / PAGE_SIZE)
        author: Author
        pages: list[tuple[tuple[ChangedFile, ...], bool]]
        author, *pages = self._together(
            [
                partial(asked, pull.author),
                *(partial(self._files, number, page, what) for page in range(1, max(promised, 1) + 1)),
            ]
        )
        while pages[-1][1] and len(pages) < MOST_FILES // PAGE_SIZE:
            pages.append(self._files(number, len(pages) + 1, what))
        files = {file.path: file for page, _ in pages for file in page}
        return replace(pull, author=author, files=tuple(files.values()), unlisted_files=max(counted - len(files), 0))

    def issue(self, number: int) -> Issue:
        """The issue, or the pull request of that number as an issue."""
        return read_issue(self._get(f"/issues/{number}", f"issue {number}"), number)

    def permission(self, author: Author) -> str | None:
        """What a person may do here, `none` for who is not known; None where that cannot be learned.

        Never raises: what is not known is not trusted. Nobody asks without a token, or about a bot or an account that
        is gone.
        """
        if author.type != "User" or author.login == GHOST.login or self._token is None:
            return None
        try:
            answer = self._get(f"/collaborators/{quote(author.login, safe='')}/permission", "the permission")
        except NotFound:
            return "none"
        except UpstreamUnavailable:
            return None
        return read_permission(answer, author)

    def target(self, target: Target) -> TargetNow:
        """How the target stands now: one request."""
        if target.type == "pull_request":
            pull, _ = read_pull(self._get(f"/pulls/{target.number}", f"pull request {target.number}"), target.number)
            return TargetNow(pull.state == "open", pull.target_state, pull.labels)
        issue = self.issue(target.number)
        return TargetNow(issue.state == "open", issue.text_digest, issue.labels)

    def issues(self, label: str, limit: int) -> tuple[Issue, ...]:
        """Up to `limit` open issues with the label, the oldest first, without pull requests."""
        what = f"the list of issues with {label}"
        query = f"/issues?state=open&labels={quote(label, safe='')}&sort=created&direction=asc&"
        listed: Iterator[Issue] = self._all(query, what, read_issues)
        return tuple(islice((issue for issue in listed if not issue.is_pull_request), limit))

    def labels(self) -> tuple[str, ...]:
        """The labels of the repository: one request for each hundred."""
        return tuple(self._all("/labels?", "the list of labels", read_labels))

    def tree(self) -> Tree:
        """The files of the default branch: one request. GitHub lists 100,000 of them or 7 MB at most."""
        return read_tree(self._get("/git/trees/HEAD?recursive=1", "the tree of files"))

    def comments(self, number: int, since: str = "") -> tuple[Comment, ...]:
        """Comments changed at or after `since` (ISO 8601 in UTC, judged by GitHub), oldest first; "" for all."""
        what = f"issue {number}"
        changed = f"&since={quote(since, safe='')}" if since else ""
        comments: list[Comment] = []
        for page in range(1, MOST_COMMENT_PAGES + 1):
            answer = self._send(f"/issues/{number}/comments?per_page={PAGE_SIZE}&page={page}{changed}", what)
            found = read_comments(_json(answer))
            comments.extend(found)
            if not _has_next(answer, len(found)):
                return tuple(comments)
        raise UpstreamUnavailable(f"{what} has more than {MOST_COMMENT_PAGES * PAGE_SIZE:,} comments to look through")

    def _all(self, path: str, what: str, read: Callable[[Any], tuple[Any, ...]]) -> Iterator[Any]:
        """What stands on MOST_PAGES at most, each read when it is needed. `path` ends in `?` or `&`."""
        for page in range(1, MOST_PAGES + 1):
            answer = self._send(f"{path}per_page={PAGE_SIZE}&page={page}", what)
            items = read(_json(answer))
            yield from items
            if not _has_next(answer, len(items)):
                break

    def _files(self, number: int, page: int, what: str) -> tuple[tuple[ChangedFile, ...], bool]:
        """One page, and whether another follows."""
        answer = self._send(f"/pulls/{number}/files?per_page={PAGE_SIZE}&page={page}", what)
        files = read_files(_json(answer))
        return files, _has_next(answer, len(files))

    def _get(self, path: str, what: str) -> Any:
        return _json(self._send(path, what))

    def _send(self, path: str, what: str) -> Response:
        """One GET. All addresses are made here, none is taken from an answer: the token goes nowhere else."""
        headers = {
            "accept": "application/vnd.github+json",
            "user-agent": f"dfg-orchestrator/{VERSION}",
            "x-github-api-version": "2022-11-28",
        }

        def send(token: str, timeout: float) -> Response:
            authorization = {"authorization": f"Bearer {token}"} if token else {}
            return self._http.send("GET", self._root + path, {**headers, **authorization}, None, timeout)

        try:
            if self._token is None:
                answer = send("", GITHUB_TIMEOUT_SECONDS)
            else:
                answer = with_token(self._token, GITHUB_TIMEOUT_SECONDS, send)
        except NotSent as error:
            raise UpstreamUnavailable(f"GitHub cannot be reached: {error}") from None
        except NoAnswer:
            raise UpstreamUnavailable(f"GitHub did not answer within {GITHUB_TIMEOUT_SECONDS:g} s") from None
        if answer.status == 200:
            return answer
        raise self._refusal(answer, what)

    def _refusal(self, answer: Response, what: str) -> NotFound | UpstreamUnavailable:
        """What a status other than 200 means. Nothing of the body is repeated: it may be anything."""
        if rate_limited(answer):
            remedy = "; a GITHUB_TOKEN lifts the limit of 60 reads an hour" if self._token is None else ""
            waiting = waiting_time(answer, self._now())
            return UpstreamUnavailable(f"GitHub's rate limit is used up{remedy}", **waiting)
        match answer.status:
            case 404:
                unseen = ", or not public" if self._token is None else ""
                other = ", or is an issue" if what.startswith("pull request ") else ""
                return NotFound(f"{what} is not in {self._repository}{unseen}{other}")
            case 410:
                return NotFound(f"{what} was deleted from {self._repository}")
            case 301 | 302 | 307 | 308 if what.startswith("issue "):
                return NotFound(f"{what} has moved away from {self._repository}; redirects are not followed")
            case 301 | 302 | 307 | 308:
                return UpstreamUnavailable(
                    f"GitHub says that {what} has moved away from {self._repository}; redirects are not followed"
                )
            case 401:
                return UpstreamUnavailable("GitHub does not accept the GITHUB_TOKEN, or the App's token")
            case 403:
                return UpstreamUnavailable(f"GitHub does not let us read {what} of {self._repository}")
            case 422 if _TOO_LARGE.search(answer.body[:10_000]):
                return UpstreamUnavailable(f"{what} is too large: GitHub does not list its files")
        return UpstreamUnavailable(f"GitHub answered {answer.status}")


def _json(answer: Response) -> Any:
    try:
        return answer.json()
    except (ValueError, RecursionError):
        raise UnexpectedShape("GitHub's answer is not JSON") from None


def _has_next(answer: Response, count: int) -> bool:
    """By the Link header, or by a full page where a proxy has dropped it. An empty page is the last."""
    if count == 0:
        return False
    link = answer.headers.get("link")
    return count >= PAGE_SIZE if link is None else _NEXT.search(link) is not None
