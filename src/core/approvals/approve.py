"""The Captain's decisions: list what waits, approve, reject. `actions/states.py` draws the transitions.

An approval is three requests in sequence: read, intent, outcome. Two approvals at once meet in the
condition of the intent: one of them moves the action, the other is told who did.
"""

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
from core.approvals.binding import Binding, bind
from core.approvals.decision import Decision
from core.audit import events
from core.canonical import dollars, iso
from core.context.links import compare_url, target_url
from core.dispatcher.gates import BY_TYPE
from core.errors import Conflict, PreconditionFailed, SelfApproval
from core.policy import approved as policy
from core.policy.approved import Approved
from core.policy.stored import judge_stored
from core.policy.transitions import outcome_faults
from core.policy.version import is_older
from core.store import Item, Page
from core.tasks import registry
from core.types import Action, ActionState, Effect, Json, TargetNow, Verdict

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
    stored = decisions.load(app, action_id)
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
    decision = decisions.begin(app, decisions.load(app, action_id), principal)
    action = decision.stored.action
    decisions.refuse_decided(app, decision)
    if not app.settings.self_approval and principal == decision.stored.principal:
        raise SelfApproval("a principal may not approve what it dispatched itself")

    # Before all that could refuse a further attempt: what has landed is executed, whatever has changed since.
    assumes = ""
    if decision.state == "outcome_unknown":
        found = _look_again(app, decision)
        if isinstance(found, dict):
            return found
        decision, assumes = found

    phases.require_known(app.settings, action.task_type)
    phases.require_action(app.settings, action.type)

    approved, verdict = _judge_again(app, decision)
    binding = _bind(app, decision, if_match)

    attempt = BY_TYPE[action.type](app.settings, action, app.new_id(), "captain")
    about = events.approved(action, attempt.id, binding.message if binding.verdict == "stale" else "")
    granted = events.approval_granted(
        about, action.id, principal, binding.digest, verdict.policy_version, assumes, note
    )
    intent = events.action_intended(action, attempt.id, app.writer().name)
    decision, attempt = decisions.intend(app, decision, attempt, granted, intent)
    effect = perform(approved, app.writer(), shadow=app.settings.shadow_mode)
    over = [attempt.moves(effect, app.now(), principal), *attempt.leaves(effect)]
    decisions.end(app, decision, over, events.approval_ended(about, action.id, attempt.id, effect))
    return _body(action, effect)


def _judge_again(app: App, decision: Decision) -> tuple[Approved, Verdict]:
    """Policy's verdict of today. Raises Conflict where it refuses; what an older policy let through expires then."""
    stored, phase = decision.stored, app.settings.phase
    action, facts = stored.action, stored.draft.facts
    drafting, secrets = registry.drafting(action.task_type), app.own_secrets()
    verdict = judge_stored(action, stored.draft.raw, facts, drafting, team=app.team, phase=phase, own_secrets=secrets)
    approved = policy.approve(action, verdict, by_captain=True)
    if isinstance(approved, Approved):
        return approved, verdict
    if not is_older(action.policy_version):
        checks = [finding.as_json() for finding in verdict.findings]
        raise Conflict(f"policy refuses it now: {approved.reason}", state=stored.state, checks=checks)
    state: ActionState = "outcome_unknown"  # it may have landed: it is looked for until that is known
    if stored.state != state:
        state = "expired"
        decisions.expire(app, decision, OLDER_POLICY)
    raise Conflict(f"{OLDER_POLICY}: {approved.reason}", state=state)


def _bind(app: App, decision: Decision, if_match: str | None) -> Binding:
    """What the digest means for the target as it stands. Raises Conflict, PreconditionFailed where it refuses."""
    stored, taxonomy = decision.stored, app.team.taxonomy
    action, now = stored.action, app.github().target(stored.action.target)
    binding = bind(action, now, if_match, taxonomy, attempted=bool(stored.attempt))
    match binding.verdict:
        case "closed":
            decisions.expire(app, decision, binding.message)
            raise Conflict(f"{binding.message}: the action has expired", state="expired")
        case "mismatch":
            raise PreconditionFailed(binding.message, digest=binding.digest, state=stored.state)
        case "moved":
            raise Conflict(binding.message, digest=binding.digest, state=stored.state, **_compare(app, action, now))
    if action.type == "change_labels":
        add, remove = (tuple(action.payload[name]) for name in ("add", "remove"))
        for fault in outcome_faults(now.labels, add, remove, taxonomy):
            why = f"the change no longer fits the issue's labels: {fault.text} {fault.why}"
            raise Conflict(why, state=stored.state)
    return binding


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
    decision = decisions.begin(app, decisions.load(app, action_id), principal)
    decisions.refuse_decided(app, decision)
    decision = decisions.note_death(app, decision)
    stored = decision.stored
    decisions.move(app, decision, "rejected", events.action_rejected(stored.action, principal, reason, stored.state))
    return {"status": "rejected", "actionId": action_id}


def _look_again(app: App, decision: Decision) -> dict[str, Any] | tuple[Decision, str]:
    """An earlier attempt may have landed: the answer if it has, or what a further attempt has to assume.

    Raises Conflict while it is too early to tell, where GitHub cannot be read, and once a newer comment is posted.
    """
    seen = look.look(app, decision.stored)
    decision = decisions.note_death(app, decision)
    stored = decision.stored
    match decisions.note_seen(app, decision, seen):
        case "executed":
            return _body(stored.action, Effect("executed", seen.detail, url=seen.url))
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
    return decision, assumes


def _body(action: Action, effect: Effect) -> dict[str, Any]:
    outcome = effect.outcome
    body = {"status": outcome, "actionId": action.id, "actionType": action.type, "state": outcome}
    match outcome:
        case "executed":
            return {**body, "url": effect.url} if effect.url else body
        case "shadowed":
            return {**body, "wouldSend": dict(action.payload)}
    return {**body, "error": {"code": outcome, "message": effect.detail}}
