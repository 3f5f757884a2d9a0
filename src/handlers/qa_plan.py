"""POST /dispatch/qa-plan: draft a QA plan for a pull request."""

from __future__ import annotations

from core.app import App
from core.auth import require_right
from core.config import GATEWAY_WAIT_SECONDS
from core.pipeline import dispatch
from core.types import Target, TaskRequest
from handlers.bodies import QaPlanBody, read_body
from handlers.http import Endpoint, Reply, Request


def respond(app: App, request: Request) -> Reply:
    """The run's end, or 202 when it is not reached in the gateway's time."""
    body = read_body(QaPlanBody, request.body)
    if body.force:
        require_right(request.principal, "approve")
    task = TaskRequest(
        task_type="qa_plan",
        target=Target("pull_request", body.prNumber),
        linked_issue=body.linkedIssue,
        force=body.force,
        principal=request.principal.name,
        trigger="api",
    )
    asynchronous = "respond-async" in request.headers.get("prefer", "").lower()
    wait = 0 if asynchronous else int(GATEWAY_WAIT_SECONDS * 1000)
    result = dispatch(app, task, wait_until=request.started + wait, deadline=request.deadline)
    location = {"location": f"/audit/{result['runId']}"} if result["status"] == "accepted" else None
    return Reply(result, headers=location)


handler = Endpoint(respond, right="dispatch", command=True)
