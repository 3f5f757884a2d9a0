"""How a run ends, as a value: what its record, its events, the action rows, the key and the charge become. Pure.

    gave_up, cut_short, withdrawn, abandoned, unpaid     nothing was drafted: the key is freed
    rejected                                             policy said no: the key is freed
    proposed, acted                                      a draft: the key answers the same content with it

`finish` writes any of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from core.actions import states
from core.actions.states import Draft
from core.audit import content, events
from core.audit.content import Content
from core.audit.events import Entry
from core.config import Settings
from core.dispatcher import breaker
from core.dispatcher.gates import Gate, gate_of
from core.dispatcher.generate import GaveUp, Generated
from core.dispatcher.ledger import Charge
from core.runs import record, results
from core.runs.record import Run
from core.store import Insert, Item, Write, oversized
from core.types import Action, ActionState, Effect, Facts, Json, Verdict

ILL: Final[Mapping[str, bool | None]] = {"refused": False, "not_charged": None}
"""What the trouble that a model's turn ended with says of the service: None says nothing; all others, that it is ill.

`refused` is about the one request that was sent.
"""


@dataclass(frozen=True)
class Paid:
    """An answer of the model with its price in micro-dollars, and the bytes of it that are kept."""

    generated: Generated
    cost: int
    kept: Content

    @property
    def charged(self) -> int:
        """Micro-dollars, earlier attempts included."""
        return self.generated.kept + self.cost

    @property
    def entries(self) -> list[Entry]:
        charge, answer = self.generated.charge, self.generated.reply.answer
        return [
            events.generation_answered(charge.attempt, answer, self.kept.digest, self.cost),
            events.charge_settled(charge.attempt, charge.amount, self.charged),
        ]


@dataclass(frozen=True)
class Judged:
    """A paid answer and policy's verdict on it."""

    paid: Paid
    verdict: Verdict
    facts: Facts


@dataclass(frozen=True)
class Intended:
    """An action whose intent is on record: it may be sent, once."""

    run: Run
    action: Action
    attempt: str
    result: Json
    gate: Item | None = None
    """The gate's record as it stood before the action passed."""


@dataclass(frozen=True)
class Bill:
    """What a charge is settled to. `at` is when it can last have been billed; `failed` counts for the breaker."""

    charge: Charge
    amount: int
    at: int
    failed: bool | None


@dataclass(frozen=True)
class Ending:
    """The end of a run. `run` is the run as it was, but for what it came to."""

    run: Run
    body: Json
    entries: tuple[Entry, ...]
    keeps_key: bool = False
    rows: tuple[Write, ...] = ()
    """What goes with the end: the answer, and what becomes of actions and their gates."""
    bill: Bill | None = None
    """Settled beside the end. None: it was settled before, or is given back."""
    gives_back: bool = False
    """Whether the reservation is taken back once the end is on record: nothing was sent under it."""
    ill: bool = False
    """Whether what came after the settlement says that the service is ill."""
    waiting: int = 0
    """Actions that it leaves to the Captain."""


def gave_up(run: Run, outcome: GaveUp, now: int) -> Ending:
    """The model failed, or was not asked."""
    run = replace(run, charged=outcome.kept, charge=outcome.charge)
    entries = (
        events.attempt_failed(outcome.charge.attempt, outcome.trouble, outcome.detail, outcome.kept),
        events.charge_settled(outcome.charge.attempt, outcome.charge.amount, outcome.kept),
        _finished(run, "failed", reason="model_error"),
    )
    failed = ILL.get(outcome.trouble, True)
    bill = Bill(outcome.charge, outcome.kept, billed_at(outcome.charge, outcome.kept, now), failed)
    return Ending(run, results.failed(run, outcome.detail), entries, bill=bill)


def cut_short(settings: Settings, run: Run, paid: Paid, why: str, now: int) -> Ending:
    """The answer is paid for and cannot be used: the model stopped early, or it is too large to be kept."""
    run = _after(run, paid)
    body = results.failed(run, why, paid.generated.reply.answer.usage)
    entries = (*paid.entries, _finished(run, "failed", reason="model_error"))
    return Ending(run, body, entries, rows=(_answer(settings, run, paid),), bill=bill_of(paid, now))


def rejected(settings: Settings, run: Run, judged: Judged, now: int) -> Ending:
    """Policy refused the answer: it is stored and paid for, and nothing reaches GitHub."""
    run, verdict = _after(run, judged.paid), judged.verdict
    entries = (
        *judged.paid.entries,
        events.policy_judged(verdict),
        _finished(run, "rejected", classification=verdict.classification),
    )
    body = results.rejected(run, verdict, judged.paid.generated.reply.answer.usage)
    return Ending(run, body, entries, rows=(_answer(settings, run, judged.paid),), bill=bill_of(judged.paid, now))


def proposed(settings: Settings, run: Run, judged: Judged, now: int) -> Ending:
    """All actions wait for the Captain, or there is nothing to do. The same content would be the same draft."""
    run, actions = _after(run, judged.paid), judged.verdict.actions
    rows = drafted(settings, run, judged, now)
    if oversized(rows):
        return cut_short(settings, run, judged.paid, "what was drafted is too large to be kept", now)
    body = results.success(run, judged.verdict, judged.paid.generated.reply.answer.usage, judged.facts)
    first = {"state": "pending", "actionId": actions[0].id, "actions": _states(body)} if actions else {}
    entries = (
        *judged.paid.entries,
        events.policy_judged(judged.verdict),
        *(events.action_proposed(action) for action in actions),
        _finished(run, "success", classification=body["classification"], **first),
    )
    return Ending(run, body, entries, True, rows, bill_of(judged.paid, now), waiting=len(actions))


def acted(settings: Settings, intended: Intended, effect: Effect, now: int, *, moves: bool = True) -> Ending:
    """The last attempt has ended. `moves` is False when the action has been brought to that state already."""
    run, action, state = intended.run, intended.action, effect.outcome
    body = reached(intended, effect)
    entries = (
        events.action_ended(action.id, intended.attempt, effect),
        _finished(
            run,
            "success",
            classification=action.classification,
            state=state,
            actionId=action.id,
            actions=_states(body),
        ),
    )
    rows = attempt_over(settings, intended, effect, now)
    left = state in ("failed", "outcome_unknown")
    return Ending(run, body, entries, True, rows if moves else rows[1:], ill=left and effect.ill, waiting=int(left))


def abandoned(run: Run, detail: str) -> Ending:
    """The worker could not be started."""
    body = results.failed(run, detail, reason="worker_unavailable")
    return Ending(run, body, (_finished(run, "failed", reason="worker_unavailable"),), gives_back=True)


def withdrawn(settings: Settings, run: Run, kept: int) -> Ending:
    """The phase was taken back while the run was queued. `kept` micro-dollars stay charged."""
    run = replace(run, charged=kept)
    entries = (
        events.charge_settled(run.charge.attempt, run.charge.amount, kept),
        _finished(run, "skipped", reason="phase"),
    )
    body = results.skipped(run.id, "phase", f"{settings.phase} does not allow {run.task_type} any more")
    bill = Bill(run.charge, kept, run.charge.until, None) if kept else None
    return Ending(run, body, entries, bill=bill, gives_back=not kept)


def unpaid(run: Run, refusal: breaker.Refusal) -> Ending:
    """The key was the run's and the money was not."""
    finished = events.run_finished("skipped", run.started_iso, reason=refusal.reason, **record.summary(run))
    entries = (events.charge_refused(refusal.reason, refusal.message), finished)
    return Ending(run, results.skipped(run.id, refusal.reason, refusal.message, refusal.retry_after), entries)


# --- parts that an intent is made of too -----------------------------------------------------------


def bill_of(paid: Paid, now: int) -> Bill:
    """The model has answered, whatever is made of the answer: the service is well."""
    charge = paid.generated.charge
    return Bill(charge, paid.charged, billed_at(charge, paid.generated.kept, now), failed=False)


def billed_at(charge: Charge, unanswered: int, now: int) -> int:
    """When the run can last have been billed: an attempt without an answer may be for a while yet."""
    return max(charge.until, breaker.billed_by(now)) if unanswered else now


def drafted(settings: Settings, run: Run, judged: Judged, now: int, attempt: str = "") -> tuple[Insert, ...]:
    """The writes of the answer and of its actions. They wait, but for the run's own where `attempt` is made at it."""

    def row(action: Action) -> Insert:
        own = bool(attempt) and action.id == run.action_id
        return states.insert(
            settings.actions_table,
            action,
            Draft(judged.paid.generated.reply.answer.text, judged.facts),
            state="executing" if own else "pending",
            attempt=attempt if own else "",
            principal=run.principal,
            charged=run.charged,
            checks=[finding.as_json() for finding in judged.verdict.findings],
            now=now,
            expiry=settings.limits.approval_expiry_seconds * 1000,
        )

    return (_answer(settings, run, judged.paid), *(row(action) for action in judged.verdict.actions))


def attempt_over(settings: Settings, intended: Intended, effect: Effect, now: int) -> tuple[Write, ...]:
    """The writes of an attempt's outcome: the action's state first, then what its gate becomes."""
    moved = states.ended(settings.actions_table, intended.action.id, intended.attempt, effect, now, may_yield=True)
    return (moved, *gate(settings, intended.run, intended.action).leave(intended.gate, intended.attempt, effect))


def gate(settings: Settings, run: Run, action: Action) -> Gate:
    return gate_of(settings, action, "force" if run.force else "run")


def reached(intended: Intended, effect: Effect) -> dict[str, Any]:
    """The run's result once an attempt has ended."""
    more: dict[str, Any] = {} if effect.outcome == "executed" else {"detail": effect.detail}
    if effect.url:
        more["url"] = effect.url
    if effect.outcome == "shadowed":
        more["wouldSend"] = dict(intended.action.payload)
    return results.with_state(intended.result, intended.action.id, effect.outcome, **more)


def hold_back(judged: Judged, action: Action, why: str) -> Judged:
    """What policy let through, left to the Captain for another reason than its content. The verdict stays."""
    held = replace(action, classification="requires_approval", policy_reason=why)
    actions = tuple(held if one is action else one for one in judged.verdict.actions)
    return replace(judged, verdict=replace(judged.verdict, actions=actions))


def _after(run: Run, paid: Paid) -> Run:
    return replace(run, charged=paid.charged, charge=paid.generated.charge)


def _answer(settings: Settings, run: Run, paid: Paid) -> Insert:
    return content.insert(settings.content_table, run.id, paid.kept)


def _states(body: Json) -> dict[str, ActionState]:
    """How the run has left each of its actions."""
    return {one["actionId"]: one["state"] for one in body["actions"]}


def _finished(run: Run, status: str, **more: Any) -> Entry:
    return events.run_finished(status, run.started_iso, charged=run.charged, **record.summary(run), **more)
