"""POST /dispatch/triage: suggest labels for one issue, or for several in one run."""

from __future__ import annotations

from core import phases
from core.app import App
from core.batch import Kind, dispatch_all
from core.pipeline import dispatch
from core.types import Target, TaskRequest
from handlers.bodies import TriageBody, read_body
from handlers.dispatching import dispatched
from handlers.http import Endpoint, Reply, Request


def respond(app: App, request: Request) -> Reply:
    body = read_body(TriageBody, request.body)
    phases.require_task(app.settings, "triage", "api")
    tasks = [
        TaskRequest(
            task_type="triage",
            target=Target("issue", number),
            linked_issue=None,
            force=body.force,
            principal=request.principal.name,
            trigger="api",
        )
        for number in body.numbers
    ]
    if body.issueNumbers is None:
        return dispatched(
            app,
            request,
            lambda wait_until, deadline: dispatch(app, tasks[0], wait_until=wait_until, deadline=deadline),
            force=body.force,
        )
    return dispatched(
        app,
        request,
        lambda wait_until, deadline: dispatch_all(
            app,
            Kind("triage", "api", request.principal.name),
            tasks,
            run_id=app.new_id(),
            wait_until=wait_until,
            deadline=deadline,
        ),
        force=body.force,
    )


handler = Endpoint(respond, right="dispatch", command=True)
