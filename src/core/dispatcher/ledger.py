"""Money and breaker in one item, changed by single conditional updates.

    reserve ──▶ [send] ──▶ settle            each is one UpdateItem on the item `breaker`
       │          │
       │          └─▶ extend ──▶ [send again]
       └─▶ cancel (nothing was sent)

A charge without an answer is stamped with the later of the attempt's deadline and the moment it really ended, plus
`BILLING_MARGIN_SECONDS`. That nothing is billed later than this is an assumption: no provider says so.

No transaction ever touches the item: transactions that meet on one item cancel each other.
Each write is idempotent, because its condition names the run and the attempt: when the SDK repeats a
write whose answer was lost, the condition fails and the item that comes back shows our own entry.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from core.config import Limits
from core.dispatcher import breaker
from core.dispatcher.breaker import BREAKER_ID, Refusal, State, Transition
from core.store import Item, NotApplied, Store

TRIES: Final = 12
"""A reservation is tried again only when another write has got through in between."""


@dataclass(frozen=True)
class Charge:
    """What one run is charged after a write. `amount` in micro-dollars, `until` in milliseconds."""

    run: str
    attempt: int
    amount: int
    until: int


@dataclass(frozen=True)
class Reserved:
    """The charge stands; `probe` when this run tests a breaker that was open."""

    charge: Charge
    probe: bool


@dataclass(frozen=True)
class _Change:
    """What one write sets for `run`, and under which conditions. `#c` is the charges, `#run` is the run in them."""

    run: str
    sets: list[str]
    clauses: list[str]
    values: dict[str, Any]


class Ledger:
    """The reservations of all runs. Raises StoreUnavailable; a missing item refuses everything."""

    def __init__(self, store: Store, table: str, limits: Limits) -> None:
        self._store = store
        self._table = table
        self._limits = limits

    def read(self) -> Item | None:
        """The item, or None where no deployment and no reset has created it."""
        return self._store.get(self._table, {"id": BREAKER_ID})

    def charged(self, run: str) -> bool:
        """Whether anything is reserved or settled for the run."""
        item = self.read()
        return item is not None and run in item["charges"]

    def create_if_missing(self) -> None:
        """The first row of a deployment. An existing one is left as it is."""
        item = breaker.new_item()
        del item["id"]
        self._write(
            expression="SET " + ", ".join(f"#{name} = :{name}" for name in item),
            condition="attribute_not_exists(#state)",
            values={f":{name}": value for name, value in item.items()},
        )

    def reserve(
        self, run: str, amount: int, tasks: int, until: int, now: int, *, ceiling: int | None = None
    ) -> Reserved | Refusal:
        """Charge `amount` to the window before anything is sent, or say why not.

        `until` is the moment at which it can last be billed: see `breaker.billed_by`. `ceiling` is the run's
        where that is below the guardrail: a batch shares one among its tasks.
        """
        if amount > self._ceiling(ceiling):
            return Refusal("budget_exhausted", 3600, "the worst case of one attempt is above the run's cost ceiling")
        charge = Charge(run, 1, amount, until)
        entry = {"at": until, "charge": amount, "tasks": tasks, "attempt": 1, "settled": False}
        seen: Item | None = None
        for _ in range(TRIES):
            # Without a look first: one write when the breaker is closed and there is room.
            result = self._update(_reservation(run, entry, seen), amount, tasks, seen, now)
            if not isinstance(result, NotApplied):
                return Reserved(charge, probe=result["probe"] == run)
            seen = result.item
            if seen is None:
                return Refusal("circuit_open", 60, "the breaker has no row yet: the deployment or a reset creates it")
            if run in seen["charges"]:
                if seen["charges"][run] == entry:
                    return Reserved(charge, probe=seen["probe"] == run)
                return Refusal("budget_exhausted", 3600, "this run has been charged already")
            refusal = breaker.open_for(seen, now, self._limits) or breaker.over_budget(
                seen, now, amount, tasks, self._limits
            )
            if refusal:
                return refusal
        return Refusal("budget_exhausted", 1, "too many reservations at once; try again")

    def _ceiling(self, own: int | None) -> int:
        return self._limits.run_ceiling if own is None else min(own, self._limits.run_ceiling)

    def extend(
        self, charge: Charge, amount: int, until: int, now: int, *, ceiling: int | None = None
    ) -> Charge | Refusal:
        """Charge the run `amount` in all for a further attempt, or say why not."""
        if amount > self._ceiling(ceiling):
            return Refusal("budget_exhausted", 3600, "a further attempt would pass the run's cost ceiling")
        after = Charge(charge.run, charge.attempt + 1, amount, until)
        seen: Item | None = None
        for _ in range(TRIES):
            result = self._update(_extension(charge, after), amount - charge.amount, 0, seen, now)
            if not isinstance(result, NotApplied):
                return after
            seen = result.item
            entry = seen["charges"].get(charge.run) if seen else None
            if seen is None or entry is None or breaker.aged(entry, now):
                return Refusal("budget_exhausted", 3600, "the run's charge has aged out")
            if (entry["attempt"], entry["charge"], entry["at"]) == (after.attempt, amount, until):
                return after
            if (entry["attempt"], entry["charge"]) != (charge.attempt, charge.amount):
                return Refusal("budget_exhausted", 3600, "another holder of this run has charged it since")
            refusal = breaker.over_budget(seen, now, amount - charge.amount, 0, self._limits)
            if refusal:
                return refusal
        return Refusal("budget_exhausted", 1, "too many reservations at once; try again")

    def settle(
        self, charge: Charge, amount: int, at: int, *, failed: bool | None, ended: int | None = None
    ) -> Item | None:
        """Replace the charge by what it came to. The item afterwards, or None when the charge had aged out.

        `at` is when it can last have been billed, `ended` when its outcome was known: `at` where it is not given.
        `failed` counts into the error rate; None counts as neither.
        """
        sets = [
            "#total = #total - :less",
            "#c.#run.#charge = :amount",
            "#c.#run.#at = :when",
            "#c.#run.#settled = :yes",
        ]
        outcome: dict[str, Any] = {}
        if failed is not None:
            sets += ["#c.#run.#failed = :failed", "#c.#run.#ended = :ended"]
            outcome = {":failed": failed, ":ended": at if ended is None else ended}
        result = self._write(
            charge.run,
            expression="SET " + ", ".join(sets),
            condition="#c.#run.#attempt = :attempt"  # the attempt that was answered
            " AND #c.#run.#charge = :was"  # still charged in full
            " AND #c.#run.#settled = :no",  # once only
            values={
                ":less": charge.amount - amount,
                ":amount": amount,
                ":when": at,
                ":attempt": charge.attempt,
                ":was": charge.amount,
                ":no": False,
                ":yes": True,
                **outcome,
            },
        )
        if not isinstance(result, NotApplied):
            return result
        return result.item if result.item and charge.run in result.item["charges"] else None

    def count_failure(self, run: str, now: int) -> Item | None:
        """Let a settled run count as failed after all (its plan could not be posted)."""
        result = self._write(
            run,
            expression="SET #c.#run.#failed = :yes, #c.#run.#ended = :now",
            condition="#c.#run.#settled = :yes",
            values={":yes": True, ":now": now},
        )
        return None if isinstance(result, NotApplied) else result

    def cancel(self, charge: Charge, tasks: int) -> None:
        """Take back a charge under which nothing was sent. Where it has gone, there is nothing to take back."""
        result = self._write(
            charge.run,
            expression="SET #total = #total - :amount, #tasks = #tasks - :tasks REMOVE #c.#run",
            condition="#c.#run.#attempt = :attempt AND #c.#run.#charge = :amount AND #c.#run.#settled = :no",
            values={":amount": charge.amount, ":tasks": tasks, ":attempt": charge.attempt, ":no": False},
        )
        if not isinstance(result, NotApplied) and result["state"] == "half_open" and result["probe"] == charge.run:
            self._set_state(result, "open", result["reason"], opened_at=result["openedAt"], counted_from=None)

    def move(self, item: Item, transition: Transition, now: int) -> bool:
        """Carry out a transition decided on `item`. False when somebody else has moved the state since."""
        if transition.to == "closed":
            return self._set_state(item, "closed", "", opened_at=0, counted_from=now)
        return self._set_state(item, transition.to, transition.reason, opened_at=now, counted_from=None)

    def trip(self, reason: str, now: int) -> Item | None:
        """Open the breaker whatever its state: a bound has proven wrong. The item as it was, or None if it was open."""
        for _ in range(TRIES):
            item = self.read()
            if item is None or item["state"] == "open":
                return None
            if self._set_state(item, "open", reason, opened_at=now, counted_from=None):
                return item
        return None

    def reset(self, now: int) -> Item | None:
        """Close the breaker and clear its outcome counts, never its charges. The item as it was before."""
        for _ in range(TRIES):
            item = self.read()
            if item is None:
                self.create_if_missing()
                return None
            if self._set_state(item, "closed", "", opened_at=0, counted_from=now):
                return item
        return None

    def _update(self, change: _Change, more: int, tasks: int, seen: Item | None, now: int) -> Item | NotApplied:
        """One write: `change`, `more` micro-dollars and `tasks` tasks, without the entries that `seen` shows aged."""
        names: dict[str, str] = {}
        values = dict(change.values)
        clauses = list(change.clauses)
        removes = []
        freed = freed_tasks = 0
        for number, (name, old) in enumerate(breaker.aged_entries(seen, now).items() if seen else ()):
            names[f"#d{number}"] = name
            values[f":d{number}"] = old
            clauses.append(f"#c.#d{number} = :d{number}")  # it goes only as it was seen: whoever changed it wins
            removes.append(f"#c.#d{number}")
            freed += old["charge"]
            freed_tasks += old["tasks"]
        values |= {
            ":more": more - freed,
            ":more_tasks": tasks - freed_tasks,
            ":room": self._limits.window_ceiling - more + freed,
            ":tasks_room": self._limits.tasks_per_window - tasks + freed_tasks,
        }
        clauses += ["#total <= :room", "#tasks <= :tasks_room"]  # the window has room for both
        sets = [*change.sets, "#total = #total + :more", "#tasks = #tasks + :more_tasks"]
        return self._write(
            change.run,
            expression="SET " + ", ".join(sets) + (" REMOVE " + ", ".join(removes) if removes else ""),
            condition=" AND ".join(clauses),
            names=names,
            values=values,
        )

    def _set_state(self, item: Item, state: State, reason: str, *, opened_at: int, counted_from: int | None) -> bool:
        # These two tell every state apart: a closed breaker has no opening, a half-open one has a probe.
        result = self._write(
            expression="SET #state = :state, #reason = :reason, #openedAt = :opened, #probe = :none, "
            "#probeUntil = :zero, #countedFrom = :counted",
            condition="#openedAt = :seen_opened AND #probe = :seen_probe",
            values={
                ":state": state,
                ":reason": reason,
                ":opened": opened_at,
                ":none": "",
                ":zero": 0,
                ":counted": item["countedFrom"] if counted_from is None else counted_from,
                ":seen_opened": item["openedAt"],
                ":seen_probe": item["probe"],
            },
        )
        return not isinstance(result, NotApplied)

    def _write(self, run: str = "", *, names: Mapping[str, str] | None = None, **expressions: Any) -> Item | NotApplied:
        used = {"#c": "charges", "#run": run} if run else {}
        return self._store.update(self._table, {"id": BREAKER_ID}, names=used | dict(names or {}), **expressions)


def _reservation(run: str, entry: Item, seen: Item | None) -> _Change:
    state: State = seen["state"] if seen else "closed"
    change = _Change(
        run,
        sets=["#c.#run = :entry"],
        clauses=[
            "#state = :state",  # the breaker lets through
            "attribute_not_exists(#c.#run)",  # charged once, however often this write is repeated
        ],
        values={":entry": entry, ":state": state},
    )
    if seen is None or state == "closed":
        return change
    # The probe: only one caller moves the state on from what was seen.
    probe = {
        ":half": "half_open",
        ":run": run,
        ":until": entry["at"],
        ":opened": seen["openedAt"],
        ":seen_probe": seen["probe"],
    }
    return _Change(
        run,
        sets=[*change.sets, "#state = :half", "#probe = :run", "#probeUntil = :until"],
        clauses=[*change.clauses, "#openedAt = :opened", "#probe = :seen_probe"],
        values=change.values | probe,
    )


def _extension(charge: Charge, after: Charge) -> _Change:
    return _Change(
        charge.run,
        sets=[
            "#c.#run.#charge = :amount",
            "#c.#run.#at = :until",
            "#c.#run.#attempt = :next",
            "#c.#run.#settled = :no",
        ],
        clauses=[
            "#c.#run.#attempt = :attempt",  # this attempt is the newest one: a later holder fences off an earlier
            "#c.#run.#charge = :was",  # and its charge is what was looked at
        ],
        values={
            ":amount": after.amount,
            ":until": after.until,
            ":next": after.attempt,
            ":attempt": charge.attempt,
            ":was": charge.amount,
            ":no": False,
        },
    )
