"""The state behind the GitHub and relay stand-ins: pull requests, issues, labels and comments, in memory."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from core.context import team

Json = dict[str, Any]

MAX_BODY_CHARACTERS: Final = 65_536


class Refused(Exception):
    """What GitHub would answer: a status and a message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Repository:
    """One repository in the shapes of GitHub's REST answers. Every method is atomic; answers are copies."""

    def __init__(self, name: str, now: Callable[[], datetime] = _utc_now) -> None:
        self.name = name
        self._now = now
        self._lock = threading.RLock()
        self._pulls: dict[int, Json] = {}
        self._files: dict[int, list[Json]] = {}
        self._issues: dict[int, Json] = {}
        self._comments: dict[int, list[Json]] = {}
        self._next_comment = 1
        self._permissions: dict[str, tuple[str, str]] = {}
        self._labels = _those_of_dfg()
        """Each label's name in lower case → as it was first written: GitHub has no two that differ in case alone."""
        self._tree: dict[str, None] = {}
        self._tree_is_whole = True

    def load(self, case: Mapping[str, Any]) -> int:
        """Takes a case `{"repository", "pull", "files", "issue"}` as its own. Returns the pull request's number.

        Its people are those under "collaborators" (login → permission); without that its authors may write.
        The case's files, and those under "tree" if it has that, are in the default branch from then on.
        """
        pull = {"base": {"ref": "main"}, **copy.deepcopy(case["pull"])}
        pull["head"].setdefault("repo", {"full_name": self.name})
        number = int(pull["number"])
        with self._lock:
            self._pulls[number] = pull
            self._files[number] = copy.deepcopy(list(case["files"]))
            about = {key: pull.get(key) for key in ("number", "title", "body", "state", "user", "html_url")}
            self._issues[number] = {**about, "labels": self._spelled(_names(pull)), "pull_request": {}}
            if case.get("issue"):
                issue = copy.deepcopy(case["issue"])
                self._issues[int(issue["number"])] = {**issue, "labels": self._spelled(_names(issue))}
            authors = [user["login"] for item in (pull, case.get("issue")) if item and (user := item.get("user"))]
            for login, permission in case.get("collaborators", dict.fromkeys(authors, "write")).items():
                self.permit(login, permission)
            paths = [file["filename"] for file in case["files"] if file.get("status") != "removed"]
            self._tree.update(dict.fromkeys([*paths, *case.get("tree", ())]))
        return number

    def clear(self) -> None:
        with self._lock:
            for part in (
                self._pulls,
                self._files,
                self._issues,
                self._comments,
                self._tree,
                self._permissions,
            ):
                part.clear()
            self._labels = _those_of_dfg()
            self._tree_is_whole = True

    # --- what the tests change -----------------------------------------------------------------

    def push(self, number: int, sha: str, files: Sequence[Mapping[str, Any]] | None = None) -> None:
        """A new head commit, with other files if given."""
        with self._lock:
            pull = self._pulls[number]
            pull["head"] = {**pull["head"], "sha": sha}
            if files is not None:
                self._files[number] = [dict(file) for file in files]

    def change_pull(self, number: int, **fields: Any) -> None:
        """Sets fields of a pull request, and those that its issue shares."""
        with self._lock:
            self._pulls[number].update(fields)
            self._issues[number].update({k: v for k, v in fields.items() if k in ("title", "body", "state", "labels")})

    def put_issue(self, number: int, **fields: Any) -> None:
        """Makes an issue, or sets fields of one. Its author may write, unless `permit` has told otherwise."""
        with self._lock:
            if number not in self._issues:
                author = fields.get("user", {"login": "someone"})["login"]
                self._permissions.setdefault(author.lower(), ("write", "write"))
            issue = self._issues.setdefault(
                number,
                {
                    "number": number,
                    "title": "",
                    "body": "",
                    "state": "open",
                    "labels": [],
                    "user": {"login": "someone"},
                },
            )
            issue.update(fields)
            issue["labels"] = self._spelled(_names(issue))

    def put_labels(self, names: Iterable[str]) -> None:
        """Labels that the repository has, and spells so, whether or not an issue carries them."""
        with self._lock:
            self._labels |= {name.lower(): name for name in names}
            for issue in self._issues.values():
                issue["labels"] = self._spelled(_names(issue))

    def permit(self, login: str, permission: str) -> None:
        """What somebody may do: `admin`, `maintain`, `write`, `triage`, `read` or `none`."""
        coarse = {"maintain": "write", "triage": "read"}.get(permission, permission)
        with self._lock:
            self._permissions[login.lower()] = (coarse, permission)

    def put_tree(self, paths: Sequence[str], *, whole: bool = True) -> None:
        """The files of the default branch, in place of those there were."""
        with self._lock:
            self._tree = dict.fromkeys(paths)
            self._tree_is_whole = whole

    def delete_label(self, name: str) -> None:
        """No issue carries it any more either."""
        with self._lock:
            del self._labels[name.lower()]
            for issue in self._issues.values():
                issue["labels"] = [label for label in issue["labels"] if label["name"].lower() != name.lower()]

    # --- what the API reads --------------------------------------------------------------------

    def pull(self, number: int) -> Json:
        with self._lock:
            return copy.deepcopy(self._found(self._pulls, number))

    def files(self, number: int) -> list[Json]:
        with self._lock:
            self._found(self._pulls, number)
            return copy.deepcopy(self._files[number])

    def permission(self, login: str) -> Json:
        """Everybody may read a public repository."""
        with self._lock:
            coarse, role = self._permissions.get(login.lower(), ("read", "read"))
        return {"permission": coarse, "role_name": role, "user": {"login": login}}

    def issue(self, number: int) -> Json:
        with self._lock:
            return copy.deepcopy(self._found(self._issues, number))

    def issues(self, labels: Sequence[str] = (), state: str = "open") -> list[Json]:
        """Issues with all of the labels, newest number first."""
        folded = {name.lower() for name in labels}
        with self._lock:
            return [
                copy.deepcopy(issue)
                for _, issue in sorted(self._issues.items(), reverse=True)
                if state in ("all", issue["state"]) and folded <= {name.lower() for name in _names(issue)}
            ]

    def comments(self, number: int, since: str = "") -> list[Json]:
        """Comments updated at `since` (ISO 8601, UTC) or later, oldest first."""
        with self._lock:
            self._found(self._issues, number)
            return [copy.deepcopy(c) for c in self._comments.get(number, []) if c["updated_at"] >= since]

    def tree(self) -> Json:
        """The default branch's tree, read recursively."""
        with self._lock:
            paths = sorted(self._tree)
            whole = self._tree_is_whole
        folders = sorted(
            {"/".join(path.split("/")[:depth]) for path in paths for depth in range(1, path.count("/") + 1)}
        )
        entries = [{"path": path, "type": "tree", "mode": "040000"} for path in folders]
        entries += [{"path": path, "type": "blob", "mode": "100644"} for path in paths]
        return {"sha": "0" * 40, "tree": sorted(entries, key=lambda entry: entry["path"]), "truncated": not whole}

    def all_labels(self) -> list[Json]:
        """Those of the repository."""
        with self._lock:
            return [{"name": name} for name in self._labels.values()]

    def labels(self, number: int) -> list[Json]:
        labels: list[Json] = self.issue(number)["labels"]
        return labels

    # --- what the API writes -------------------------------------------------------------------

    def edit_comment(self, identifier: int, body: str) -> None:
        """Other words for a comment, by somebody who may write to the repository."""
        _check_body(body)
        with self._lock:
            for comment in (comment for comments in self._comments.values() for comment in comments):
                if comment["id"] == identifier:
                    comment |= {"body": body, "updated_at": self._at()}

    def delete_comment(self, identifier: int) -> None:
        with self._lock:
            for comments in self._comments.values():
                comments[:] = [comment for comment in comments if comment["id"] != identifier]

    def comment(self, number: int, author: str, body: str) -> Json:
        _check_body(body)
        with self._lock:
            self._found(self._issues, number)
            at = self._at()
            identifier = self._next_comment
            self._next_comment += 1
            comment = {
                "id": identifier,
                "user": {"login": author},
                "body": body,
                "created_at": at,
                "updated_at": at,
                "html_url": f"https://github.com/{self.name}/issues/{number}#issuecomment-{identifier}",
            }
            self._comments.setdefault(number, []).append(comment)
            return copy.deepcopy(comment)

    def add_labels(self, number: int, names: Sequence[str]) -> list[Json]:
        with self._lock:
            issue = self._found(self._issues, number)
            issue["labels"] = self._spelled([*_names(issue), *names])
            return self.labels(number)

    def remove_label(self, number: int, name: str) -> list[Json]:
        with self._lock:
            issue = self._found(self._issues, number)
            kept = [label for label in issue["labels"] if label["name"].lower() != name.lower()]
            if len(kept) == len(issue["labels"]):
                raise Refused(404, "Label does not exist")
            issue["labels"] = kept
            return self.labels(number)

    def set_labels(self, number: int, names: Sequence[str]) -> list[Json]:
        with self._lock:
            self._found(self._issues, number)["labels"] = self._spelled(names)
            return self.labels(number)

    def open_issue(self, title: str, body: str, labels: Sequence[str]) -> Json:
        with self._lock:
            number = max([0, *self._issues]) + 1
            self.put_issue(number, title=title, body=body, labels=[{"name": name} for name in labels])
            return self.issue(number)

    def close(self, number: int) -> None:
        with self._lock:
            self._found(self._issues, number)["state"] = "closed"
            if number in self._pulls:
                self._pulls[number]["state"] = "closed"

    def _spelled(self, names: Iterable[str]) -> list[Json]:
        """Each label once, as the repository spells it; it makes those that it does not have."""
        once = dict.fromkeys(self._labels.setdefault(name.lower(), name) for name in names)
        return [{"name": name} for name in once]

    def _at(self) -> str:
        return self._now().strftime("%Y-%m-%dT%H:%M:%SZ")

    def _found(self, where: Mapping[int, Json], number: int) -> Json:
        if number not in where:
            raise Refused(404, "Not Found")
        return where[number]


def _those_of_dfg() -> dict[str, str]:
    """The labels that a repository begins with here."""
    return {name.lower(): name for name in team.load().taxonomy.labels}


def _names(item: Json) -> list[str]:
    return [label["name"] for label in item.get("labels") or ()]


def _check_body(body: str) -> None:
    if not body.strip():
        raise Refused(422, "Validation Failed: body can't be blank")
    if len(body) > MAX_BODY_CHARACTERS:
        raise Refused(422, f"Validation Failed: body is too long (maximum is {MAX_BODY_CHARACTERS} characters)")
