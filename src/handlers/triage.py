"""POST /dispatch/triage: suggest labels for one issue, or for several in one run."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from core import phases
from core.app import App
from core.config import MAX_SPRINT_ISSUES as MOST_ISSUES
from core.runs.arrow import dispatch
from core.runs.batch import Kind, dispatch_all
from core.types import Target, TaskRequest
from handlers.bodies import Body, Number, read_body
from handlers.dispatching import dispatched
from handlers.http import Endpoint, Reply, Request


class TriageBody(Body):
    """POST /dispatch/triage: one issue, or several in one run."""

    issueNumber: Number | None = None  # noqa: N815
    issueNumbers: Annotated[list[Number], Field(min_length=1, max_length=MOST_ISSUES)] | None = None  # noqa: N815
    force: bool = False

    @model_validator(mode="after")
    def _one_or_several(self) -> TriageBody:
        if (self.issueNumber is None) == (self.issueNumbers is None):
            raise ValueError("send either issueNumber or issueNumbers")
        return self

    @property
    def numbers(self) -> list[int]:
        """The issues, each once."""
        return list(dict.fromkeys(self.issueNumbers or [self.issueNumber or 0]))


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
