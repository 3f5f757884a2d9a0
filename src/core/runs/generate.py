"""One run's turn at the model: `ask` with this run's lease, chain and charge behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from core.app import App
from core.audit import events
from core.config import TASK_LIMITS
from core.dispatcher import pricing
from core.dispatcher.ask import GaveUp, Generated, Terms, ask
from core.dispatcher.breaker import Refusal, billed_by
from core.dispatcher.dedupe import KEY
from core.dispatcher.ledger import Charge
from core.dispatcher.pricing import Usage
from core.dispatcher.reply import Unanswered
from core.dispatcher.tripping import trip
from core.errors import LeaseHeld
from core.prompts.request import geography
from core.runs import record
from core.runs.record import Run
from core.store import Write
from core.types import Facts

START_MS: Final = 10_000
"""What may pass between the decision to ask and the first byte to the model: the SDK is imported in it."""
WRITE_MS: Final = 10_000
"""What writing a charge may take without being written again with a later deadline."""
WRITES: Final = 3


@dataclass(frozen=True)
class Sent:
    """What the model is sent and what is known of it: as it was built, or as it is stored with its run."""

    body: bytes
    facts: Facts
    input_bound: int
    """Tokens."""

    def worst_case(self, run: Run) -> int:
        """Of one attempt, in micro-dollars."""
        return pricing.worst_case(run.model, self.input_bound, run.max_tokens, geography(self.body))


def generate(app: App, run: Run, sent: Sent, deadline: int, kept: int = 0) -> tuple[Run, Generated | GaveUp]:
    """The answer, or why there is none, and the run as its record then stands.

    `deadline` (milliseconds) is when this invocation ends. `kept` (micro-dollars) is what attempts of a
    dead holder may have cost. Raises LeaseHeld when another invocation has taken the run over.
    """
    timeout = TASK_LIMITS[run.task_type].timeout_seconds
    budget = _RunBudget(app, run, timeout)
    if not budget.covers(run.charge):
        # It starts later than the reservation allowed for: the charge must count for longer.
        moved = budget.charge(run.charge, run.charge.amount, kept)
        if isinstance(moved, Refusal):
            return budget.run, GaveUp(run.charge, kept, "not_charged", moved.message)
    outcome = ask(
        lambda: app.model().send(sent.body, timeout),
        budget,
        Terms(budget.run.charge, sent.worst_case(run), kept, app.settings.limits.max_retries, timeout),
        seconds_left=lambda: (deadline - app.now()) / 1000,
        sleep=app.sleep,
    )
    return budget.run, outcome


def resume_charge(app: App, run: Run, sent: Sent) -> tuple[Run, int] | Refusal:
    """A dead holder may have paid for an answer that nobody stored: charge one attempt more.

    The run afterwards, and what the dead holder's attempts stay charged for.
    """
    item = app.ledger.read()
    entry = item["charges"].get(run.id) if item else None
    if entry is None:
        return Refusal("budget_exhausted", 3600, "the run's charge has aged out")
    timeout = TASK_LIMITS[run.task_type].timeout_seconds
    budget = _RunBudget(app, run, timeout)
    died = Charge(run.id, entry["attempt"], entry["charge"], entry["at"])
    moved = budget.charge(died, died.amount + sent.worst_case(run), died.amount, events.run_resumed(run.deliveries))
    return moved if isinstance(moved, Refusal) else (budget.run, died.amount)


def price(app: App, run: Run, sent: Sent, usage: Usage) -> int:
    """Micro-dollars of an answer. One that ran where nothing is known to cost anything opens the breaker."""
    if not pricing.has_price(usage):
        trip(app, f"no price for the inference geography {usage.inference_geo}", run.id)
    return pricing.cost(run.model, usage, geography(sent.body))


class _RunBudget:
    """Charges further attempts, with the event and the lease in one transaction."""

    def __init__(self, app: App, run: Run, timeout: float) -> None:
        self.run = run
        self._app = app
        self._timeout = timeout

    def covers(self, charge: Charge) -> bool:
        """Whether an attempt that begins now ends before the charge's deadline: it counts from there."""
        return billed_by(self._app.now() + START_MS + int(self._timeout * 1000)) <= charge.until

    def extend(self, failed: Unanswered, charge: Charge, kept: int, amount: int) -> Charge | Refusal:
        entry = events.attempt_failed(charge.attempt, failed.trouble, failed.detail, kept)
        return self.charge(charge, amount, kept, entry)

    def charge(self, charge: Charge, amount: int, kept: int, *entries: events.Entry) -> Charge | Refusal:
        """Charge the run `amount` in all, until an attempt that begins now has ended."""
        before = charge
        for _ in range(WRITES):
            extended = self._write(charge, amount, kept, entries)
            if isinstance(extended, Refusal) or self.covers(extended):
                return extended
            charge, entries = extended, ()  # the store took so long that the attempt would outlast its charge
        self._app.ledger.settle(charge, kept, before.until, failed=None)
        return Refusal("budget_exhausted", 1, "the store is too slow to charge an attempt before it begins")

    def _write(self, charge: Charge, amount: int, kept: int, entries: Sequence[events.Entry]) -> Charge | Refusal:
        now = self._app.now()
        deadline = now + WRITE_MS + START_MS + int(self._timeout * 1000)
        until = billed_by(deadline)
        extended = self._app.ledger.extend(charge, amount, until, now, ceiling=self.run.ceiling)
        if isinstance(extended, Refusal):
            return extended
        lease = deadline + record.LEASE_MARGIN_MS
        run, advanced = record.advance(
            self._app.settings,
            self.run,
            now,
            [*entries, events.charge_requested(extended.attempt, amount, until)],
            charge=extended,
            lease_until=lease,
        )
        writes: list[Write] = [*advanced, record.hold_key(self._app.settings, run, lease)]
        lost = self._app.store.transact(writes)
        if lost is not None and lost.names == {KEY}:
            self._app.ledger.settle(extended, kept, charge.until, failed=None)
            return Refusal("budget_exhausted", 1, "another run has taken this content over")
        if lost is not None:
            raise LeaseHeld("another invocation has taken this run over")
        self.run = run
        return extended
