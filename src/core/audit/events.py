"""Every kind of event, as pure builders of (type, data). Money is micro-dollars, times are milliseconds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.audit.note import Checkpoint
from core.audit.provenance import code_digest
from core.config import VERSION, Settings
from core.dispatcher.pricing import PRICES_VERSION
from core.types import Action, ActionState, Answer, Effect, Json, Prompt, TaskRequest, TaskType, Trigger, Usage, Verdict

Entry = tuple[str, Json]


def run_started(request: TaskRequest, settings: Settings, policy_version: str, attempts: int = 0) -> Entry:
    """`attempts` is how many the run's ceiling pays for at worst; 0 for a run that asks for none."""
    return "run.started", {
        "kind": "dispatch",
        "trigger": request.trigger,
        "principal": request.principal,
        "taskType": request.task_type,
        "target": target_json(request.target.type, request.target.number),
        "linkedIssue": request.linked_issue,
        "force": request.force,
        **({"attempts": attempts} if attempts else {}),
        **({"batch": request.batch.run_id} if request.batch else {}),
        **({"delivery": request.delivery} if request.delivery else {}),
        "repository": settings.repository,
        "phase": settings.phase,
        "version": VERSION,
        "code": code_digest(),
        "policyVersion": policy_version,
        "pricesVersion": PRICES_VERSION,
        "loosenedGuardrails": list(settings.limits.overridden),
    }


def batch_started(task_type: TaskType, trigger: Trigger, principal: str, targets: Sequence[Json]) -> Entry:
    return "run.started", {
        "kind": "batch",
        "trigger": trigger,
        "principal": principal,
        "taskType": task_type,
        "targets": list(targets),
        "version": VERSION,
        "code": code_digest(),
    }


def batch_finished(status: str, started_at: str, started: Entry, tasks: Sequence[Json], about: Json) -> Entry:
    """`tasks` are runs of their own, whose chains hold what they did and what it cost."""
    _, data = started
    summary = {name: data[name] for name in ("kind", "principal", "taskType", "trigger")}
    return "run.finished", {"status": status, "startedAt": started_at, **summary, "tasks": list(tasks), **about}


def request_refused(principal: str, route: str, target: Json, code: str, message: str, **more: str) -> Entry:
    """Somebody known asked for a change and was told no."""
    return "request.refused", {
        "kind": "refusal",
        "principal": principal,
        "route": route,
        "target": dict(target),
        "code": code,
        "message": message,
        **more,
    }


def prompt_stored(prompt: Prompt, dedupe_key: str, prompt_digest: str, context_digest: str) -> Entry:
    return "prompt.stored", {
        "prompt": prompt_digest,
        "context": context_digest,
        "dedupeKey": dedupe_key,
        "template": prompt.template.partition("\n")[0],
        "templateHash": prompt.template_hash,
        "packs": {pack.name: {"version": pack.version, "sha256": pack.sha256} for pack in prompt.packs},
        "model": prompt.model,
        "maxTokens": prompt.max_tokens,
        "inputBound": prompt.input_bound,
        "inputEstimate": prompt.input_estimate,
        "targetState": prompt.facts.target_state,
        "cuts": list(prompt.facts.cuts),
    }


def charge_requested(attempt: int, amount: int, until: int) -> Entry:
    """Precedes the reservation, or goes with it: what the run may cost until this attempt has ended."""
    return "charge.requested", {"attempt": attempt, "amount": amount, "until": until}


def charge_refused(reason: str, message: str) -> Entry:
    return "charge.refused", {"reason": reason, "message": message}


def attempt_failed(attempt: int, trouble: str, detail: str, kept: int) -> Entry:
    """An attempt without reported usage; `kept` stays charged for it."""
    return "generation.attempt_failed", {"attempt": attempt, "trouble": trouble, "detail": detail, "kept": kept}


def generation_answered(attempt: int, answer: Answer, answer_digest: str, cost: int) -> Entry:
    return "generation.answered", {
        "attempt": attempt,
        "answer": answer_digest,
        "stopReason": answer.stop_reason,
        "model": answer.model,
        "usage": usage_json(answer.usage),
        "cost": cost,
    }


def charge_settled(attempt: int, reserved: int, charged: int) -> Entry:
    return "charge.settled", {"attempt": attempt, "reserved": reserved, "charged": charged}


def policy_judged(verdict: Verdict) -> Entry:
    """Without excerpts: what the model wrote is content, and may be erased one day."""
    names = ("rule", "field", "severity", "why")
    return "policy.judged", {
        "classification": verdict.classification,
        "reason": verdict.reason,
        "checks": [{name: finding.as_json()[name] for name in names} for finding in verdict.findings],
        "actions": [{"actionId": action.id, "classification": action.classification} for action in verdict.actions],
        "policyVersion": verdict.policy_version,
    }


def action_proposed(action: Action) -> Entry:
    """It waits for the Captain."""
    return "action.proposed", action_json(action)


def action_intended(action: Action, attempt: str, writer: str) -> Entry:
    """On record before anything is sent."""
    return "action.intended", {**action_json(action), "attempt": attempt, "writer": writer}


def action_ended(action_id: str, attempt: str, effect: Effect) -> Entry:
    return f"action.{effect.outcome}", {"actionId": action_id, "attempt": attempt, "detail": effect.detail}


def approval_granted(
    about: Json, action_id: str, principal: str, digest: str, policy_version: str, assumes: str, note: str
) -> Entry:
    """`about` tells what was approved: see `approved`. `assumes`: why an earlier attempt cannot land any more."""
    return "approval.granted", {
        "kind": "approve",
        "principal": principal,
        "actionId": action_id,
        **about,
        "digest": digest,
        "policyVersion": policy_version,
        **({"assumes": assumes} if assumes else {}),
        **({"note": note} if note else {}),
    }


def approved(action: Action, attempt: str, stale: str) -> dict[str, Any]:
    """What first and last event of an approval both tell. `stale`: how the target has moved since the draft."""
    return {**_of(action), "attempt": attempt, **({"stale": stale} if stale else {})}


def approval_ended(about: Json, action_id: str, attempt: str, effect: Effect) -> Entry:
    kind, data = action_ended(action_id, attempt, effect)
    return kind, {**data, **about, "kind": "approve", "status": effect.outcome}


def action_rejected(action: Action, principal: str, reason: str, was: ActionState) -> Entry:
    return "action.rejected", {
        "kind": "reject",
        "principal": principal,
        "actionId": action.id,
        "digest": action.digest,
        "reason": reason,
        "was": was,
        **_of(action),
    }


def action_expired(action: Action, principal: str, reason: str, was: ActionState) -> Entry:
    return "action.expired", {
        "kind": "expire",
        "principal": principal,
        "actionId": action.id,
        "runId": action.run_id,
        "was": was,
        "reason": reason,
    }


def action_seen(outcome: str, action: Action, attempt: str, principal: str, detail: str, **more: str) -> Entry:
    """What a look has shown of an attempt: `executed`, `outcome_unknown` (it died), `superseded`, or `landed` late."""
    return f"action.{outcome}", {
        "kind": "look",
        "principal": principal,
        "actionId": action.id,
        "runId": action.run_id,
        "attempt": attempt,
        "detail": detail,
        **more,
    }


def outcome_observed(action: Action, outcome: Json) -> Entry:
    """What has become of a posted plan by now: evidence, not proof, since whoever may write may tick."""
    return "outcome.observed", {
        "kind": "observation",
        "principal": "schedule",
        "actionId": action.id,
        "runId": action.run_id,
        "taskType": action.task_type,
        "target": target_json(action.target.type, action.target.number),
        **outcome,
    }


def breaker_reset(principal: str) -> Entry:
    return "breaker.reset", {"kind": "reset", "principal": principal}


def content_erased(run_id: str, principal: str, names: Sequence[str], reason: str) -> Entry:
    names = list(names)
    return "content.erased", {
        "kind": "erase",
        "principal": principal,
        "runId": run_id,
        "names": names,
        "reason": reason,
    }


def checkpoint_signed(made: Checkpoint, signed: str, leaves: Sequence[str]) -> Entry:
    return "checkpoint.signed", {
        "number": made.number,
        "events": made.events,
        "size": made.size,
        "root": made.root.hex(),
        "prev": made.prev,
        "through": made.through,
        "note": signed,
        "leaves": list(leaves),
    }


def breaker_moved(to: str, reason: str, run_id: str) -> Entry:
    kind = {"open": "breaker.opened", "closed": "breaker.closed", "half_open": "breaker.probed"}[to]
    return kind, {"kind": "breaker", "reason": reason, "runId": run_id}


def run_resumed(deliveries: int) -> Entry:
    return "run.resumed", {"delivery": deliveries}


def run_finished(status: str, started_at: str, **summary: Any) -> Entry:
    return "run.finished", {"status": status, "startedAt": started_at, **summary}


def run_summary(started: Entry) -> dict[str, Any]:
    """What a listing needs of a run, out of its first event."""
    _, data = started
    return {name: data[name] for name in ("kind", "principal", "taskType", "target")}


def action_json(action: Action) -> dict[str, Any]:
    """An action without its payload: that is content, and may be erased one day."""
    return {
        "actionId": action.id,
        "runId": action.run_id,
        "actionType": action.type,
        "taskType": action.task_type,
        "target": target_json(action.target.type, action.target.number),
        "targetState": action.target_state,
        "classification": action.classification,
        "policyReason": action.policy_reason,
        "policyVersion": action.policy_version,
        "digest": action.digest,
    }


def _of(action: Action) -> dict[str, Any]:
    target = target_json(action.target.type, action.target.number)
    return {"runId": action.run_id, "taskType": action.task_type, "target": target}


def target_json(kind: str, number: int) -> dict[str, Any]:
    return {"type": kind, "number": number}


def usage_json(usage: Usage) -> dict[str, int]:
    return {
        "input": usage.input_tokens,
        "output": usage.output_tokens,
        "cacheRead": usage.cache_read_tokens,
        "cacheWrite": usage.cache_write_tokens,
    }
