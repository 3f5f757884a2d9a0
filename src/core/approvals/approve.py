"""The Captain's decisions: list what waits, approve, reject. `actions/states.py` draws the transitions.

An approval is three requests in sequence: read, intent, outcome. Two approvals at once meet in the
condition of the intent: one of them moves the action, the other is told who did.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from core import phases
from core.actions import states
from core.actions.perform import perform
from core.actions.states import WAITING, Stored
from core.app import App
from core.approvals import decision as decisions
from core.approvals import look
from core.approvals.binding import bind
from core.approvals.decision import Decision, Passing
from core.audit import events
from core.canonical import dollars, iso
from core.dispatcher.gates import gate_of
from core.errors import Conflict, NotFound, PreconditionFailed, SelfApproval
from core.links import compare_url, target_url
from core.policy import approved as policy
from core.policy.stored import judge_stored
from core.policy.transitions import outcome_faults
from core.policy.version import is_older
from core.store import Item, Page
from core.tasks import registry
from core.types import Action, ActionState, Effect, Json, TargetNow

ON_APPROVE: Final[Mapping[ActionState, str]] = {
    "pending": "carries it out once",
    "failed": "carries it out once; the last attempt was definitely refused, nothing is paid again",
    "outcome_unknown": "looks for it on GitHub first; sends it again only once the settle time is over",
    "executing": "nothing: an attempt is under way",
}
"""What approving an action will do, by its state."""
OLDER_POLICY: Final = "drafted under an older policy: dispatch again"


def list_pending(
    app: App, *, limit: int, start: Item | None, where: Mapping[str, str] | None = None
) -> tuple[list[dict[str, Any]], Item | None]:
    """What waits, newest first, and where the next page starts. One query; a page may be short.

    `where` may hold `taskType` and `target` (`pull_request:42`).
    """
    page: Page = app.store.query(
        app.settings.actions_table,
        equals=("queue", WAITING),
        index="queue",
        newest_first=True,
        limit=limit,
        start=start,
        where=where,
    )
    now = app.now()
    waiting = [states.read(item) for item in page.items]
    return [describe(app, stored, now) for stored in waiting if not stored.lapsed(now)], page.next


def get_pending(app: App, action_id: str) -> dict[str, Any]:
    """One action, whatever became of it. Raises NotFound."""
    item = app.store.get(app.settings.actions_table, {"id": action_id})
    if item is None:
        raise NotFound("no action has this id")
    stored = states.read(item)
    return {**describe(app, stored, app.now()), "document": stored.action.document}


def describe(app: App, stored: Stored, now: int) -> dict[str, Any]:
    """An action as the API shows it."""
    action = stored.action
    state = stored.shown_at(now)
    decided = {"decidedAt": iso(stored.decided_at), "decidedBy": stored.decided_by} if stored.decided_at else {}
    return {
        "id": action.id,
        "runId": action.run_id,
        "taskType": action.task_type,
        "targetType": action.target.type,
        "targetId": action.target.number,
        "title": stored.title,
        "url": target_url(app.settings.github_api_url, action.repository, action.target),
        "author": stored.author,
        "actionType": action.type,
        "reason": action.reason,
        "evidence": action.evidence,
        "classification": action.classification,
        "policyReason": action.policy_reason,
        "createdAt": iso(stored.created_at),
        "expiresAt": iso(stored.expires_at),
        "state": state,
        "digest": action.digest,
        "lastError": stored.last_error,
        "onApprove": ON_APPROVE.get(state, ""),
        "principal": stored.principal,
        "writtenBy": stored.written_by,
        "cost": dollars(stored.charged),
        "checks": list(stored.checks),
        "payload": dict(action.payload),
        **decided,
        **({"commentUrl": stored.url} if stored.url else {}),
    }


def approve(app: App, action_id: str, principal: str, if_match: str | None, note: str = "") -> Json:
    """Execute a waiting action, once. The body of the answer; its `status` is the outcome. The audit keeps `note`.

    Raises NotFound, Conflict (decided, expired, moved, too early to send again, policy has become stricter),
    PreconditionFailed (another digest than the recorded one), PhaseForbids, UpstreamUnavailable.
    """
    decision, stored = decisions.begin(app, action_id, principal), decisions.load(app, action_id)
    action = stored.action
    decisions.refuse_decided(app, decision, stored)
    if not app.settings.self_approval and principal == stored.principal:
        raise SelfApproval("a principal may not approve what it dispatched itself")

    # Before all that could refuse a further attempt: what has landed is executed, whatever has changed since.
    assumes = ""
    if stored.state_at(decision.now) == "outcome_unknown":
        found = _look_again(app, decision, stored)
        if isinstance(found, dict):
            return found
        decision, stored, assumes = found

    phases.require_known(app.settings, action.task_type)
    phases.require_action(app.settings, action.type)

    verdict = judge_stored(
        action,
        stored.draft.raw,
        stored.draft.facts,
        registry.drafting(action.task_type),
        team=app.team,
        phase=app.settings.phase,
        own_secrets=app.own_secrets(),
    )
    approved = policy.approve(action, verdict, by_captain=True)
    if isinstance(approved, policy.Refused):
        if is_older(action.policy_version):
            unknown = stored.state == "outcome_unknown"  # it may have landed: it is looked for until that is known
            if not unknown:
                decisions.expire(app, decision, stored, OLDER_POLICY)
            raise Conflict(f"{OLDER_POLICY}: {approved.reason}", state=stored.state if unknown else "expired")
        raise Conflict(
            f"policy refuses it now: {approved.reason}",
            state=stored.state,
            checks=[finding.as_json() for finding in verdict.findings],
        )

    taxonomy, gate = app.team.taxonomy, gate_of(app.settings, action, "captain")
    now = app.github().target(action.target)
    binding = bind(action, now, if_match, taxonomy, attempted=bool(stored.attempt))
    match binding.verdict:
        case "closed":
            decisions.expire(app, decision, stored, binding.message)
            raise Conflict(f"{binding.message}: the action has expired", state="expired")
        case "mismatch":
            raise PreconditionFailed(binding.message, digest=binding.digest, state=stored.state)
        case "moved":
            raise Conflict(binding.message, digest=binding.digest, state=stored.state, **_compare(app, action, now))

    if action.type == "change_labels":
        add, remove = (tuple(action.payload[name]) for name in ("add", "remove"))
        faults = list(outcome_faults(now.labels, add, remove, taxonomy))
        if faults:
            raise Conflict(
                f"the change no longer fits the issue's labels: {faults[0].text} {faults[0].why}", state=stored.state
            )

    attempt = app.new_id()
    about = events.approved(action, attempt, binding.message if binding.verdict == "stale" else "")
    intent = [
        events.approval_granted(about, action.id, principal, binding.digest, verdict.policy_version, assumes, note),
        events.action_intended(action, attempt, app.writer().name),
    ]
    decision = decisions.move(app, decision, stored, "executing", intent, passing=Passing(gate, attempt))
    effect = perform(approved, app.writer(), shadow=app.settings.shadow_mode)
    moved = states.ended(app.settings.actions_table, action.id, attempt, effect, app.now(), by=principal)
    ended = events.approval_ended(about, action.id, attempt, effect)
    decisions.end(app, decision, [moved, *gate.leave(decision.passed, attempt, effect)], ended)
    return _body(stored, effect)


def _compare(app: App, action: Action, now: TargetNow) -> dict[str, str]:
    """Where the change of a pull request since the draft can be seen."""
    if action.target.type != "pull_request":
        return {}
    heads = [state.partition(":")[0] for state in (action.target_state, now.state)]
    if not all(re.fullmatch("[0-9a-f]{40}", head) for head in heads) or heads[0] == heads[1]:
        return {}
    return {"compare": compare_url(app.settings.github_api_url, action.repository, *heads)}


def reject(app: App, action_id: str, principal: str, reason: str) -> Json:
    """Decide that a waiting action shall not happen. Raises NotFound, Conflict."""
    decision, stored = decisions.begin(app, action_id, principal), decisions.load(app, action_id)
    decisions.refuse_decided(app, decision, stored)
    if stored.state == "executing":  # a dead attempt: it leaves a true state first
        decision, stored = decisions.note_death(app, decision, stored)
    entry = events.action_rejected(stored.action, principal, reason, stored.state)
    decisions.move(app, decision, stored, "rejected", [entry])
    return {"status": "rejected", "actionId": action_id}


def _look_again(app: App, decision: Decision, stored: Stored) -> dict[str, Any] | tuple[Decision, Stored, str]:
    """An earlier attempt may have landed: the answer if it has, or what a further attempt has to assume.

    Raises Conflict while it is too early to tell, where GitHub cannot be read, and once a newer comment is posted.
    """
    seen = look.look(app, stored)
    if stored.state == "executing":  # say first that it died, so that the next step leaves a true state
        decision, stored = decisions.note_death(app, decision, stored)
    match decisions.note_seen(app, decision, stored, seen):
        case "executed":
            return _body(stored, Effect("executed", seen.detail, url=seen.url))
        case "superseded":
            raise Conflict(f"the action is superseded: {seen.detail}", state="superseded")
    if seen.result == "unreadable":
        raise Conflict(f"whether it was posted cannot be seen: {seen.detail}", state="outcome_unknown")
    settled_at = stored.attempt_at + app.settings.limits.settle_seconds * 1000
    if decision.now < settled_at:
        raise Conflict(
            f"the earlier attempt may still land until {iso(settled_at)}; look again then", state="outcome_unknown"
        )
    assumes = f"attempt {stored.attempt} will not land any more: {seen.detail}, after the settle time"
    return decision, stored, assumes


def _body(stored: Stored, effect: Effect) -> dict[str, Any]:
    outcome = effect.outcome
    body = {"status": outcome, "actionId": stored.action.id, "actionType": stored.action.type, "state": outcome}
    match outcome:
        case "executed":
            return {**body, "url": effect.url} if effect.url else body
        case "shadowed":
            return {**body, "wouldSend": dict(stored.action.payload)}
    return {**body, "error": {"code": outcome, "message": effect.detail}}
