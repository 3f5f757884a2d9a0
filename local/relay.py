"""A stand-in for dfg-relay, the small service that writes to GitHub with its own credential.

It has the two calls that the service makes. Operations that can be ordered to fail: relay.comment, relay.labels; and
relay.labels.step, each of the relay's own calls to GitHub while it changes labels.
A fault with a status answers as the relay does when GitHub gives that status to it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from local.faults import Faults
from local.repository import Refused, Repository
from local.web import Answer, Request, StandIn, json_answer

HEADERS: Final = {"x-stand-in": "This is the local dfg-relay stand-in"}
_OWN_ERRORS: Final = (400, 401, 405)
"""Statuses the relay gives by itself; all others reach the caller as 500 `GitHub API <status>: …`."""


class RelayStandIn(StandIn):
    """Serves between `start` and `stop`. `token` is the only one it takes."""

    def __init__(self, repository: Repository, login: str = "dfg-bot") -> None:
        self.repository = repository
        self.token = secrets.token_hex(16)
        self.login = login
        self.faults = Faults()
        super().__init__(self.answer, self.faults.close)
        self._routes: Mapping[str, tuple[str, Callable[[Mapping[str, Any]], dict[str, Any]]]] = {
            "/comment": ("relay.comment", self._comment),
            "/labels": ("relay.labels", self._labels),
        }

    def answer(self, request: Request) -> Answer:
        """One request. Raises HangUp."""
        if request.path == "/__control":
            return self.faults.control(request.json())
        known = self._routes.get(request.path)
        if known is None:
            return json_answer(404, {"success": False, "error": "Not found"}, HEADERS)
        operation, act = known

        def perform() -> Answer:
            if request.method != "POST":
                return _complain(405, "Method not allowed")
            if request.headers.get("authorization") != f"Bearer {self.token}":
                return _complain(401, "Unauthorized")
            try:
                body = request.json()
            except ValueError:
                return _complain(400, "Invalid JSON")
            if not isinstance(body, dict) or body.get("repo", self.repository.name) != self.repository.name:
                return _complain(400, "Unknown repo")
            return json_answer(200, {"success": True, **act(body)}, HEADERS)

        return self.faults.perform(operation, request, perform, _complain)

    def _comment(self, body: Mapping[str, Any]) -> dict[str, Any]:
        issue, text = _number(body), body.get("body")
        if not isinstance(text, str) or not text:
            raise Refused(400, "Missing body")
        self.repository.comment(issue, self.login, text)
        return {"issue": issue}

    def _labels(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Removes one at a time, then adds: an error in between leaves half of the work done."""
        issue = _number(body)
        add, remove = body.get("add", []), body.get("remove", [])
        if not add and not remove:
            raise Refused(400, "Missing add or remove")
        steps: list[Callable[[], object]] = [partial(self.repository.remove_label, issue, name) for name in remove]
        if add:
            steps.append(partial(self.repository.add_labels, issue, add))
        self.faults.in_steps("relay.labels.step", steps)
        return {"issue": issue, "labels": [label["name"] for label in self.repository.labels(issue)]}


def _number(body: Mapping[str, Any]) -> int:
    number = body.get("issue")
    if type(number) is not int:
        raise Refused(400, "Missing issue")
    return number


def _complain(status: int, message: str) -> Answer:
    if status in _OWN_ERRORS:
        return json_answer(status, {"success": False, "error": message}, HEADERS)
    return json_answer(500, {"success": False, "error": f'GitHub API {status}: {{"message":"{message}"}}'}, HEADERS)
