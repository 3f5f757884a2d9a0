from __future__ import annotations

from typing import Any

import pytest

from core.context.github_json import (
    UnexpectedShape,
    read_comments,
    read_files,
    read_issue,
    read_issues,
    read_pull,
    read_tree,
)
from core.types import GHOST, ChangedFile, Comment

SHA = "c0ffee" * 6 + "c0ff"


def raw_pull(**changes: Any) -> dict[str, Any]:
    return {
        "number": 7,
        "title": "Show fees",
        "body": None,
        "state": "open",
        "head": {"sha": SHA, "ref": "topic"},
        "user": {"login": "dev"},
        "labels": [{"name": "component:dfg-app"}],
        "changed_files": 2,
        "unknown": {"ignored": True},
        **changes,
    }


def raw_file(**changes: Any) -> dict[str, Any]:
    return {"filename": "a.py", "status": "modified", "additions": 1, "deletions": 2, "patch": "@@", **changes}


def raw_issue(**changes: Any) -> dict[str, Any]:
    return {"number": 7, "title": "t", "body": "b", "state": "open", "labels": [], **changes}


def test_a_pull_request() -> None:
    pull, counted = read_pull(raw_pull(), 7)
    assert (pull.number, pull.title, pull.body, pull.state) == (7, "Show fees", "", "open")
    assert (pull.head_sha, pull.author.login, pull.labels, pull.files) == (SHA, "dev", ("component:dfg-app",), ())
    assert counted == 2


def test_an_account_that_is_gone_is_a_ghost() -> None:
    assert read_pull(raw_pull(user=None), 7)[0].author == GHOST
    assert read_comments([{"id": 5, "user": None, "body": None, "created_at": "2026-01-01T00:00:00Z"}]) == (
        Comment("ghost", "", "2026-01-01T00:00:00Z", 5),
    )


def test_files_with_and_without_patch() -> None:
    moved = raw_file(filename="b.py", status="renamed", previous_filename="old.py", additions=0, deletions=0)
    del moved["patch"]
    assert read_files([raw_file(), moved]) == (
        ChangedFile("a.py", "modified", 1, 2, "@@"),
        ChangedFile("b.py", "renamed", 0, 0, None, "old.py"),
    )


def test_labels_may_be_strings_or_objects() -> None:
    assert read_issue(raw_issue(labels=["prio:P1", {"name": "needs:qa"}]), 7).labels == ("prio:P1", "needs:qa")


def test_a_pull_request_read_as_issue_says_so() -> None:
    assert read_issue(raw_issue(pull_request={"url": "…"}), 7).is_pull_request
    assert not read_issue(raw_issue(), 7).is_pull_request
    assert not read_issue(raw_issue(pull_request=None), 7).is_pull_request


def test_a_list_of_issues() -> None:
    issues = read_issues([raw_issue(number=9, labels=["prio:P1"]), raw_issue(pull_request={})])
    assert [(issue.number, issue.labels, issue.is_pull_request) for issue in issues] == [
        (9, ("prio:P1",), False),
        (7, (), True),
    ]


@pytest.mark.parametrize(
    ("raw", "names"),
    [
        ([], "tree is not an object"),
        ({"tree": []}, "truncated"),
        ({"tree": [], "truncated": "no"}, "truncated"),
        ({"truncated": False}, "entries is not an array"),
        ({"tree": ["a"], "truncated": False}, "an entry is not an object"),
        ({"tree": [{"path": "a"}], "truncated": False}, "an entry has no type"),
        ({"tree": [{"type": "blob"}], "truncated": False}, "an entry has no path"),
    ],
)
def test_a_wrong_tree_is_refused_by_name(raw: Any, names: str) -> None:
    with pytest.raises(UnexpectedShape, match=names):
        read_tree(raw)


@pytest.mark.parametrize("raw", [{}, [None], [{"number": 1}], [raw_issue(number="1")], [raw_issue(state="odd")]])
def test_wrong_issues_are_refused(raw: Any) -> None:
    with pytest.raises(UnexpectedShape):
        read_issues(raw)


def test_lone_surrogates_become_replacement_characters() -> None:
    assert read_issue(raw_issue(title="a\ud800b", body="\udfff"), 7).title == "a\ufffdb"
    assert read_files([raw_file(filename="\ud83d.py", patch="\udc00")]) == (
        ChangedFile("\ufffd.py", "modified", 1, 2, "\ufffd"),
    )


@pytest.mark.parametrize(
    ("raw", "names"),
    [
        (None, "not an object"),
        ([], "not an object"),
        (raw_pull(number=8), "another number"),
        (raw_pull(number="7"), "number"),
        (raw_pull(number=True), "number"),
        (raw_pull(title=None), "title"),
        (raw_pull(title=5), "title"),
        (raw_pull(body=[]), "body"),
        (raw_pull(state="merged"), "state"),
        (raw_pull(head=None), "head"),
        (raw_pull(head={"sha": "abc"}), "sha"),
        (raw_pull(head={"sha": SHA + "\n"}), "sha"),
        (raw_pull(user="dev"), "user"),
        (raw_pull(labels=None), "labels"),
        (raw_pull(labels=[{"name": None}]), "label"),
        (raw_pull(changed_files=-1), "changed_files"),
        (raw_pull(changed_files=1.5), "changed_files"),
    ],
)
def test_a_wrong_pull_request_is_refused_by_name(raw: Any, names: str) -> None:
    with pytest.raises(UnexpectedShape, match=names):
        read_pull(raw, 7)


@pytest.mark.parametrize(
    ("raw", "names"),
    [
        ({}, "not an array"),
        ([None], "not an object"),
        ([raw_file(filename=None)], "filename"),
        ([raw_file(status="evil\nstatus")], "status"),
        ([raw_file(additions="1")], "additions"),
        ([raw_file(deletions=False)], "deletions"),
        ([raw_file(patch=1)], "patch"),
        ([raw_file(previous_filename=[])], "previous_filename"),
    ],
)
def test_a_wrong_file_is_refused_by_name(raw: Any, names: str) -> None:
    with pytest.raises(UnexpectedShape, match=names):
        read_files(raw)


@pytest.mark.parametrize(
    "raw",
    [
        "x",
        [1],
        [{"body": "x"}],
        [{"id": 1, "user": {"login": 1}, "created_at": "x"}],
        [{"user": None, "created_at": "x"}],
        [{"id": "1", "user": None, "created_at": "x"}],
    ],
)
def test_wrong_comments_are_refused(raw: Any) -> None:
    with pytest.raises(UnexpectedShape):
        read_comments(raw)
