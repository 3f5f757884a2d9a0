"""POST /dispatch/agent-brief: draft a coding agent's brief for an issue."""

from __future__ import annotations

from core.app import App
from core.runs.arrow import dispatch
from core.types import Target, TaskRequest
from handlers.bodies import Body, Number, read_body
from handlers.dispatching import dispatched
from handlers.http import Endpoint, Reply, Request


class AgentBriefBody(Body):
    """POST /dispatch/agent-brief."""

    issueNumber: Number  # noqa: N815
    force: bool = False


def respond(app: App, request: Request) -> Reply:
    body = read_body(AgentBriefBody, request.body)
    task = TaskRequest(
        task_type="agent_brief",
        target=Target("issue", body.issueNumber),
        linked_issue=None,
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
