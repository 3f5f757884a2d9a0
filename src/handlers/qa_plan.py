"""POST /dispatch/qa-plan: draft a QA plan for a pull request."""

from typing import Annotated

from pydantic import Field

from core.types import Target, TaskRequest
from handlers.bodies import Number
from handlers.dispatching import DispatchBody, dispatching


class QaPlanBody(DispatchBody):
    """The pull request, and the issue with its acceptance criteria."""

    prNumber: Annotated[Number, Field(examples=[42])]  # noqa: N815 - the API's field name
    linkedIssue: Annotated[Number | None, Field(examples=[100])] = None  # noqa: N815


def task(body: QaPlanBody, principal: str) -> TaskRequest:
    target = Target("pull_request", body.prNumber)
    return TaskRequest("qa_plan", target, body.linkedIssue, body.force, principal, "api")


handler = dispatching(QaPlanBody, task)
