"""How a run ends, as a value: what its record, its events, the action rows, the key and the charge become. Pure.

    gave_up, cut_short, withdrawn, abandoned, unpaid     nothing was drafted: the key is freed
    rejected                                             policy said no: the key is freed
    proposed, acted                                      a draft: the key answers the same content with it

`finish` writes any of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from core.actions import states
from core.actions.states import QUEUED, Draft, Stored
from core.audit import content, events
from core.audit.content import Content
from core.audit.events import Entry
from core.config import Settings
from core.dispatcher import breaker
from core.dispatcher.ask import GaveUp
from core.dispatcher.gates import BY_TYPE, Intended
from core.dispatcher.ledger import Charge
from core.dispatcher.reply import Answer
from core.runs import record, results
from core.runs.record import Run
from core.store import Insert, Write, oversized
from core.types import Action, ActionState, Effect, Facts, Json, Verdict

ILL: Final[Mapping[str, bool | None]] = {"refused": False, "not_charged": None}
"""What the trouble that a model's turn ended with says of the service: None says nothing; all others, that it is ill.

`refused` is about the one request that was sent.
"""


@dataclass(frozen=True)
class Bill:
    """What a charge is settled to. `at` is when it can last have been billed; `failed` counts for the breaker."""

    charge: Charge
    amount: int
    at: int
    failed: bool | None


@dataclass(frozen=True)
class Paid:
    """An answer of the model to a run that is charged for it: its price in micro-dollars, the bytes that are kept."""

    run: Run
    answer: Answer
    cost: int
    kept: Content

    @property
    def entries(self) -> list[Entry]:
        charge = self.run.charge
        return [
            events.generation_answered(charge.attempt, self.answer, self.kept.digest, self.cost),
            events.charge_settled(charge.attempt, charge.amount, self.run.charged),
        ]

    def bill(self, now: int) -> Bill:
        """The model has answered, whatever is made of the answer: the service is well."""
        charge, charged = self.run.charge, self.run.charged
        return Bill(charge, charged, billed_at(charge, charged - self.cost, now), failed=False)

    def row(self, settings: Settings) -> Insert:
        return content.insert(settings.content_table, self.run.id, self.kept)


@dataclass(frozen=True)
class Judged:
    """A paid answer and policy's verdict on it."""

    paid: Paid
    verdict: Verdict
    facts: Facts


@dataclass(frozen=True)
class Ending:
    """The end of a run. `run` is the run as it was, but for what it came to."""

    run: Run
    body: Json
    entries: tuple[Entry, ...]
    """What led to it: `finished` follows."""
    rows: tuple[Write, ...] = ()
    """What goes with the end: the answer, and what becomes of actions and their gates."""
    bill: Bill | None = None
    """Settled beside the end. None: it was settled before, or is given back."""
    gives_back: bool = False
    """Whether the reservation is taken back once the end is on record: nothing was sent under it."""
    ill: bool = False
    """Whether what came after the settlement says that the service is ill."""

    @property
    def keeps_key(self) -> bool:
        """Whether the same content is answered with it: it would be the same draft."""
        return bool(self.body["status"] == "success")

    @property
    def waiting(self) -> int:
        """Actions that it leaves to the Captain."""
        return sum(one["state"] in QUEUED for one in self.body.get("actions", ()))

    @property
    def finished(self) -> Entry:
        """The run's last event: what the answer says, in short."""
        listed = {one["actionId"]: one["state"] for one in self.body.get("actions", ())}
        names = ("reason", "classification", *(("state", "actionId") if listed else ()))
        said = {name: self.body[name] for name in names if name in self.body}
        actions = {"actions": listed} if listed else {}
        summary = {"charged": self.run.charged, **record.summary(self.run)}
        return events.run_finished(self.body["status"], self.run.started_iso, **summary, **said, **actions)


def gave_up(run: Run, outcome: GaveUp, now: int) -> Ending:
    """The model failed, or was not asked."""
    charge, kept = outcome.charge, outcome.kept
    run = replace(run, charged=kept, charge=charge)
    entries = (
        events.attempt_failed(charge.attempt, outcome.trouble, outcome.detail, kept),
        events.charge_settled(charge.attempt, charge.amount, kept),
    )
    bill = Bill(charge, kept, billed_at(charge, kept, now), ILL.get(outcome.trouble, True))
    return Ending(run, results.failed(run, outcome.detail), entries, bill=bill)


def cut_short(settings: Settings, paid: Paid, why: str, now: int) -> Ending:
    """The answer is paid for and cannot be used: the model stopped early, or it is too large to be kept."""
    body = results.failed(paid.run, why, paid.answer.usage)
    return Ending(paid.run, body, (*paid.entries,), (paid.row(settings),), paid.bill(now))


def rejected(settings: Settings, judged: Judged, now: int) -> Ending:
    """Policy refused the answer: it is stored and paid for, and nothing reaches GitHub."""
    paid, verdict = judged.paid, judged.verdict
    body = results.rejected(paid.run, verdict, paid.answer.usage)
    entries = (*paid.entries, events.policy_judged(verdict))
    return Ending(paid.run, body, entries, (paid.row(settings),), paid.bill(now))


def proposed(settings: Settings, judged: Judged, now: int) -> Ending:
    """All actions wait for the Captain, or there is nothing to do."""
    paid, verdict = judged.paid, judged.verdict
    rows = drafted(settings, judged, now)
    if oversized(rows):
        return cut_short(settings, paid, "what was drafted is too large to be kept", now)
    body = results.success(paid.run, verdict, paid.answer.usage, judged.facts)
    entries = (*paid.entries, events.policy_judged(verdict), *map(events.action_proposed, verdict.actions))
    return Ending(paid.run, body, entries, rows, paid.bill(now))


def acted(run: Run, done: Intended, effect: Effect, now: int, *, moves: bool = True) -> Ending:
    """The last attempt has ended. `moves` is False when the action has been brought to that state already."""
    entries = (events.action_ended(done.action.id, done.id, effect),)
    rows = attempt_over(done, effect, now)
    ill = effect.ill and effect.outcome in ("failed", "outcome_unknown")
    return Ending(run, reached(run, done, effect), entries, rows if moves else rows[1:], ill=ill)


def abandoned(run: Run, detail: str, reason: str = "worker_unavailable") -> Ending:
    """The worker was not started, or the run not wholly claimed."""
    return Ending(run, results.failed(run, detail, reason=reason), (), gives_back=True)


def withdrawn(run: Run, kept: int, reason: str, why: str) -> Ending:
    """A deployment came while the run was queued, and does not do it. `kept` micro-dollars stay charged."""
    run, charge = replace(run, charged=kept), run.charge
    body = results.skipped(run.id, reason, why)
    bill = Bill(charge, kept, charge.until, None) if kept else None
    entries = (events.charge_settled(charge.attempt, charge.amount, kept),)
    return Ending(run, body, entries, bill=bill, gives_back=not kept)


def unpaid(run: Run, refusal: breaker.Refusal) -> Ending:
    """The key was the run's and the money was not."""
    body = results.skipped(run.id, refusal.reason, refusal.message, refusal.retry_after)
    return Ending(run, body, (events.charge_refused(refusal.reason, refusal.message),))


# --- parts that an intent is made of too -----------------------------------------------------------


def billed_at(charge: Charge, unanswered: int, now: int) -> int:
    """When the run can last have been billed: an attempt without an answer may be for a while yet."""
    return max(charge.until, breaker.billed_by(now)) if unanswered else now


def drafted(settings: Settings, judged: Judged, now: int, own: Intended | None = None) -> tuple[Insert, ...]:
    """The writes of the answer and of its actions. They wait, but for the one that is attempted: `own`."""
    paid, draft = judged.paid, Draft(judged.paid.answer.text, judged.facts)
    checks = tuple(finding.as_json() for finding in judged.verdict.findings)
    expires_at = now + settings.limits.approval_expiry_seconds * 1000

    def row(action: Action) -> Insert:
        attempt = own.id if own is not None and own.action is action else ""
        state: ActionState = "executing" if attempt else "pending"
        asked_by, charged = paid.run.principal, paid.run.charged
        new = Stored(action, draft, state, now, expires_at, attempt, now, asked_by, charged, checks)
        return states.insert(settings.actions_table, new)

    return (paid.row(settings), *map(row, judged.verdict.actions))


def attempt_of(settings: Settings, run: Run, action: Action) -> Intended:
    """The one attempt that a run makes at an action."""
    seen = run.storm_seen if action.type == "add_comment" else None
    attempt = record.attempt_id(run.id, action.id)
    return BY_TYPE[action.type](settings, action, attempt, "force" if run.force else "run", seen)


def attempt_over(done: Intended, effect: Effect, now: int) -> tuple[Write, ...]:
    """The writes of the attempt's outcome. A look may have moved the action since: the state yields."""
    return (replace(done.moves(effect, now), may_yield=True), *done.leaves(effect))


def reached(run: Run, done: Intended, effect: Effect) -> Json:
    """The run's result once an attempt has ended."""
    assert run.result is not None, "an intent was recorded with its result"
    more: dict[str, Any] = {} if effect.outcome == "executed" else {"detail": effect.detail}
    if effect.url:
        more["url"] = effect.url
    if effect.outcome == "shadowed":
        more["wouldSend"] = dict(done.action.payload)
    return results.with_state(run.result, done.action.id, effect.outcome, **more)


def hold_back(judged: Judged, action: Action, why: str) -> Judged:
    """What policy let through, left to the Captain for another reason than its content. The verdict stays."""
    held = replace(action, classification="requires_approval", policy_reason=why)
    actions = tuple(held if one is action else one for one in judged.verdict.actions)
    return replace(judged, verdict=replace(judged.verdict, actions=actions))
