"""The bodies that a run can end with. Pure; `handlers/http.py` gives each its status."""

from __future__ import annotations

from typing import Any, Final

from core.runs import Run
from core.types import Action, ActionState, Json, Usage, Verdict

PREVIEW_CHARACTERS: Final = 1_000


def dollars(micro: int) -> str:
    """Micro-dollars as dollars with six decimals."""
    return f"{micro // 1_000_000}.{micro % 1_000_000:06d}"


def success(run: Run, verdict: Verdict, action: Action, state: ActionState, usage: Usage) -> dict[str, Any]:
    """A plan was made; `state` says what became of it."""
    return {
        "status": "success",
        **_spent(run, usage),
        "actionId": action.id,
        "classification": verdict.classification,
        "executed": state == "executed",
        "state": state,
        "digest": action.digest,
        "policyReason": action.policy_reason,
        "checks": _checks(verdict),
        "preview": str(action.payload.get("body", ""))[:PREVIEW_CHARACTERS],
    }


def with_state(result: Json, state: ActionState, detail: str = "") -> dict[str, Any]:
    """A success whose action has reached `state`."""
    return {**result, "executed": state == "executed", "state": state, **({"detail": detail} if detail else {})}


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


def _checks(verdict: Verdict) -> list[dict[str, str]]:
    return [finding.as_json() for finding in verdict.findings]
