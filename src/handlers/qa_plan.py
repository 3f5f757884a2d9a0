"""POST /dispatch/qa-plan: draft a QA plan for a pull request."""

from __future__ import annotations

from core.app import App
from core.runs.arrow import dispatch
from core.types import Target, TaskRequest
from handlers.bodies import Body, Number, read_body
from handlers.dispatching import dispatched
from handlers.http import Endpoint, Reply, Request


class QaPlanBody(Body):
    """POST /dispatch/qa-plan."""

    prNumber: Number  # noqa: N815 - the API's field name
    linkedIssue: Number | None = None  # noqa: N815
    force: bool = False


def respond(app: App, request: Request) -> Reply:
    body = read_body(QaPlanBody, request.body)
    task = TaskRequest(
        task_type="qa_plan",
        target=Target("pull_request", body.prNumber),
        linked_issue=body.linkedIssue,
        force=body.force,
        principal=request.principal.name,
        trigger="api",
    )
    return dispatched(
        app,
        request,
        lambda wait_until, deadline: dispatch(app, task, wait_until=wait_until, deadline=deadline),
        force=body.force,
    )


handler = Endpoint(respond, right="dispatch", command=True)
