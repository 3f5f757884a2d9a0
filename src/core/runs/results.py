"""The bodies that a run can end with. Pure; `handlers/http.py` gives each its status."""

from collections.abc import Mapping
from typing import Any, Final

from core.canonical import dollars
from core.dispatcher.pricing import Usage
from core.errors import OrchestratorError
from core.policy.classifier import rank
from core.runs.record import Run
from core.types import Action, ActionState, Classification, Facts, Json, Verdict

PREVIEW_CHARACTERS: Final = 1_000


def success(run: Run, verdict: Verdict, usage: Usage, facts: Facts) -> dict[str, Any]:
    """A draft was made, and each of its actions waits. What is told of the first action is told of the draft."""
    listed = [
        {
            "actionId": action.id,
            "actionType": action.type,
            "target": {"type": action.target.type, "number": action.target.number},
            "classification": action.classification,
            "policyReason": action.policy_reason,
            "executed": False,
            "state": "pending",
            "digest": action.digest,
            **_shown(action),
        }
        for action in verdict.actions
    ]
    classes: list[Classification] = [action.classification for action in verdict.actions]
    names = ("actionId", "executed", "state", "digest", "policyReason", "preview")
    first = listed[0] if listed else {"executed": False, "state": "nothing_to_do", "policyReason": verdict.reason}
    return {
        "status": "success",
        **_spent(run, usage),
        **{name: first[name] for name in names if name in first},
        "classification": max(classes, key=rank, default="auto_safe"),
        **({"linkedIssues": facts.extra["linked"]} if "linked" in facts.extra else {}),
        "checks": _checks(verdict),
        "actions": listed,
    }


def with_state(result: Json, action_id: str, state: ActionState, **more: Any) -> dict[str, Any]:
    """A success one of whose actions has reached `state`; `more` is told beside it."""

    def reached(one: Json) -> dict[str, Any]:
        if one["actionId"] != action_id:
            return dict(one)
        others = {name: value for name, value in one.items() if name != "detail"}
        return {**others, "executed": state == "executed", "state": state, **more}

    return {**reached(result), "actions": [reached(one) for one in result["actions"]]}


def by_now(result: Json, since: Mapping[str, Json]) -> Json:
    """A success with what has become of its actions since: `state` of each, and `url` of its comment."""
    for one in result.get("actions", ()):
        kept = since.get(one["actionId"], one)
        if kept["state"] != one["state"]:
            result = with_state(result, one["actionId"], **kept)
    return result


def rejected(run: Run, verdict: Verdict, usage: Usage) -> dict[str, Any]:
    """Policy refused what the model wrote."""
    return {
        "status": "rejected",
        **_spent(run, usage),
        "classification": verdict.classification,
        "checks": _checks(verdict),
        "error": {"code": "policy_rejected", "message": verdict.reason},
    }


def failed(run: Run, detail: str, usage: Usage | None = None, reason: str = "model_error") -> dict[str, Any]:
    """No plan: the model failed after its retries, or the run could not go on."""
    return {"status": "failed", "reason": reason, **_spent(run, usage), "error": {"code": reason, "message": detail}}


def failed_task(error: OrchestratorError) -> dict[str, Any]:
    """A task of a batch that could not be begun."""
    return {"status": "error", "error": {"code": error.code, "message": error.message}}


def skipped(run_id: str, reason: str, message: str, retry_after: int | None = None) -> dict[str, Any]:
    """Nothing was done and nothing paid. `retry_after` in seconds."""
    body: dict[str, Any] = {
        "status": "skipped",
        "reason": reason,
        "runId": run_id,
        "error": {"code": reason, "message": message},
    }
    return body if retry_after is None else {**body, "retryAfter": retry_after}


def duplicate(first: Json) -> dict[str, Any]:
    """The same content was worked on within the window: the first run's result."""
    return {**first, "status": "duplicate"}


def in_progress(run_id: str) -> dict[str, Any]:
    """The same dispatch is still running."""
    return {"status": "in_progress", "runId": run_id}


def accepted(run_id: str) -> dict[str, Any]:
    """The work goes on; its end will be found under /audit/{runId}."""
    return {"status": "accepted", "runId": run_id}


def _spent(run: Run, usage: Usage | None) -> dict[str, Any]:
    spent: dict[str, Any] = {"runId": run.id, "taskResultId": run.task_result_id, "cost": dollars(run.charged)}
    if usage is not None:
        read = usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens
        spent["tokens"] = {"input": read, "output": usage.output_tokens}
    return spent


def _shown(action: Action) -> dict[str, Any]:
    """What an action would do, in short."""
    if action.type == "add_comment":
        return {"preview": str(action.payload["body"])[:PREVIEW_CHARACTERS]}
    return {name: action.payload[name] for name in ("add", "remove")}


def _checks(verdict: Verdict) -> list[dict[str, str]]:
    return [finding.as_json() for finding in verdict.findings]
