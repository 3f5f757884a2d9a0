"""Reading GitHub's REST answers into values. Pure; strict about the fields we use, silent about all others."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from core.context.links import address
from core.errors import UpstreamUnavailable
from core.types import GHOST, Author, ChangedFile, Comment, Issue, PullRequest, Tree

_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_SHA: Final = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_STATES: Final = ("open", "closed")
_STATUSES: Final = ("added", "removed", "modified", "renamed", "copied", "changed", "unchanged")
_PERMISSIONS: Final = ("admin", "write", "read", "none")
_FINER: Final[Mapping[str, tuple[str, ...]]] = {"write": ("maintain",), "read": ("triage",)}


class UnexpectedShape(UpstreamUnavailable):
    """What answered is not GitHub, or not as we know it; the message names the field."""


def read_pull(raw: Any, number: int) -> tuple[PullRequest, int]:
    """The pull request `number`, without its files, and how many GitHub counts."""
    pull = _numbered(raw, number, "the pull request")
    head = pull.inner("head")
    head_sha = head.text("sha")
    if not _SHA.fullmatch(head_sha):
        raise _strange(f"{pull.what}'s head.sha is not a commit")
    return (
        PullRequest(
            number=number,
            title=pull.text("title"),
            body=pull.optional_text("body") or "",
            state=pull.one_of("state", _STATES),
            head_sha=head_sha,
            author=_author(pull),
            labels=_labels(pull),
            files=(),
            base_ref=pull.inner("base").text("ref") if "base" in pull.raw else "",
            **_head_repository(head),
        ),
        pull.count("changed_files"),
    )


def read_files(raw: Any) -> tuple[ChangedFile, ...]:
    """A page of a pull request's files."""
    return tuple(map(_file, _objects(raw, "the list of files", "a file")))


def read_issue(raw: Any, number: int) -> Issue:
    """The issue `number`. GitHub answers for a pull request's number too."""
    return _issue(_numbered(raw, number, "the issue"))


def read_issues(raw: Any) -> tuple[Issue, ...]:
    """A page of a repository's issues. GitHub lists pull requests among them."""
    return tuple(map(_issue, _objects(raw, "the list of issues", "an issue")))


def read_labels(raw: Any) -> tuple[str, ...]:
    """A page of a repository's labels."""
    return _labels(_Object({"labels": raw}, "the repository"))


def read_permission(raw: Any, author: Author) -> str | None:
    """What GitHub says that `author` may do. A login that was given to another account since has none.

    `permission` knows four words, and calls `maintain` `write`, `triage` `read`: `role_name` tells these apart.
    """
    if not isinstance(raw, dict) or raw.get("permission") not in _PERMISSIONS:
        return None
    user = raw.get("user")
    if author.id and isinstance(user, dict) and user.get("id") not in (None, author.id):
        return "none"
    permission, role = raw["permission"], raw.get("role_name")
    level: str = role if role in _FINER.get(permission, ()) else permission
    return level


def read_tree(raw: Any) -> Tree:
    """The files of a tree that was read recursively."""
    tree = _object(raw, "the tree")
    truncated = tree.raw.get("truncated")
    if not isinstance(truncated, bool):
        raise _strange("the tree does not say whether it is truncated")
    entries = _objects(tree.raw.get("tree"), "the tree's entries", "an entry")
    files = [entry for entry in entries if entry.text("type") == "blob"]
    return Tree(tuple(file.text("path") for file in files), whole=not truncated)


def read_comments(raw: Any) -> tuple[Comment, ...]:
    """A page of an issue's comments."""
    return tuple(map(_comment, _objects(raw, "the list of comments", "a comment")))


@dataclass(frozen=True)
class _Object:
    """An object of an answer, and what it is in words."""

    raw: Mapping[str, Any]
    what: str

    def inner(self, name: str) -> "_Object":
        return _object(self.raw.get(name), f"{self.what}'s {name}")

    def optional_text(self, name: str) -> str | None:
        """A string with each lone surrogate, which UTF-8 cannot carry, as U+FFFD."""
        value = self.raw.get(name)
        if value is None:
            return None
        if not isinstance(value, str):
            raise _strange(f"{self.what}'s {name} is not a string")
        return _SURROGATE.sub("\ufffd", value)

    def text(self, name: str) -> str:
        value = self.optional_text(name)
        if value is None:
            raise _strange(f"{self.what} has no {name}")
        return value

    def one_of(self, name: str, allowed: tuple[str, ...]) -> str:
        value = self.text(name)
        if value not in allowed:
            raise _strange(f"{self.what}'s {name} is none of {', '.join(allowed)}")
        return value

    def count(self, name: str) -> int:
        value = self.raw.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise _strange(f"{self.what}'s {name} is not a count")
        return value


def _strange(why: str) -> UnexpectedShape:
    return UnexpectedShape(f"GitHub's answer is not understood: {why}")


def _object(raw: Any, what: str) -> _Object:
    if not isinstance(raw, dict):
        raise _strange(f"{what} is not an object")
    return _Object(raw, what)


def _objects(raw: Any, what: str, each: str) -> list[_Object]:
    if not isinstance(raw, list):
        raise _strange(f"{what} is not an array")
    return [_object(one, each) for one in raw]


def _numbered(raw: Any, number: int, what: str) -> _Object:
    read = _object(raw, what)
    if read.count("number") != number:
        raise _strange(f"{what} has another number than {number}")
    return read


def _file(file: _Object) -> ChangedFile:
    return ChangedFile(
        path=file.text("filename"),
        status=file.one_of("status", _STATUSES),
        additions=file.count("additions"),
        deletions=file.count("deletions"),
        patch=file.optional_text("patch"),
        previous_path=file.optional_text("previous_filename"),
    )


def _issue(issue: _Object) -> Issue:
    return Issue(
        number=issue.count("number"),
        title=issue.text("title"),
        body=issue.optional_text("body") or "",
        state=issue.one_of("state", _STATES),
        labels=_labels(issue),
        is_pull_request=issue.raw.get("pull_request") is not None,
        author=_author(issue),
    )


def _comment(comment: _Object) -> Comment:
    return Comment(
        author=GHOST.login if comment.raw.get("user") is None else comment.inner("user").text("login"),
        body=comment.optional_text("body") or "",
        created_at=comment.text("created_at"),
        id=comment.count("id"),
        liked=_thumbs(comment, "+1"),
        disliked=_thumbs(comment, "-1"),
        url=address(comment.raw.get("html_url")),
    )


def _thumbs(comment: _Object, name: str) -> int:
    """GitHub sums reactions up beside the comment; where it does not, there are none to tell of."""
    reactions = comment.raw.get("reactions")
    return comment.inner("reactions").count(name) if isinstance(reactions, dict) and name in reactions else 0


def _author(written: _Object) -> Author:
    if written.raw.get("user") is None:
        return GHOST
    account = written.inner("user")
    return Author(
        login=account.text("login"),
        id=account.count("id") if "id" in account.raw else 0,
        type=account.optional_text("type") or "User",
        association=written.optional_text("author_association") or "NONE",
    )


def _head_repository(head: _Object) -> dict[str, Any]:
    """Whose repository the branch is in: `repo` is null when that is gone."""
    if head.raw.get("repo") is None:
        return {}
    repository = head.inner("repo")
    owned = isinstance(repository.raw.get("owner"), dict)
    return {
        "head_repository": repository.text("full_name"),
        "head_owner_id": repository.inner("owner").count("id") if owned else 0,
    }


def _labels(labelled: _Object) -> tuple[str, ...]:
    """GitHub's schema allows a label to be a string or an object."""
    labels = labelled.raw.get("labels")
    named = [{"name": one} if isinstance(one, str) else one for one in labels] if isinstance(labels, list) else labels
    return tuple(label.text("name") for label in _objects(named, f"{labelled.what}'s labels", "a label"))
