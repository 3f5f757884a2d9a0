"""Reading GitHub's REST answers into values. Pure; strict about the fields we use, silent about all others."""

import re
from collections.abc import Mapping
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
_GHOST: Final = "ghost"
"""GitHub's name for an account that is gone."""


class UnexpectedShape(UpstreamUnavailable):
    """What answered is not GitHub, or not as we know it; the message names the field."""


def read_pull(raw: Any, number: int) -> tuple[PullRequest, int]:
    """The pull request `number`, without its files, and how many GitHub counts."""
    what = "the pull request"
    pull = _object(raw, what)
    _require_number(pull, number, what)
    head = _object(pull.get("head"), f"{what}'s head")
    head_sha = _text(head, "sha", f"{what}'s head")
    if not _SHA.fullmatch(head_sha):
        raise UnexpectedShape(f"GitHub's answer is not understood: {what}'s head.sha is not a commit")
    return (
        PullRequest(
            number=number,
            title=_text(pull, "title", what),
            body=_optional_text(pull, "body", what) or "",
            state=_one_of(pull, "state", _STATES, what),
            head_sha=head_sha,
            author=_author(pull, what),
            labels=_labels(pull, what),
            files=(),
            base_ref=_text(_object(pull["base"], f"{what}'s base"), "ref", f"{what}'s base") if "base" in pull else "",
            **_head_repository(head, what),
        ),
        _count(pull, "changed_files", what),
    )


def read_files(raw: Any) -> tuple[ChangedFile, ...]:
    """A page of a pull request's files."""
    return tuple(_file(item) for item in _array(raw, "the list of files"))


def read_issue(raw: Any, number: int) -> Issue:
    """The issue `number`. GitHub answers for a pull request's number too."""
    what = "the issue"
    _require_number(_object(raw, what), number, what)
    return _issue(raw, what)


def read_issues(raw: Any) -> tuple[Issue, ...]:
    """A page of a repository's issues. GitHub lists pull requests among them."""
    return tuple(_issue(item, "an issue") for item in _array(raw, "the list of issues"))


def read_labels(raw: Any) -> tuple[str, ...]:
    """A page of a repository's labels."""
    return _labels({"labels": raw}, "the repository")


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
    what = "the tree"
    tree = _object(raw, what)
    truncated = tree.get("truncated")
    if not isinstance(truncated, bool):
        raise UnexpectedShape(f"GitHub's answer is not understood: {what} does not say whether it is truncated")
    entries = [_object(item, "an entry") for item in _array(tree.get("tree"), f"{what}'s entries")]
    files = [entry for entry in entries if _text(entry, "type", "an entry") == "blob"]
    return Tree(tuple(_text(file, "path", "an entry") for file in files), whole=not truncated)


def read_comments(raw: Any) -> tuple[Comment, ...]:
    """A page of an issue's comments."""
    return tuple(_comment(item) for item in _array(raw, "the list of comments"))


def _file(raw: Any) -> ChangedFile:
    what = "a file"
    file = _object(raw, what)
    return ChangedFile(
        path=_text(file, "filename", what),
        status=_one_of(file, "status", _STATUSES, what),
        additions=_count(file, "additions", what),
        deletions=_count(file, "deletions", what),
        patch=_optional_text(file, "patch", what),
        previous_path=_optional_text(file, "previous_filename", what),
    )


def _issue(raw: Any, what: str) -> Issue:
    issue = _object(raw, what)
    return Issue(
        number=_count(issue, "number", what),
        title=_text(issue, "title", what),
        body=_optional_text(issue, "body", what) or "",
        state=_one_of(issue, "state", _STATES, what),
        labels=_labels(issue, what),
        is_pull_request=issue.get("pull_request") is not None,
        author=_author(issue, what),
    )


def _comment(raw: Any) -> Comment:
    what = "a comment"
    comment = _object(raw, what)
    return Comment(
        author=_login(comment, what),
        body=_optional_text(comment, "body", what) or "",
        created_at=_text(comment, "created_at", what),
        id=_count(comment, "id", what),
        liked=_thumbs(comment, "+1", what),
        disliked=_thumbs(comment, "-1", what),
        url=address(comment.get("html_url")),
    )


def _thumbs(comment: Mapping[str, Any], name: str, what: str) -> int:
    """GitHub sums reactions up beside the comment; where it does not, there are none to tell of."""
    reactions = comment.get("reactions")
    return _count(reactions, name, f"{what}'s reactions") if isinstance(reactions, dict) and name in reactions else 0


def _object(raw: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(raw, dict):
        raise UnexpectedShape(f"GitHub's answer is not understood: {what} is not an object")
    return raw


def _array(raw: Any, what: str) -> list[Any]:
    if not isinstance(raw, list):
        raise UnexpectedShape(f"GitHub's answer is not understood: {what} is not an array")
    return raw


def _optional_text(raw: Mapping[str, Any], name: str, what: str) -> str | None:
    """A string with each lone surrogate, which UTF-8 cannot carry, as U+FFFD."""
    value = raw.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise UnexpectedShape(f"GitHub's answer is not understood: {what}'s {name} is not a string")
    return _SURROGATE.sub("\ufffd", value)


def _text(raw: Mapping[str, Any], name: str, what: str) -> str:
    value = _optional_text(raw, name, what)
    if value is None:
        raise UnexpectedShape(f"GitHub's answer is not understood: {what} has no {name}")
    return value


def _one_of(raw: Mapping[str, Any], name: str, allowed: tuple[str, ...], what: str) -> str:
    value = _text(raw, name, what)
    if value not in allowed:
        raise UnexpectedShape(f"GitHub's answer is not understood: {what}'s {name} is none of {', '.join(allowed)}")
    return value


def _count(raw: Mapping[str, Any], name: str, what: str) -> int:
    value = raw.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise UnexpectedShape(f"GitHub's answer is not understood: {what}'s {name} is not a count")
    return value


def _require_number(raw: Mapping[str, Any], number: int, what: str) -> None:
    if _count(raw, "number", what) != number:
        raise UnexpectedShape(f"GitHub's answer is not understood: {what} has another number than {number}")


def _login(raw: Mapping[str, Any], what: str) -> str:
    user = raw.get("user")
    return _GHOST if user is None else _text(_object(user, f"{what}'s user"), "login", f"{what}'s user")


def _author(raw: Mapping[str, Any], what: str) -> Author:
    user = raw.get("user")
    if user is None:
        return GHOST
    account = _object(user, f"{what}'s user")
    return Author(
        login=_text(account, "login", f"{what}'s user"),
        id=_count(account, "id", f"{what}'s user") if "id" in account else 0,
        type=_optional_text(account, "type", f"{what}'s user") or "User",
        association=_optional_text(raw, "author_association", what) or "NONE",
    )


def _head_repository(head: Mapping[str, Any], what: str) -> dict[str, Any]:
    """Whose repository the branch is in: `repo` is null when that is gone."""
    if head.get("repo") is None:
        return {}
    repository = _object(head["repo"], f"{what}'s head.repo")
    owner = repository.get("owner")
    return {
        "head_repository": _text(repository, "full_name", f"{what}'s head.repo"),
        "head_owner_id": _count(owner, "id", f"{what}'s head.repo.owner") if isinstance(owner, dict) else 0,
    }


def _labels(raw: Mapping[str, Any], what: str) -> tuple[str, ...]:
    """GitHub's schema allows a label to be a string or an object."""
    labels = [
        {"name": label} if isinstance(label, str) else label for label in _array(raw.get("labels"), f"{what}'s labels")
    ]
    return tuple(_text(_object(label, "a label"), "name", "a label") for label in labels)
