"""POST /dispatch/agent-brief: draft a coding agent's brief for an issue."""

from typing import Annotated

from pydantic import Field

from core.types import Target, TaskRequest
from handlers.bodies import Number
from handlers.dispatching import DispatchBody, dispatching


class AgentBriefBody(DispatchBody):
    """The issue to be briefed about."""

    issueNumber: Annotated[Number, Field(examples=[100])]  # noqa: N815


def task(body: AgentBriefBody, principal: str) -> TaskRequest:
    return TaskRequest("agent_brief", Target("issue", body.issueNumber), None, body.force, principal, "api")


handler = dispatching(AgentBriefBody, task)
