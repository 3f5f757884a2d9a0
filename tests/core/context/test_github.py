from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from core.config import GITHUB_TIMEOUT_SECONDS
from core.context.app_token import fixed_token
from core.context.authors import Authors
from core.context.github import GitHubReader
from core.errors import NotFound, UpstreamUnavailable
from core.http.wire import FixedToken, NoAnswer, NotSent, Response
from core.types import GHOST, Author, Issue

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
        self.more: dict[str, Any] = {}
        """Further fields of the pull request."""
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
                    "user": {"login": "dev", "id": 5, "type": "User"},
                    "labels": [],
                    "changed_files": self.counted,
                    **self.more,
                }
            )
        if path == "/pulls/7/files":
            return self.page(self.files[:3_000], parts.query)
        if path.startswith("/collaborators/"):
            return answer({"permission": "write", "role_name": "maintain", "user": {"login": "dev", "id": 5}})
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
    """Three pages, and beside them the author."""
    order: list[str] = []

    def together(reads: Sequence[Callable[[], Any]]) -> list[Any]:
        order.append(f"{len(reads)} reads after {len(http.seen)}")
        return [read() for read in reads]

    http = FakeGitHub(250)
    pull = GitHubReader(http, API, "dfg/dfg-app", None, together).pull_request(7)
    assert len(pull.files) == 250
    assert order == ["4 reads after 1"]


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
    with pytest.raises(NotFound, match="pull request 12345 is not in dfg/dfg-app, or is an issue"):
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


NOW = 1_790_000_000_500


@pytest.mark.parametrize("status", [403, 429])
@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"x-ratelimit-reset": "1790000090"}, 90),
        ({"x-ratelimit-reset": "1790000090", "x-ratelimit-remaining": "0"}, 90),
        ({"x-ratelimit-reset": "1790000090", "retry-after": "5"}, 5),
        ({"x-ratelimit-reset": "1789999000", "x-ratelimit-remaining": "0"}, 1),
        ({"x-ratelimit-reset": "9999999999", "x-ratelimit-remaining": "0"}, 86_400),
        ({"x-ratelimit-reset": "soon", "x-ratelimit-remaining": "0"}, None),
    ],
)
def test_when_a_limit_ends_is_handed_on(status: int, headers: dict[str, str], expected: int | None) -> None:
    http = FakeGitHub(instead=always(answer({}, status, headers)))
    limited = GitHubReader(http, API, "dfg/dfg-app", fixed_token(TOKEN), now=lambda: NOW)
    with pytest.raises(UpstreamUnavailable, match="rate limit is used up") as caught:
        limited.issue(7)
    assert caught.value.detail.get("retry_after") == expected


def test_a_second_limit_that_names_no_time_has_githubs_advice() -> None:
    headers = {"x-ratelimit-reset": "1790003600", "x-ratelimit-remaining": "4900"}
    http = FakeGitHub(instead=always(answer({"message": "You have exceeded a secondary rate limit"}, 403, headers)))
    with pytest.raises(UpstreamUnavailable) as caught:
        reader(http).issue(7)
    assert caught.value.detail.get("retry_after") == 60


def test_a_refusal_that_is_no_limit_names_no_time() -> None:
    headers = {"x-ratelimit-reset": "1790003600", "x-ratelimit-remaining": "4900"}
    http = FakeGitHub(instead=always(answer({"message": "Resource not accessible"}, 403, headers)))
    with pytest.raises(UpstreamUnavailable, match="does not let us read") as caught:
        reader(http).issue(7)
    assert "retry_after" not in caught.value.detail


def test_a_change_that_github_does_not_list_is_told_as_too_large() -> None:
    def too_large(url: str) -> Response | None:
        words = {"message": "Sorry, this diff is too large to be displayed"}
        return answer(words, 422) if "/files" in url else None

    with pytest.raises(UpstreamUnavailable, match="pull request 7 is too large: GitHub does not list its files"):
        reader(FakeGitHub(1, instead=too_large)).pull_request(7)


@pytest.mark.parametrize(
    ("status", "message"), [(404, "is not in dfg"), (410, "was deleted from dfg"), (301, "has moved away from dfg")]
)
def test_an_issue_that_is_gone_is_not_found(status: int, message: str) -> None:
    http = FakeGitHub(instead=always(answer({}, status, {"location": "https://elsewhere.test/"})))
    with pytest.raises(NotFound, match=f"issue 7 {message}"):
        reader(http).issue(7)


def test_a_repository_that_moved_is_none_of_the_callers_faults() -> None:
    http = FakeGitHub(instead=always(answer({}, 301, {"location": "https://elsewhere.test/"})))
    with pytest.raises(UpstreamUnavailable, match="has moved away"):
        reader(http).pull_request(7)


class Renewable:
    """A token of an App that GitHub knows no more."""

    def __init__(self) -> None:
        self.tokens = ["old", "new"]

    def __call__(self) -> str:
        return self.tokens[0]

    def renew(self, refused: str) -> bool:
        assert refused == self.tokens.pop(0)
        return True


def test_a_read_whose_token_was_revoked_is_made_again_with_another() -> None:
    http = FakeGitHub()
    http.instead = lambda url: answer({}, 401) if len(http.seen) == 1 else None
    assert GitHubReader(http, API, "dfg/dfg-app", Renewable()).issue(7).number == 7
    assert [headers["authorization"] for _, headers, _ in http.seen] == ["Bearer old", "Bearer new"]


# --- who wrote it, and where it comes from ---------------------------------------------------


def test_where_a_pull_request_comes_from_and_goes_to() -> None:
    http = FakeGitHub()
    http.more = {
        "base": {"ref": "release/2"},
        "head": {"sha": SHA, "repo": {"full_name": "bob/fork", "owner": {"login": "bob", "id": 9}}},
    }
    pull = reader(http).pull_request(7)
    assert (pull.base_ref, pull.head_repository, pull.head_owner_id) == ("release/2", "bob/fork", 9)
    http.more = {"base": {"ref": "main"}, "head": {"sha": SHA, "repo": None}}
    gone = reader(http).pull_request(7)
    assert (gone.base_ref, gone.head_repository, gone.head_owner_id) == ("main", "", 0)


def asked_about(http: FakeGitHub) -> list[str]:
    return [url.split("/collaborators/")[1] for url, _, _ in http.seen if "/collaborators/" in url]


def test_the_authors_permission_is_read_beside_the_files() -> None:
    rounds: list[int] = []

    def together(reads: Sequence[Callable[[], Any]]) -> list[Any]:
        rounds.append(len(reads))
        return [read() for read in reads]

    http = FakeGitHub(3)
    github = GitHubReader(http, API, "dfg/dfg-app", fixed_token(TOKEN), together)
    pull = github.pull_request(7, Authors(github.permission).asked)
    assert pull.author.permission == "maintain"
    assert rounds == [2]
    assert asked_about(http) == ["dev/permission"]
    assert reader(http).pull_request(7).author.permission is None


def test_each_author_is_asked_about_once() -> None:
    http = FakeGitHub()
    authors = Authors(reader(http).permission)
    issues = [Issue(n, "", "", "open", (), author=Author(who, 5)) for n, who in enumerate(["dev", "eve", "dev"])]
    threads = [threading.Thread(target=authors.of, args=(issue,)) for issue in issues]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [authors.of(issue).author.permission for issue in issues] == ["maintain"] * 3
    assert sorted(asked_about(http)) == ["dev/permission", "eve/permission"]


@pytest.mark.parametrize(
    ("response", "permission"),
    [
        (answer({"permission": "admin", "role_name": "admin"}), "admin"),
        (answer({"permission": "write", "role_name": "maintain"}), "maintain"),
        (answer({"permission": "write", "role_name": "a role of the company"}), "write"),
        (answer({"permission": "read", "role_name": "triage"}), "triage"),
        (answer({"permission": "read", "role_name": "admin"}), "read"),
        (answer({"permission": "none"}), "none"),
        (answer({"permission": "write", "user": {"login": "dev", "id": 6}}), "none"),
        (answer({"permission": "owner"}), None),
        (answer({"permission": ["write"]}), None),
        (answer([]), None),
        (Response(200, {}, b"<html>"), None),
        (answer({}, 404), "none"),
        (answer({}, 403), None),
        (answer({}, 403, {"x-ratelimit-remaining": "0"}), None),
        (answer({}, 401), None),
        (answer({}, 429), None),
        (answer({}, 502), None),
        (answer({}, 301), None),
    ],
)
def test_what_is_not_known_for_certain_is_no_permission_and_no_failure(
    response: Response, permission: str | None
) -> None:
    http = FakeGitHub(1, instead=lambda url: response if "/collaborators/" in url else None)
    github = reader(http)
    assert github.pull_request(7, Authors(github.permission).asked).author.permission == permission


@pytest.mark.parametrize("error", [NotSent("x"), NoAnswer("x")])
def test_a_permission_that_cannot_be_asked_fails_nothing(error: Exception) -> None:
    def fail(url: str) -> Response | None:
        if "/collaborators/" in url:
            raise error
        return None

    github = reader(FakeGitHub(1, instead=fail))
    assert github.permission(Author("dev", 5)) is None


@pytest.mark.parametrize("kind", ["Bot", "Organization", "Mannequin"])
def test_nobody_asks_about_what_is_no_person(kind: str) -> None:
    http = FakeGitHub()
    assert reader(http).permission(Author("dependabot[bot]", 5, kind)) is None
    assert reader(http, None).permission(Author("dev", 5)) is None
    assert reader(http).permission(GHOST) is None
    assert http.seen == []


def test_a_login_is_no_path() -> None:
    http = FakeGitHub()
    reader(http).permission(Author("../../x?y", 5))
    assert asked_about(http) == ["..%2F..%2Fx%3Fy/permission"]


@pytest.mark.parametrize(
    ("response", "message"),
    [
        (answer({}, 500), "GitHub answered 500"),
        (answer({}, 503), "GitHub answered 503"),
        (answer({}, 401), "does not accept the GITHUB_TOKEN"),
        (answer({}, 403), "does not let us read"),
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

    class Changing(FixedToken):
        def __call__(self) -> str:
            return next(tokens)

    changing = GitHubReader(http, API, "dfg/dfg-app", Changing(""))
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


def test_all_labels_of_the_repository() -> None:
    def page(url: str) -> Response:
        number = int(parse_qs(urlsplit(url).query)["page"][0])
        names = [{"name": f"{number}.{at}"} for at in range(100 if number == 1 else 2)]
        return answer(names, headers={"link": '<x>; rel="next"'} if number == 1 else {})

    http = FakeGitHub(instead=page)
    assert len(reader(http).labels()) == 102
    assert http.seen[0][0] == f"{API}/repos/dfg/dfg-app/labels?per_page=100&page=1"


@pytest.mark.parametrize("raw", [{}, None, [{"color": "f00"}], [3]])
def test_labels_in_another_shape_are_not_guessed(raw: Any) -> None:
    with pytest.raises(UpstreamUnavailable, match="GitHub's answer is not understood"):
        reader(FakeGitHub(instead=always(answer(raw)))).labels()


@pytest.mark.parametrize("truncated", [True, False])
def test_the_files_of_the_tree(truncated: bool) -> None:
    entries = [{"path": "src", "type": "tree"}, {"path": "src/a.py", "type": "blob"}, {"path": "v", "type": "commit"}]
    http = FakeGitHub(instead=always(answer({"tree": entries, "truncated": truncated})))
    tree = reader(http).tree()
    assert (tree.paths, tree.whole) == (("src/a.py",), not truncated)
    assert http.seen[0][0] == f"{API}/repos/dfg/dfg-app/git/trees/HEAD?recursive=1"
