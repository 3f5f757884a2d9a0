"""All dispatch routes, which need the same permissions: one function of the template."""

from __future__ import annotations

from handlers import agent_brief, qa_plan, sprint_plan, triage
from handlers.http import Endpoints

handler = Endpoints(
    {
        "POST /dispatch/qa-plan": qa_plan.handler,
        "POST /dispatch/triage": triage.handler,
        "POST /dispatch/agent-brief": agent_brief.handler,
        "POST /dispatch/sprint-plan": sprint_plan.handler,
    }
)
