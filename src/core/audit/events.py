"""Every kind of event, as pure builders of (type, data). Money is micro-dollars, times are milliseconds."""

from collections.abc import Sequence
from typing import Any

from core.audit.note import Checkpoint
from core.audit.provenance import code_digest
from core.canonical import named
from core.config import VERSION, Settings
from core.dispatcher.pricing import PRICES_VERSION
from core.dispatcher.reply import Answer
from core.types import Action, ActionState, Effect, Json, Prompt, TaskRequest, TaskType, Trigger, Verdict

Entry = tuple[str, Json]

# --- runs ------------------------------------------------------------------------------------


def run_started(request: TaskRequest, settings: Settings, policy_version: str, attempts: int = 0) -> Entry:
    """`attempts` is how many the run's ceiling pays for at worst; 0 for a run that asks for none."""
    return "run.started", {
        "kind": "dispatch",
        **named(request, "trigger", "principal", "task_type", "linked_issue", "force"),
        "target": target_json(request.target.type, request.target.number),
        **_given(attempts=attempts, batch=request.batch and request.batch.run_id, delivery=request.delivery),
        "repository": settings.repository,
        "phase": settings.phase,
        "version": VERSION,
        "code": code_digest(),
        "policyVersion": policy_version,
        "pricesVersion": PRICES_VERSION,
        "loosenedGuardrails": list(settings.limits.overridden),
    }


def batch_started(task_type: TaskType, trigger: Trigger, principal: str, targets: Sequence[Json]) -> Entry:
    who = {"kind": "batch", "trigger": trigger, "principal": principal, "taskType": task_type}
    return "run.started", {**who, "targets": list(targets), "version": VERSION, "code": code_digest()}


def run_resumed(deliveries: int) -> Entry:
    return "run.resumed", {"delivery": deliveries}


def run_finished(status: str, started_at: str, **summary: Any) -> Entry:
    return "run.finished", {"status": status, "startedAt": started_at, **summary}


def batch_finished(status: str, started_at: str, started: Entry, tasks: Sequence[Json], about: Json) -> Entry:
    """`tasks` are runs of their own, whose chains hold what they did and what it cost."""
    _, data = started
    summary = {name: data[name] for name in ("kind", "principal", "taskType", "trigger")}
    return run_finished(status, started_at, **summary, tasks=list(tasks), **about)


def run_summary(started: Entry) -> dict[str, Any]:
    """What a listing needs of a run, out of its first event."""
    _, data = started
    return {name: data[name] for name in ("kind", "principal", "taskType", "target")}


def request_refused(principal: str, route: str, target: Json, code: str, message: str, **more: str) -> Entry:
    """Somebody known asked for a change and was told no."""
    asked = {"kind": "refusal", "principal": principal, "route": route, "target": dict(target)}
    return "request.refused", {**asked, "code": code, "message": message, **more}


# --- prompt, money, answer, verdict ----------------------------------------------------------


def prompt_stored(prompt: Prompt, dedupe_key: str, prompt_digest: str, context_digest: str) -> Entry:
    return "prompt.stored", {
        "prompt": prompt_digest,
        "context": context_digest,
        "dedupeKey": dedupe_key,
        "template": prompt.template.partition("\n")[0],
        "packs": {pack.name: named(pack, "version", "sha256") for pack in prompt.packs},
        **named(prompt, "template_hash", "model", "max_tokens", "input_bound", "input_estimate"),
        "targetState": prompt.facts.target_state,
        "cuts": list(prompt.facts.cuts),
    }


def charge_requested(attempt: int, amount: int, until: int) -> Entry:
    """Precedes the reservation, or goes with it: what the run may cost until this attempt has ended."""
    return "charge.requested", {"attempt": attempt, "amount": amount, "until": until}


def charge_refused(reason: str, message: str) -> Entry:
    return "charge.refused", {"reason": reason, "message": message}


def charge_settled(attempt: int, reserved: int, charged: int) -> Entry:
    return "charge.settled", {"attempt": attempt, "reserved": reserved, "charged": charged}


def attempt_failed(attempt: int, trouble: str, detail: str, kept: int) -> Entry:
    """An attempt without reported usage; `kept` stays charged for it."""
    return "generation.attempt_failed", {"attempt": attempt, "trouble": trouble, "detail": detail, "kept": kept}


def generation_answered(attempt: int, answer: Answer, answer_digest: str, cost: int) -> Entry:
    usage = answer.usage
    return "generation.answered", {
        "attempt": attempt,
        "answer": answer_digest,
        **named(answer, "stop_reason", "model"),
        "usage": {
            "input": usage.input_tokens,
            "output": usage.output_tokens,
            "cacheRead": usage.cache_read_tokens,
            "cacheWrite": usage.cache_write_tokens,
        },
        "cost": cost,
    }


def policy_judged(verdict: Verdict) -> Entry:
    """Without excerpts: what the model wrote is content, and may be erased one day."""
    return "policy.judged", {
        **named(verdict, "classification", "reason", "policy_version"),
        "checks": [named(finding, "rule", "field", "severity", "why") for finding in verdict.findings],
        "actions": [{"actionId": action.id, "classification": action.classification} for action in verdict.actions],
    }


# --- actions and decisions about them --------------------------------------------------------


def action_proposed(action: Action) -> Entry:
    """It waits for the Captain."""
    return "action.proposed", _action(action)


def action_intended(action: Action, attempt: str, writer: str) -> Entry:
    """On record before anything is sent."""
    return "action.intended", {**_action(action), "attempt": attempt, "writer": writer}


def action_ended(action_id: str, attempt: str, effect: Effect) -> Entry:
    url = {"url": effect.url} if effect.url else {}
    return f"action.{effect.outcome}", {"actionId": action_id, "attempt": attempt, "detail": effect.detail, **url}


def approval_granted(
    about: Json, action_id: str, principal: str, digest: str, policy_version: str, assumes: str, note: str
) -> Entry:
    """`about` tells what was approved: see `approved`. `assumes`: why an earlier attempt cannot land any more."""
    who = {"kind": "approve", "principal": principal, "actionId": action_id, **about}
    bound = {"digest": digest, "policyVersion": policy_version}
    return "approval.granted", {**who, **bound, **_given(assumes=assumes, note=note)}


def approved(action: Action, attempt: str, stale: str) -> dict[str, Any]:
    """What first and last event of an approval both tell. `stale`: how the target has moved since the draft."""
    return {**_subject(action), "attempt": attempt, **_given(stale=stale)}


def approval_ended(about: Json, action_id: str, attempt: str, effect: Effect) -> Entry:
    kind, data = action_ended(action_id, attempt, effect)
    return kind, {**data, **about, "kind": "approve", "status": effect.outcome}


def action_rejected(action: Action, principal: str, reason: str, was: ActionState) -> Entry:
    decided = {**_decision("reject", principal, action), **_subject(action), "digest": action.digest}
    return "action.rejected", {**decided, "reason": reason, "was": was}


def action_expired(action: Action, principal: str, reason: str, was: ActionState) -> Entry:
    return "action.expired", {**_decision("expire", principal, action), "reason": reason, "was": was}


def action_seen(outcome: str, action: Action, attempt: str, principal: str, detail: str, **more: str) -> Entry:
    """What a look has shown of an attempt: `executed`, `outcome_unknown` (it died), `superseded`, or `landed` late."""
    looked = _decision("look", principal, action)
    return f"action.{outcome}", {**looked, "attempt": attempt, "detail": detail, **more}


def outcome_observed(action: Action, outcome: Json) -> Entry:
    """What has become of a posted plan by now: evidence, not proof, since whoever may write may tick."""
    return "outcome.observed", {**_decision("observation", "schedule", action), **_subject(action), **outcome}


# --- what belongs to no run ------------------------------------------------------------------


def breaker_reset(principal: str) -> Entry:
    return "breaker.reset", {"kind": "reset", "principal": principal}


def breaker_moved(to: str, reason: str, run_id: str) -> Entry:
    kind = {"open": "breaker.opened", "closed": "breaker.closed", "half_open": "breaker.probed"}[to]
    return kind, {"kind": "breaker", "reason": reason, "runId": run_id}


def content_erased(run_id: str, principal: str, names: Sequence[str], reason: str) -> Entry:
    who = {"kind": "erase", "principal": principal, "runId": run_id}
    return "content.erased", {**who, "names": list(names), "reason": reason}


def checkpoint_signed(made: Checkpoint, signed: str, leaves: Sequence[str]) -> Entry:
    said = named(made, "number", "events", "size", "prev", "through")
    return "checkpoint.signed", {**said, "root": made.root.hex(), "note": signed, "leaves": list(leaves)}


# --- what several of them hold ---------------------------------------------------------------


def target_json(kind: str, number: int) -> dict[str, Any]:
    return {"type": kind, "number": number}


def _action(action: Action) -> dict[str, Any]:
    """An action without its payload: that is content, and may be erased one day."""
    fields = named(action, "target_state", "classification", "policy_reason", "policy_version", "digest")
    return {"actionId": action.id, "actionType": action.type, **_subject(action), **fields}


def _subject(action: Action) -> dict[str, Any]:
    target = target_json(action.target.type, action.target.number)
    return {"runId": action.run_id, "taskType": action.task_type, "target": target}


def _decision(kind: str, principal: str, action: Action) -> dict[str, Any]:
    return {"kind": kind, "principal": principal, "actionId": action.id, "runId": action.run_id}


def _given(**fields: Any) -> dict[str, Any]:
    """Those that are not empty: an event does not hold the others."""
    return {name: value for name, value in fields.items() if value}
