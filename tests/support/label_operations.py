"""Operations on labels that have to hold under trouble."""

from __future__ import annotations

from typing import Any, Final

from bench.operations import FAR, Operation, ending
from core.approvals.approve import approve
from core.runs.arrow import dispatch, work
from core.types import Json, Target, TaskRequest
from tests.support.fakes import World, message
from tests.support.label_runs import ISSUE, UNCLEAR, issue

SUSPICIOUS: Final[dict[str, Any]] = {**UNCLEAR, "questions": ["Is it https://elsewhere.example.org/x that fails?"]}
"""A triage whose labels and question wait for the Captain."""


def _triage(world: World) -> Json:
    request = TaskRequest("triage", Target("issue", ISSUE), None, False, "ci", "api")
    result = dispatch(world.app, request, wait_until=0, deadline=FAR)
    return work(world.app, str(result["runId"]), FAR) if result["status"] == "accepted" else result


def _carried_out(world: World, _: str) -> str:
    return ending(_triage(world))


def _approved(world: World, action_id: str) -> str:
    return ending(approve(world.app, action_id, "captain", None))


def _has_an_issue(world: World) -> str:
    world.github.known[ISSUE] = issue("status:triage", "prio:P3")
    world.model.replies += [message(UNCLEAR)] * 3
    return ""


def _waiting(world: World) -> str:
    _has_an_issue(world)
    world.model.replies = [message(SUSPICIOUS)]
    return str(_triage(world)["actionId"])


LABEL_OPERATIONS: Final = (
    Operation("labels and a question, inline", _carried_out, _has_an_issue),
    Operation("labels and a question, through the worker", _carried_out, _has_an_issue, worker=True),
    Operation("an approval of labels", _approved, _waiting),
)
