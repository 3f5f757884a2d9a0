"""Many threads in several processes at one budget, under one clock that only moves forward.

Each thread carries out attempts as the service does: reserve, send, perhaps charge again and send
again, settle; or it cancels, runs into its time limit, or dies. The processes write down what they
did, with the true clock before and after; `sliding_window` judges it afterwards.
"""

from __future__ import annotations

import multiprocessing
import random
import threading
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from core.config import read_limits
from core.dispatcher.breaker import Refusal
from core.dispatcher.ledger import Charge, Ledger, Reserved
from core.store import Store
from tests.prove.lean import LeanClient
from tests.prove.sliding_window import Billed, Charged

START: Final = 1_790_000_000_000
LAG_MS: Final = 2_000
"""How far a reader of the clock may be behind."""
TIMEOUT_MS: Final = 600_000
"""An attempt has ended, and been billed, after this time of the true clock."""
SLACK_MS: Final = 1_200_000
JOIN_SECONDS: Final = 600

AMOUNTS: Final = (5_000, 400_000)


@dataclass(frozen=True)
class Race:
    """What to run. It ends once `reservations` have been granted."""

    url: str
    table: str
    environment: dict[str, str]
    processes: int
    threads: int
    reservations: int
    seed: int


@dataclass
class Record:
    """What was done. `counts` by kind."""

    charges: list[Charged] = field(default_factory=list)
    bills: list[Billed] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    passed_ms: int = 0


class SharedClock:
    """Milliseconds that all processes share. It never goes back."""

    def __init__(self) -> None:
        self._at = multiprocessing.Value("q", START)

    def true(self) -> int:
        with self._at.get_lock():
            return int(self._at.value)

    def forward(self, milliseconds: int) -> None:
        with self._at.get_lock():
            self._at.value += milliseconds


def run(race: Race) -> Record:
    """The race, and what all processes recorded. Raises AssertionError when a process died."""
    context = multiprocessing.get_context("fork")
    clock = SharedClock()
    granted = context.Value("i", 0)
    answers: Any = context.Queue()
    workers = [context.Process(target=_process, args=(race, n, clock, granted, answers)) for n in range(race.processes)]
    for worker in workers:
        worker.start()
    total = Record()
    for _ in workers:
        part: Record = answers.get(timeout=JOIN_SECONDS)
        total.charges += part.charges
        total.bills += part.bills
        total.counts += part.counts
    for worker in workers:
        worker.join(JOIN_SECONDS)
        assert worker.exitcode == 0, f"a process of the race ended with {worker.exitcode}"
    total.passed_ms = clock.true() - START
    return total


def _process(race: Race, number: int, clock: SharedClock, granted: Any, answers: Any) -> None:
    client: Any = LeanClient(race.url)
    store = Store(client, sleep=lambda _: None, new_id=lambda: str(uuid.uuid4()))
    ledger = Ledger(store, race.table, read_limits(race.environment))
    record = Record()
    runners = [
        _Runner(ledger, clock, record, granted, race.reservations, random.Random(f"{race.seed}/{number}/{n}"))  # noqa: S311 - a seeded test
        for n in range(race.threads)
    ]
    threads = [threading.Thread(target=runner.go) for runner in runners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    answers.put(record)
    broken = [runner.broken for runner in runners if runner.broken is not None]
    if broken:
        raise broken[0]


class _Runner:
    """One thread: one run after another."""

    def __init__(
        self, ledger: Ledger, clock: SharedClock, record: Record, granted: Any, wanted: int, dice: random.Random
    ) -> None:
        self.broken: BaseException | None = None
        self._ledger = ledger
        self._clock = clock
        self._record = record
        self._granted = granted
        self._wanted = wanted
        self._dice = dice
        self._order = 0

    def go(self) -> None:
        try:
            while self._granted.value < self._wanted:
                self._one_run()
        except BaseException as error:  # noqa: BLE001 - the process reports it, and ends with it
            self.broken = error
            self._granted.value = self._wanted

    def _one_run(self) -> None:
        run = uuid.UUID(int=self._dice.getrandbits(128), version=4).hex
        amount = self._dice.randint(*AMOUNTS)
        now = self._read()
        until = now + SLACK_MS + TIMEOUT_MS
        reserved = self._charging(run, amount, until, lambda: self._ledger.reserve(run, amount, 1, until, now))
        if not isinstance(reserved, Reserved):
            self._record.counts[f"refused: {reserved.reason}"] += 1
            self._clock.forward(self._dice.randrange(180_000))
            return
        self._count_granted()
        if self._dice.random() < 0.05:
            self._cancel(reserved.charge)
            return
        self._attempts(reserved.charge, amount)

    def _attempts(self, charge: Charge, worst: int) -> None:
        """Send, and again after trouble, as long as the run's ceiling and the window have room."""
        kept, kept_until = 0, 0
        while True:
            sendable = self._in_time(charge)
            if sendable is None:
                self._settle(charge, kept, max(self._read(), kept_until))
                return
            charge, sent_at = sendable
            self._clock.forward(self._dice.randrange(20_000))
            fate = self._dice.random()
            ended_at = self._clock.true()
            if fate < 0.15:
                self._record.counts["died"] += 1
                self._bill(charge.run, sent_at + TIMEOUT_MS, worst)
                return
            if fate < 0.25 or ended_at > sent_at + TIMEOUT_MS:
                self._record.counts["no answer"] += 1
                self._bill(charge.run, sent_at + TIMEOUT_MS, worst)
                kept, kept_until = kept + worst, charge.until
            elif fate < 0.35:
                self._record.counts["server error"] += 1
                self._bill(charge.run, ended_at, worst)
                kept += worst
            else:
                cost = self._dice.randint(0, worst)
                self._bill(charge.run, ended_at, cost)
                self._settle(charge, kept + cost, max(self._read(), kept_until))
                return
            extended = self._extend(charge, kept + worst)
            if extended is None:
                self._settle(charge, kept, max(self._read(), kept_until))
                return
            charge = extended

    def _in_time(self, charge: Charge) -> tuple[Charge, int] | None:
        """The charge under which an attempt that is sent now ends in time, and the true time of sending."""
        while True:
            true = self._clock.true()
            if true - self._dice.randrange(LAG_MS + 1) + TIMEOUT_MS <= charge.until:
                return charge, true
            prolonged = self._extend(charge, charge.amount)
            if prolonged is None:
                return None
            charge = prolonged

    def _extend(self, charge: Charge, amount: int) -> Charge | None:
        now = self._read()
        until = now + SLACK_MS + TIMEOUT_MS
        extended = self._charging(charge.run, amount, until, lambda: self._ledger.extend(charge, amount, until, now))
        if isinstance(extended, Refusal):
            self._record.counts["extension refused"] += 1
            return None
        assert isinstance(extended, Charge)
        self._record.counts["extended"] += 1
        return extended

    def _settle(self, charge: Charge, amount: int, at: int) -> None:
        self._record.counts["settled"] += 1
        failed = self._dice.random() < 0.3
        asked = self._clock.true()
        if self._ledger.settle(charge, amount, at, failed=failed) is None:
            self._record.counts["aged out"] += 1
            return
        self._note(charge.run, amount, at, asked)

    def _cancel(self, charge: Charge) -> None:
        self._record.counts["cancelled"] += 1
        self._charging(charge.run, 0, charge.until, lambda: self._ledger.cancel(charge, 1))

    def _charging(self, run: str, amount: int, stamp: int, act: Callable[[], Any]) -> Any:
        """One change of a charge, on record unless it was refused."""
        asked = self._clock.true()
        result = act()
        if not isinstance(result, Refusal):
            self._note(run, amount, stamp, asked)
        return result

    def _note(self, run: str, amount: int, stamp: int, asked: int) -> None:
        self._order += 1
        self._record.charges.append(Charged(run, self._order, amount, stamp, asked, self._clock.true()))

    def _bill(self, run: str, at: int, amount: int) -> None:
        self._record.bills.append(Billed(run, at, amount))

    def _read(self) -> int:
        return self._clock.true() - self._dice.randrange(LAG_MS + 1)

    def _count_granted(self) -> None:
        self._record.counts["granted"] += 1
        with self._granted.get_lock():
            self._granted.value += 1
