"""POST /dispatch/qa-plan: draft a QA plan for a pull request."""

from __future__ import annotations

from core.types import Target, TaskRequest
from handlers.bodies import Number
from handlers.dispatching import DispatchBody, dispatching


class QaPlanBody(DispatchBody):
    """POST /dispatch/qa-plan."""

    prNumber: Number  # noqa: N815 - the API's field name
    linkedIssue: Number | None = None  # noqa: N815


def task(body: QaPlanBody, principal: str) -> TaskRequest:
    target = Target("pull_request", body.prNumber)
    return TaskRequest("qa_plan", target, body.linkedIssue, body.force, principal, "api")


handler = dispatching(QaPlanBody, task)
