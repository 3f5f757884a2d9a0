"""What the authors of one run's context may do in the repository: each is asked about once."""

import threading
from collections.abc import Callable
from dataclasses import replace

from core.types import Author, Issue

Asked = Callable[[Author], Author]
"""The same author, with what it may do."""


def unasked(author: Author) -> Author:
    """Asked for those who need not know."""
    return author


class Authors:
    """Asks beside other reads. Thread-safe; for one run, as rights change."""

    def __init__(self, permission: Callable[[Author], str | None]) -> None:
        """`permission` never raises."""
        self._permission = permission
        self._lock = threading.Lock()
        self._asking: dict[Author, threading.Lock] = {}
        self._answers: dict[Author, str | None] = {}

    def asked(self, author: Author) -> Author:
        """The same author with its permission."""
        who = Author(author.login, author.id, author.type)
        with self._lock:
            asking = self._asking.setdefault(who, threading.Lock())
        with asking:
            if who not in self._answers:
                self._answers[who] = self._permission(author)
        return replace(author, permission=self._answers[who])

    def of(self, issue: Issue) -> Issue:
        """The issue, its author with its permission."""
        return replace(issue, author=self.asked(issue.author))
