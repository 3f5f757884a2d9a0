"""Everything a run writes once the model has answered or failed. Money is settled beside each transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from core.actions import states
from core.actions.states import Draft
from core.app import App
from core.audit import content, events
from core.audit.content import WITHHELD, Content
from core.audit.events import Entry
from core.config import MAX_ANSWER_BYTES
from core.dispatcher.gates import Gate
from core.dispatcher.generate import GaveUp, Generated
from core.dispatcher.ledger import Charge
from core.dispatcher.tripping import follow_outcome, trip
from core.errors import LeaseHeld, StoreUnavailable
from core.policy.version import OWN_SECRETS
from core.runs import record, results
from core.runs.record import Run
from core.store import Delete, Insert, Item, Lost, Update, Write
from core.types import Action, ActionState, Effect, Facts, Json, Verdict

GATE_TRIES: Final = 4


@dataclass(frozen=True)
class Judged:
    """An answer with its price and policy's verdict. `cost` in micro-dollars."""

    generated: Generated
    cost: int
    verdict: Verdict
    facts: Facts


@dataclass(frozen=True)
class Intended:
    """An action whose intent is on record: it may be sent, once."""

    run: Run
    action: Action
    attempt: str
    result: Json


def give_up(app: App, run: Run, outcome: GaveUp) -> Json:
    """The model failed: settle, close, free the key."""
    at = _billed_by(app, outcome.charge, outcome.kept)
    run = replace(run, charged=outcome.kept)
    body = results.failed(run, outcome.detail)
    entries = [
        events.attempt_failed(outcome.charge.attempt, outcome.trouble, outcome.detail, outcome.kept),
        events.charge_settled(outcome.charge.attempt, outcome.charge.amount, outcome.kept),
        _finished(run, "failed", reason="model_error"),
    ]
    return _close(app, run, outcome.charge, at, entries, body, failed=True)


def cut_short(app: App, run: Run, generated: Generated, cost: int) -> Json:
    """The model stopped for another reason than being done: it is paid for, and not used."""
    answer = generated.reply.answer
    run = replace(run, charged=generated.kept + cost)
    body = results.failed(run, f"the model stopped early: {answer.stop_reason}", answer.usage)
    stored, entries = _answered(app, run, generated, cost)
    entries.append(_finished(run, "failed", reason="model_error"))
    at = _billed_by(app, generated.charge, generated.kept)
    return _close(app, run, generated.charge, at, entries, body, failed=True, writes=[stored])


def reject(app: App, run: Run, judged: Judged) -> Json:
    """Policy refused the answer: it is stored and paid for, and nothing reaches GitHub."""
    run, stored, entries = _judged(app, run, judged)
    body = results.rejected(run, judged.verdict, judged.generated.reply.answer.usage)
    entries.append(_finished(run, "rejected", classification=judged.verdict.classification))
    at = _billed_by(app, judged.generated.charge, judged.generated.kept)
    return _close(app, run, judged.generated.charge, at, entries, body, failed=False, writes=[stored])


def propose(app: App, run: Run, judged: Judged) -> Json:
    """All actions wait for the Captain. The key is kept: the same content would be the same draft."""
    run, stored, entries = _judged(app, run, judged)
    actions = judged.verdict.actions
    state: ActionState | None = "pending" if actions else None
    body = results.success(run, judged.verdict, judged.generated.reply.answer.usage, judged.facts)
    entries += [events.action_proposed(action) for action in actions]
    first = {"state": state, "actionId": actions[0].id, "actions": _states(body)} if actions else {}
    entries.append(_finished(run, "success", classification=body["classification"], **first))
    rows = [_insert_action(app, run, judged, action, "pending", "") for action in actions]
    if actions:
        app.measure("ActionsWaiting", len(actions))
    at = _billed_by(app, judged.generated.charge, judged.generated.kept)
    return _close(app, run, judged.generated.charge, at, entries, body, failed=False, writes=[stored, *rows], keep=True)


def intend(app: App, run: Run, judged: Judged, action: Action) -> Intended | str:
    """Put the intent on record, with the answer and the verdict; other actions of the verdict wait.

    A text says why it may not be sent any more: its gate has closed, or another run has taken the content over.
    """
    attempt = record.attempt_id(run.id, action.id)
    before, stored, entries = _judged(app, run, judged)
    before = replace(before, action_id=action.id)
    others = [other for other in judged.verdict.actions if other is not action]
    entries += [events.action_proposed(other) for other in others]
    entries.append(events.action_intended(action, attempt, app.writer().name))
    result = results.success(before, judged.verdict, judged.generated.reply.answer.usage, judged.facts)
    result = results.with_state(result, action.id, "outcome_unknown")
    charge = judged.generated.charge
    gate = _gate(app, run, action)
    seen = run.storm_seen if action.type == "add_comment" else ""
    for settle in (True, *(False,) * GATE_TRIES):
        now = app.now()
        after, advanced = record.advance(
            app.settings,
            run,
            now,
            entries,
            stage="acting",
            charge=charge,
            charged=before.charged,
            action_id=action.id,
            result=result,
        )
        writes: list[Write] = [
            gate.pass_through(seen, attempt, now),
            *advanced,
            record.hold_key(app.settings, run, now + record.LEASE_MARGIN_MS),
            stored,
            _insert_action(app, before, judged, action, "executing", attempt),
            *(_insert_action(app, before, judged, other, "pending", "") for other in others),
        ]
        at = _billed_by(app, charge, judged.generated.kept)
        lost = _settle_beside(app, run.id, charge, before.charged, at, writes, failed=False, settle=settle)
        if lost is None:
            return Intended(after, action, attempt, result)
        if any(1 <= position <= len(advanced) for position in lost.positions):
            raise LeaseHeld("another invocation has taken this run over")
        if 1 + len(advanced) in lost.positions:  # the key has a new holder: the effect is for that run
            return "another run has taken this content over"
        latest = app.store.get(app.settings.dedupe_table, gate.key)
        if closed := gate.closed(latest, now):
            return closed
        seen = gate.seen(latest)
    raise StoreUnavailable("too many runs for one target at once; try again")


def go_on(app: App, intended: Intended, effect: Effect, action: Action) -> Intended | None:
    """The outcome of one action with the intent of the run's next. None: its gate is closed, or somebody decided it."""
    run, done = intended.run, intended.action
    attempt = record.attempt_id(run.id, action.id)
    result = _told(intended, effect)
    now = app.now()
    entries = [
        events.action_ended(done.id, intended.attempt, effect),
        events.action_intended(action, attempt, app.writer().name),
    ]
    after, advanced = record.advance(
        app.settings,
        run,
        now,
        entries,
        action_id=action.id,
        result=results.with_state(result, action.id, "outcome_unknown"),
    )
    table = app.settings.actions_table
    gate = _gate(app, run, action)
    writes: list[Write] = [
        gate.pass_through(run.storm_seen if action.type == "add_comment" else "", attempt, now),
        *advanced,
        states.move(table, action.id, frm="pending", to="executing", attempt="", now=now, next_attempt=attempt),
        _move_to_outcome(app, intended, effect, now),
        *_gate(app, run, done).release(intended.attempt, effect),
    ]
    if app.store.transact(writes) is not None:
        return None
    return Intended(after, action, attempt, results.with_state(result, action.id, "outcome_unknown"))


def end(app: App, intended: Intended, effect: Effect, *, moves: bool = True) -> Json:
    """The outcome of the last attempt, with the run's result. The key is kept whatever the outcome.

    `moves` is False when the action has been brought to that state already.
    """
    run, action, state = intended.run, intended.action, effect.outcome
    body = _told(intended, effect)
    now = app.now()
    _, advanced = record.advance(
        app.settings,
        run,
        now,
        [
            events.action_ended(action.id, intended.attempt, effect),
            _finished(
                run,
                "success",
                classification=action.classification,
                state=state,
                actionId=action.id,
                actions=_states(body),
            ),
        ],
        closes=True,
        stage="finished",
        result=body,
        holder="",
        lease_until=0,
    )
    writes: list[Write] = [record.keep_key(app.settings, run, body, now), *advanced]
    if moves:
        writes.append(_move_to_outcome(app, intended, effect, now))
    writes += _gate(app, run, action).release(intended.attempt, effect)
    _write_end(app, writes, app.store.transact(writes))
    app.measure("RunsFinished", 1)
    if state in ("failed", "outcome_unknown"):
        app.measure("ActionsWaiting", 1)
        follow_outcome(app, app.ledger.count_failure(run.id), run.id, failed=True)
    return body


def _told(intended: Intended, effect: Effect) -> dict[str, Any]:
    """The run's result once an attempt has ended."""
    more: dict[str, Any] = {} if effect.outcome == "executed" else {"detail": effect.detail}
    if effect.outcome == "shadowed":
        more["wouldSend"] = dict(intended.action.payload)
    return results.with_state(intended.result, intended.action.id, effect.outcome, **more)


def _move_to_outcome(app: App, intended: Intended, effect: Effect, now: int) -> Update:
    return states.move(
        app.settings.actions_table,
        intended.action.id,
        frm="executing",
        to=effect.outcome,
        attempt=intended.attempt,
        now=now,
        error="" if effect.outcome == "executed" else effect.detail,
    )


def abandon(app: App, run: Run, detail: str) -> Json:
    """The worker could not be started: nothing was sent. Where it has started after all, it goes on."""
    body = results.failed(run, detail, reason="worker_unavailable")
    _, advanced = record.advance(
        app.settings,
        run,
        app.now(),
        [_finished(run, "failed", reason="worker_unavailable")],
        closes=True,
        stage="finished",
        result=body,
    )
    if app.store.transact([*advanced, record.release_key(app.settings, run)]) is not None:
        return results.accepted(run.id)
    app.ledger.cancel(run.charge, 1)
    return body


def withdraw(app: App, run: Run, kept: int) -> Json:
    """The phase was taken back while the run was queued: nothing is sent. `kept` micro-dollars stay charged."""
    run = replace(run, charged=kept)
    body = results.skipped(run.id, "phase", f"{app.settings.phase} does not allow {run.task_type} any more")
    _, advanced = record.advance(
        app.settings,
        run,
        app.now(),
        [
            events.charge_settled(run.charge.attempt, run.charge.amount, kept),
            _finished(run, "skipped", reason="phase"),
        ],
        closes=True,
        stage="finished",
        result=body,
        holder="",
        lease_until=0,
    )
    writes: list[Write] = [*advanced, record.release_key(app.settings, run)]
    _write_end(app, writes, app.store.transact(writes))
    if kept:
        app.ledger.settle(run.charge, kept, run.charge.until, failed=None)
    else:
        app.ledger.cancel(run.charge, 1)
    app.measure("DispatchesSkipped", 1)
    return body


def hold_back(judged: Judged, action: Action, why: str) -> Judged:
    """What policy let through, left to the Captain for another reason than its content. The verdict stays."""
    held = replace(action, classification="requires_approval", policy_reason=why)
    actions = tuple(held if one is action else one for one in judged.verdict.actions)
    return replace(judged, verdict=replace(judged.verdict, actions=actions))


def _write_end(app: App, writes: Sequence[Write], lost: Lost | None) -> None:
    """The end again, without what others hold by now: a successor the key, another run the target, a look the action.

    Raises LeaseHeld when it is the run itself that is held by another invocation.
    """
    while lost is not None:
        kept = [write for at, write in enumerate(writes) if at not in lost.positions or not _may_yield(write)]
        if len(kept) == len(writes):
            raise LeaseHeld("another invocation has taken this run over")
        writes = kept
        lost = app.store.transact(writes)


def _may_yield(write: Write) -> bool:
    """Whether the run can end without it: not its own record, and not its events."""
    return isinstance(write, Update | Delete) and not str(write.key.get("key", "")).startswith("run#")


def _billed_by(app: App, charge: Charge, kept: int) -> int:
    """When the run can last have been billed: an attempt without an answer may be until its deadline."""
    return charge.until if kept else app.now()


def _close(
    app: App,
    run: Run,
    charge: Charge,
    at: int,
    entries: Sequence[Entry],
    body: Json,
    *,
    failed: bool,
    writes: Sequence[Write] = (),
    keep: bool = False,
) -> Json:
    """Settle beside the transaction that ends the run without an effect."""
    now = app.now()
    _, advanced = record.advance(
        app.settings,
        run,
        now,
        entries,
        closes=True,
        stage="finished",
        result=body,
        charge=charge,
        holder="",
        lease_until=0,
    )
    key = record.keep_key(app.settings, run, body, now) if keep else record.release_key(app.settings, run)
    everything = [*advanced, key, *writes]
    _write_end(app, everything, _settle_beside(app, run.id, charge, run.charged, at, everything, failed=failed))
    app.measure("RunsFinished", 1)
    return body


def _settle_beside(
    app: App,
    run_id: str,
    charge: Charge,
    amount: int,
    at: int,
    writes: Sequence[Write],
    *,
    failed: bool,
    settle: bool = True,
) -> Lost | None:
    """Both at once: neither needs the other. A settlement that fails leaves the larger charge standing."""

    def settled() -> Item | None:
        try:
            return app.ledger.settle(charge, amount, at, failed=failed) if settle else None
        except StoreUnavailable:
            return None

    item, lost = app.together([settled, lambda: app.store.transact(writes)])
    follow_outcome(app, item, run_id, failed=failed)
    if settle and amount > charge.amount:
        trip(app, "reported usage above its bound", run_id)
    return lost if isinstance(lost, Lost) else None


def _answered(
    app: App, run: Run, generated: Generated, cost: int, verdict: Verdict | None = None
) -> tuple[Insert, list[Entry]]:
    """The write of the answer and the events of it. One that gives a secret of ours away is kept nowhere."""
    from core.policy.giveaway import gives_away  # not for a dispatch that a worker carries out

    raw, text = generated.reply.raw, generated.reply.answer.text
    told = verdict is not None and any(finding.rule == OWN_SECRETS for finding in verdict.findings)
    judged = text if verdict is not None and len(text) <= MAX_ANSWER_BYTES else ""
    withheld = told or gives_away(raw, app.own_secrets(), judged)
    stored = Content("answer", WITHHELD if withheld else raw, bytes.fromhex(app.random_hex()))
    charged = generated.kept + cost
    return content.insert(app.settings.content_table, run.id, stored), [
        events.generation_answered(generated.charge.attempt, generated.reply.answer, stored.digest, cost),
        events.charge_settled(generated.charge.attempt, generated.charge.amount, charged),
    ]


def _judged(app: App, run: Run, judged: Judged) -> tuple[Run, Insert, list[Entry]]:
    """The run with what it came to, the write of its answer, and the events up to the verdict."""
    stored, entries = _answered(app, run, judged.generated, judged.cost, judged.verdict)
    charged = judged.generated.kept + judged.cost
    return replace(run, charged=charged), stored, [*entries, events.policy_judged(judged.verdict)]


def _insert_action(app: App, run: Run, judged: Judged, action: Action, state: ActionState, attempt: str) -> Insert:
    return states.insert(
        app.settings.actions_table,
        action,
        Draft(judged.generated.reply.answer.text, judged.facts),
        state=state,
        attempt=attempt,
        principal=run.principal,
        charged=run.charged,
        checks=[finding.as_json() for finding in judged.verdict.findings],
        now=app.now(),
        expiry=app.settings.limits.approval_expiry_seconds * 1000,
    )


def _gate(app: App, run: Run, action: Action) -> Gate:
    return Gate(app.settings, action, run.target_state, run.force)


def _states(body: Json) -> dict[str, ActionState]:
    """How the run has left each of its actions."""
    return {one["actionId"]: one["state"] for one in body["actions"]}


def _finished(run: Run, status: str, **more: Any) -> Entry:
    return events.run_finished(status, run.started_iso, charged=run.charged, **record.summary(run), **more)
