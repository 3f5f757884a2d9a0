"""What all dispatch routes share: the right to force, the gateway's time, the Location of what goes on."""

from collections.abc import Callable
from typing import TypeVar

from pydantic import Field

from core import phases
from core.app import App
from core.callers.auth import require_right
from core.config import GATEWAY_WAIT_SECONDS
from core.runs.arrow import dispatch
from core.runs.batch import Kind, dispatch_all
from core.types import Json, TaskRequest
from handlers.bodies import Body, read_body
from handlers.http import Endpoint, Reply
from handlers.request import Request


class DispatchBody(Body):
    """What every dispatch may say."""

    force: bool = Field(
        default=False,
        description="Skip the search for duplicates and the storm rule. Needs the right to approve, and is audited.",
    )


B = TypeVar("B", bound=DispatchBody)


def dispatching(model: type[B], task: Callable[[B, str], TaskRequest | list[TaskRequest]]) -> Endpoint:
    """A dispatch route: `task` makes of its body, and of who asks, one task, or a batch of them."""

    def respond(app: App, request: Request) -> Reply:
        """The run's end, or 202 when it is not reached in the gateway's time."""
        body = read_body(model, request.body)
        if body.force:
            require_right(request.principal, "approve")
        asynchronous = "respond-async" in request.headers.get("prefer", "").lower()
        wait_until = request.started + (0 if asynchronous else int(GATEWAY_WAIT_SECONDS * 1000))
        result = _begin(app, task(body, request.principal.name), wait_until, request.deadline)
        location = {"location": f"/audit/{result['runId']}"} if result["status"] == "accepted" else None
        return Reply(result, headers=location)

    return Endpoint(respond, right="dispatch", command=True)


def _begin(app: App, asked: TaskRequest | list[TaskRequest], wait_until: int, deadline: int) -> Json:
    if isinstance(asked, TaskRequest):
        return dispatch(app, asked, wait_until=wait_until, deadline=deadline)
    first = asked[0]
    phases.require_task(app.settings, first.task_type, first.trigger)
    kind = Kind(first.task_type, first.trigger, first.principal)
    return dispatch_all(app, kind, asked, run_id=app.new_id(), wait_until=wait_until, deadline=deadline)
