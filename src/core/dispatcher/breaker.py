"""The breaker's one item, read: what is charged, what failed, and what follows from it. Pure.

The item holds one entry per run that may have been billed within the window:

    {id, state, openedAt, reason, probe, probeUntil, countedFrom, total, tasks,
     charges: {run: {at, charge, tasks, attempt, settled, failed?, ended?}}}

`total` and `tasks` are the sums over the entries held, so a condition can bound them in one write.
An entry's money counts until `at` + the window + the clocks' skew, where `at` is the moment it can last have
been billed: `billed_by` the attempt's deadline at first, the answer's time once there is one. Its outcome
counts from `ended`, the moment it was known, so that a reset clears what was known by then.

    closed ──error rate, or usage above its bound──▶ open
    open ──cooldown over, next reservation──▶ half_open (one probe)
    half_open ──probe succeeded──▶ closed         half_open ──probe failed──▶ open

Times are milliseconds, money is micro-dollars.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final, Literal

from core.config import BILLING_MARGIN_SECONDS, CLOCK_SKEW_SECONDS, WINDOW_SECONDS, Limits
from core.store import Item

BREAKER_ID: Final = "breaker"
HELD_MS: Final = (WINDOW_SECONDS + CLOCK_SKEW_SECONDS) * 1000

State = Literal["closed", "open", "half_open"]
RefusalReason = Literal["circuit_open", "budget_exhausted", "task_limit"]


@dataclass(frozen=True)
class Refusal:
    """A reservation that was refused. `retry_after` in seconds."""

    reason: RefusalReason
    retry_after: int
    message: str


@dataclass(frozen=True)
class Snapshot:
    """The breaker as people see it, at one moment."""

    state: State
    reason: str
    total_tasks: int
    failed_tasks: int
    charged: int
    """Micro-dollars charged to the window, reservations in flight included."""


@dataclass(frozen=True)
class Transition:
    """A change of the breaker's state that follows from an outcome."""

    to: State
    reason: str


def new_item() -> Item:
    """A closed breaker with nothing charged."""
    return {
        "id": BREAKER_ID,
        "state": "closed",
        "openedAt": 0,
        "reason": "",
        "probe": "",
        "probeUntil": 0,
        "countedFrom": 0,
        "total": 0,
        "tasks": 0,
        "charges": {},
    }


def billed_by(ended: int) -> int:
    """When an attempt without an answer, that has ended or will have by `ended`, can last have been billed."""
    return ended + BILLING_MARGIN_SECONDS * 1000


def aged(entry: Mapping[str, Any], now: int) -> bool:
    """Whether the entry has left every window that ends at `now` or later."""
    return bool(entry["at"] + HELD_MS <= now)


def aged_entries(item: Item, now: int) -> dict[str, Any]:
    """The entries that no longer count, by run."""
    return {run: entry for run, entry in item["charges"].items() if aged(entry, now)}


def snapshot(item: Item, now: int) -> Snapshot:
    """Counts over the entries that still count at `now`."""
    held = [e for e in item["charges"].values() if not aged(e, now)]
    return Snapshot(
        state=item["state"],
        reason=item["reason"],
        total_tasks=sum(e["tasks"] for e in held),
        failed_tasks=sum(e["tasks"] for e in _outcomes(item, now) if e["failed"]),
        charged=sum(e["charge"] for e in held),
    )


def open_for(item: Item, now: int, limits: Limits) -> Refusal | None:
    """Why the breaker lets nothing through now, or None when it is closed or due for a probe."""
    if item["state"] == "open":
        until = item["openedAt"] + limits.cooldown_seconds * 1000
        if now < until:
            return Refusal("circuit_open", _seconds(until - now), f"the circuit breaker is open: {item['reason']}")
    if item["state"] == "half_open" and now < item["probeUntil"]:
        return Refusal(
            "circuit_open", _seconds(item["probeUntil"] - now), "the circuit breaker is half-open and has its probe"
        )
    return None


def over_budget(item: Item, now: int, charge: int, tasks: int, limits: Limits) -> Refusal | None:
    """Why `charge` more does not fit the window at `now`, with the time until it would; None when it fits."""
    held = sorted((e for e in item["charges"].values() if not aged(e, now)), key=lambda e: e["at"])
    passed = sum(e["charge"] for e in held) + charge - limits.window_ceiling
    if passed > 0:
        wait = _until_freed(held, "charge", passed, now)
        return Refusal("budget_exhausted", wait, "the cost ceiling of the window would be passed")
    passed = sum(e["tasks"] for e in held) + tasks - limits.tasks_per_window
    if passed > 0:
        wait = _until_freed(held, "tasks", passed, now)
        return Refusal("task_limit", wait, "the task limit of the window would be passed")
    return None


def _until_freed(held: Sequence[Mapping[str, Any]], what: str, amount: int, now: int) -> int:
    """Seconds until so much of what is held, the oldest first, has aged."""
    for entry, freed in zip(held, accumulate(e[what] for e in held), strict=True):
        if freed >= amount:
            return _seconds(entry["at"] + HELD_MS - now)
    return WINDOW_SECONDS


def after_outcome(item: Item, run: str, failed: bool, now: int, limits: Limits) -> Transition | None:
    """What the breaker does once `run` has ended, given the item as it stands after settling."""
    if item["state"] == "half_open" and item["probe"] == run:
        return Transition("open", "the probe failed") if failed else Transition("closed", "the probe succeeded")
    if item["state"] != "closed" or not failed:
        return None
    ended = _outcomes(item, now)
    total = sum(e["tasks"] for e in ended)
    failures = sum(e["tasks"] for e in ended if e["failed"])
    if total >= limits.error_rate_min_tasks and failures >= limits.error_rate * total:
        return Transition("open", f"{failures} of {total} tasks failed")
    return None


def _outcomes(item: Item, now: int) -> list[Mapping[str, Any]]:
    """The entries whose outcome was known within the window, and since the counts were last cleared."""
    known = [(entry.get("ended", entry["at"]), entry) for entry in item["charges"].values() if "failed" in entry]
    return [entry for ended, entry in known if item["countedFrom"] < ended and now < ended + HELD_MS]


def _seconds(milliseconds: int) -> int:
    return max(1, -(-milliseconds // 1000))
