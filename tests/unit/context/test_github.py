from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from core.config import GITHUB_TIMEOUT_SECONDS
from core.context.app_token import fixed_token
from core.context.github import GitHubReader
from core.errors import NotFound, UpstreamUnavailable
from core.wire import NoAnswer, NotSent, Response

SHA = "c0ffee" * 6 + "c0ff"
TOKEN = "ghs_" + "secret" * 6
API = "https://api.github.test"


def a_file(index: int) -> dict[str, Any]:
    return {"filename": f"src/{index}.py", "status": "modified", "additions": 1, "deletions": 0, "patch": "@@"}


def a_comment(index: int) -> dict[str, Any]:
    return {"id": index, "user": {"login": "dev"}, "body": f"comment {index}", "created_at": "2026-01-01T00:00:00Z"}


def an_issue(index: int) -> dict[str, Any]:
    """Every third is a pull request, as GitHub lists it."""
    issue = {"number": index, "title": f"issue {index}", "body": None, "state": "open", "labels": ["status:triage"]}
    return {**issue, "pull_request": {"url": "…"}} if index % 3 == 0 else issue


def answer(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(status, headers or {}, json.dumps(body).encode())


class FakeGitHub:
    """Http with one repository behind it; `instead` answers, or raises, before it."""

    def __init__(
        self,
        files: int = 0,
        *,
        counted: int | None = None,
        comments: int = 0,
        issues: int = 0,
        link: bool = True,
        instead: Callable[[str], Response | None] | None = None,
    ) -> None:
        self.files = [a_file(i) for i in range(files)]
        self.counted = files if counted is None else counted
        self.all_comments = [a_comment(i) for i in range(comments)]
        self.all_issues = [an_issue(i) for i in range(issues)]
        self.link = link
        self.instead = instead
        self.seen: list[tuple[str, Mapping[str, str], float]] = []

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout: float) -> Response:
        assert method == "GET"
        assert body is None
        self.seen.append((url, headers, timeout))
        if self.instead is not None and (other := self.instead(url)) is not None:
            return other
        parts = urlsplit(url)
        path = parts.path.removeprefix("/repos/dfg/dfg-app")
        if path == "/pulls/7":
            return answer(
                {
                    "number": 7,
                    "title": "t",
                    "body": "b",
                    "state": "open",
                    "head": {"sha": SHA},
                    "user": {"login": "dev"},
                    "labels": [],
                    "changed_files": self.counted,
                }
            )
        if path == "/pulls/7/files":
            return self.page(self.files[:3_000], parts.query)
        if path == "/issues/7":
            return answer({"number": 7, "title": "t", "body": None, "state": "closed", "labels": []})
        if path == "/issues/7/comments":
            return self.page(self.all_comments, parts.query)
        if path == "/issues":
            return self.page(self.all_issues, parts.query)
        return answer({"message": "Not Found"}, 404)

    def page(self, items: list[dict[str, Any]], query: str) -> Response:
        values = parse_qs(query)
        assert values["per_page"] == ["100"]
        start = (int(values["page"][0]) - 1) * 100
        more = start + 100 < len(items)
        headers = {"link": '<https://elsewhere.test/steal?page=2>; rel="next", <x>; rel="last"'} if more else {}
        if not more and start:
            headers = {"link": '<x>; rel="prev", <x>; rel="first"'}
        return answer(items[start : start + 100], headers=headers if self.link else {})


def reader(http: FakeGitHub, token: str | None = TOKEN, api: str = API) -> GitHubReader:
    return GitHubReader(http, api, "dfg/dfg-app", None if token is None else fixed_token(token))


def test_a_pull_request_with_its_files() -> None:
    http = FakeGitHub(3)
    pull = reader(http).pull_request(7)
    assert pull.head_sha == SHA
    assert [file.path for file in pull.files] == ["src/0.py", "src/1.py", "src/2.py"]
    assert pull.unlisted_files == 0
    assert [url for url, _, _ in http.seen] == [
        f"{API}/repos/dfg/dfg-app/pulls/7",
        f"{API}/repos/dfg/dfg-app/pulls/7/files?per_page=100&page=1",
    ]


@pytest.mark.parametrize("link", [True, False])
@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 200, 345])
def test_all_pages_of_files_are_read(count: int, link: bool) -> None:
    assert len(reader(FakeGitHub(count, link=link)).pull_request(7).files) == count


def test_files_pushed_after_the_count_are_read_too() -> None:
    http = FakeGitHub(250, counted=90)
    pull = reader(http).pull_request(7)
    assert len(pull.files) == 250
    assert pull.unlisted_files == 0


def test_what_github_does_not_list_is_counted() -> None:
    http = FakeGitHub(3_500)
    pull = reader(http).pull_request(7)
    assert len(pull.files) == 3_000
    assert pull.unlisted_files == 500
    assert len(http.seen) == 31


def test_the_head_is_read_before_the_files() -> None:
    order: list[str] = []

    def together(reads: Sequence[Callable[[], Any]]) -> list[Any]:
        order.append(f"{len(reads)} pages after {len(http.seen)} read")
        return [read() for read in reads]

    http = FakeGitHub(250)
    pull = GitHubReader(http, API, "dfg/dfg-app", None, together).pull_request(7)
    assert len(pull.files) == 250
    assert order == ["3 pages after 1 read"]


def test_comments_of_all_pages_since_a_time() -> None:
    http = FakeGitHub(comments=250)
    comments = reader(http).comments(7, "2026-11-22T10:00:00+00:00")
    assert [comment.body for comment in comments] == [f"comment {i}" for i in range(250)]
    assert len(http.seen) == 3
    assert all("&since=2026-11-22T10%3A00%3A00%2B00%3A00" in url for url, _, _ in http.seen)
    assert "since" not in reader_urls(FakeGitHub(comments=1))


def reader_urls(http: FakeGitHub) -> str:
    reader(http).comments(7)
    return " ".join(url for url, _, _ in http.seen)


def test_endless_comments_are_refused() -> None:
    def endless(url: str) -> Response:
        return answer([a_comment(1)], headers={"link": '<x>; rel="next"'})

    with pytest.raises(UpstreamUnavailable, match="more than 10,000 comments"):
        reader(FakeGitHub(instead=endless)).comments(7)


def test_an_issue() -> None:
    issue = reader(FakeGitHub()).issue(7)
    assert (issue.number, issue.body, issue.state) == (7, "", "closed")


def test_the_token_goes_to_the_api_and_nowhere_else() -> None:
    """The Link headers of the fake name another host."""
    http = FakeGitHub(250, comments=250)
    pulls = reader(http, api=API + "/")
    pulls.pull_request(7)
    pulls.comments(7)
    assert all(url.startswith(f"{API}/repos/") for url, _, _ in http.seen)
    assert all(headers["authorization"] == f"Bearer {TOKEN}" for _, headers, _ in http.seen)
    assert all(timeout == GITHUB_TIMEOUT_SECONDS for _, _, timeout in http.seen)


def test_without_a_token_none_is_sent() -> None:
    http = FakeGitHub(1)
    reader(http, None).pull_request(7)
    assert not any("authorization" in headers for _, headers, _ in http.seen)


def always(response: Response) -> Callable[[str], Response]:
    return lambda url: response


def test_not_found_names_the_number() -> None:
    with pytest.raises(NotFound, match="pull request 12345 is not in dfg/dfg-app"):
        reader(FakeGitHub()).pull_request(12_345)
    with pytest.raises(NotFound, match="issue 99 is not in dfg/dfg-app, or not public"):
        reader(FakeGitHub(), None).issue(99)
    with pytest.raises(NotFound, match="issue 7"):
        reader(FakeGitHub(instead=always(answer({}, 410)))).issue(7)


@pytest.mark.parametrize(
    "limited",
    [
        answer({"message": "x"}, 429),
        answer({"message": "x"}, 403, {"x-ratelimit-remaining": "0"}),
        answer({"message": "x"}, 403, {"retry-after": "30"}),
        answer({"message": "You have exceeded a secondary rate limit"}, 403),
    ],
)
def test_a_used_up_rate_limit_says_what_helps(limited: Response) -> None:
    http = FakeGitHub(instead=always(limited))
    with pytest.raises(UpstreamUnavailable, match="rate limit is used up; a GITHUB_TOKEN lifts the limit of 60"):
        reader(http, None).issue(7)
    with pytest.raises(UpstreamUnavailable, match=r"rate limit is used up$"):
        reader(http).issue(7)


def test_retry_after_is_handed_on() -> None:
    for value, expected in (("30", 30), ("soon", None), ("-1", None), ("9" * 400, None)):
        http = FakeGitHub(instead=always(answer({}, 429, {"retry-after": value})))
        with pytest.raises(UpstreamUnavailable) as caught:
            reader(http).issue(7)
        assert caught.value.detail.get("retry_after") == expected


@pytest.mark.parametrize(
    ("response", "message"),
    [
        (answer({}, 500), "GitHub answered 500"),
        (answer({}, 503), "GitHub answered 503"),
        (answer({}, 401), "does not accept the GITHUB_TOKEN"),
        (answer({}, 403), "does not let us read"),
        (answer({}, 301, {"location": "https://elsewhere.test/"}), "redirects are not followed"),
        (answer({}, 204), "GitHub answered 204"),
        (Response(200, {}, b"<html>"), "not JSON"),
        (Response(200, {}, b"\xff\xfe"), "not JSON"),
        (Response(200, {}, b"[" * 100_000), "not JSON"),
        (Response(200, {}, b"9" * 10_000), "not JSON"),
        (Response(200, {}, b""), "not JSON"),
        (answer([]), "not understood"),
    ],
)
def test_whatever_else_comes_back_is_unavailable_and_never_names_the_token(response: Response, message: str) -> None:
    github = reader(FakeGitHub(instead=always(response)))
    for read in (github.pull_request, github.issue):
        with pytest.raises(UpstreamUnavailable, match=message) as caught:
            read(7)
        assert TOKEN not in f"{caught.value!r} {caught.value.detail} {caught.value.__cause__!r}"


def test_a_failure_on_a_later_page_fails_the_whole_read() -> None:
    def third_page(url: str) -> Response | None:
        return answer({}, 502) if url.endswith("page=3") else None

    with pytest.raises(UpstreamUnavailable):
        reader(FakeGitHub(250, instead=third_page)).pull_request(7)


@pytest.mark.parametrize(("error", "message"), [(NotSent("x"), "cannot be reached"), (NoAnswer("x"), "within 8 s")])
def test_no_connection_and_no_answer(error: Exception, message: str) -> None:
    def fail(url: str) -> Response:
        raise error

    with pytest.raises(UpstreamUnavailable, match=message):
        reader(FakeGitHub(instead=fail)).issue(7)


def test_the_token_is_asked_for_at_each_request() -> None:
    http = FakeGitHub(comments=1)
    tokens = iter(["first", "second"])
    changing = GitHubReader(http, API, "dfg/dfg-app", lambda: next(tokens))
    changing.comments(7)
    changing.comments(7)
    assert [headers["authorization"] for _, headers, _ in http.seen] == ["Bearer first", "Bearer second"]


@pytest.mark.parametrize("link", [True, False])
@pytest.mark.parametrize(("there", "limit", "found", "pages"), [(0, 5, 0, 1), (4, 5, 2, 1), (250, 500, 166, 3)])
def test_issues_are_listed_without_pull_requests(there: int, limit: int, found: int, pages: int, link: bool) -> None:
    http = FakeGitHub(issues=there, link=link)
    issues = reader(http).issues("status:triage", limit)
    assert [issue.number for issue in issues] == [n for n in range(there) if n % 3]
    assert (len(issues), len(http.seen)) == (found, pages)


def test_the_oldest_issues_are_asked_for_and_no_more_than_wanted() -> None:
    http = FakeGitHub(issues=250)
    issues = reader(http).issues("needs:pm & dev", 3)
    assert [issue.number for issue in issues] == [1, 2, 4]
    [(url, _, _)] = http.seen
    query = parse_qs(urlsplit(url).query)
    assert (query["state"], query["sort"], query["direction"]) == (["open"], ["created"], ["asc"])
    assert query["labels"] == ["needs:pm & dev"]


def test_an_endless_list_of_pull_requests_ends() -> None:
    def endless(url: str) -> Response:
        return answer([an_issue(0)], headers={"link": '<x>; rel="next"'})

    http = FakeGitHub(instead=endless)
    assert reader(http).issues("status:triage", 3) == ()
    assert len(http.seen) == 20


@pytest.mark.parametrize("truncated", [True, False])
def test_the_files_of_the_tree(truncated: bool) -> None:
    entries = [{"path": "src", "type": "tree"}, {"path": "src/a.py", "type": "blob"}, {"path": "v", "type": "commit"}]
    http = FakeGitHub(instead=always(answer({"tree": entries, "truncated": truncated})))
    tree = reader(http).tree()
    assert (tree.paths, tree.whole) == (("src/a.py",), not truncated)
    assert http.seen[0][0] == f"{API}/repos/dfg/dfg-app/git/trees/HEAD?recursive=1"
