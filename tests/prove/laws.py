"""Whether the laws hold in what the tables say together with what happened outside.

The chain's hashes are computed here anew: nothing is taken from the code that made them.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

from tests.prove.evidence import DEFINITE, Asked, Outside, Tables, action_of, events_of
from tests.prove.lean import Item

COUNTED_MS: Final = 3_602_000
SETTLE_MS: Final = 900_000
OUTCOMES: Final = (*DEFINITE, "action.outcome_unknown")
ONE_OF_EACH: Final = ("status:", "prio:", "sprint:")
"""An issue has at most one label that begins so."""


def broken_laws(tables: Tables, outside: Outside, *, at_rest: bool = False) -> list[str]:
    """What does not hold, in words. `at_rest`: everything that was begun has been delivered again and ended."""
    return [
        *_money(tables, outside),
        *_effects(tables, outside),
        *_labels(tables, outside),
        *_leases(tables),
        *_shares(tables, outside),
        *_chains(tables),
        *_attempts(tables, at_rest=at_rest),
        *(_ends(tables) if at_rest else ()),
    ]


def _money(tables: Tables, outside: Outside) -> Iterator[str]:
    if tables.breaker is None:
        yield "the breaker has no row"
        return
    charges: Mapping[str, Item] = tables.breaker["charges"]
    if tables.breaker["total"] != sum(entry["charge"] for entry in charges.values()):
        yield "the total is not the sum of the charges"
    if tables.breaker["tasks"] != sum(entry["tasks"] for entry in charges.values()):
        yield "the tasks are not the sum over the charges"
    if tables.breaker["total"] > outside.window_ceiling:
        yield f"{tables.breaker['total']} micro-dollars are charged to one window"
    for run, asked in _by_run(tables, outside).items():
        cost = sum(one.cost for one in asked)
        if cost > outside.run_ceiling:
            yield f"run {run} cost {cost}"
        if any(one.stored for one in asked):
            yield f"run {run} asked again for an answer that it had in store"
        if run in charges:
            if charges[run]["charge"] < cost:
                yield f"run {run} cost {cost} and is charged {charges[run]['charge']}"
        elif max(one.at for one in asked) + COUNTED_MS - 2_000 > outside.now:
            yield f"run {run} cost {cost} within the hour and is charged nothing"


def _by_run(tables: Tables, outside: Outside) -> dict[str, list[Asked]]:
    by_run: dict[str, list[Asked]] = defaultdict(list)
    for asked in outside.asked:
        by_run[tables.prompts.get(asked.body, "without a stored prompt")].append(asked)
    return by_run


def _effects(tables: Tables, outside: Outside) -> Iterator[str]:
    seen: set[str] = set()
    for landed in outside.landed:
        action = action_of(landed.body)
        if action not in tables.actions:
            yield f"a comment of no known action: {landed.body[-80:]!r}"
            continue
        if action in seen:
            yield f"action {action} has two comments"
        seen.add(action)
        if not landed.intended:
            yield f"action {action} was sent while no attempt at it was under way"
        stored = json.loads(tables.actions[action]["action"])
        if (stored["payload"]["body"], stored["target"]["number"]) != (landed.body, landed.number):
            yield f"action {action} was not sent as it was judged"
        if tables.actions[action]["state"] == "pending":
            yield f"action {action} is on GitHub and still pending"
    comments = {i for i, item in tables.actions.items() if json.loads(item["action"])["type"] == "add_comment"}
    for action in comments - seen:
        if tables.actions[action]["state"] == "executed":
            yield f"action {action} is called executed and is not on GitHub"
    for run, item in tables.runs.items():
        result = json.loads(item["result"]) if item["result"] and item["stage"] == "finished" else {}
        for told in result.get("actions", ()):
            if told["executed"] and told["actionId"] in comments - seen:
                yield f"run {run} says that it posted, and did not"


def _labels(tables: Tables, outside: Outside) -> Iterator[str]:
    for step in outside.relabelled:
        if not step.intended:
            yield f"the labels of {step.number} were changed while no attempt at it was under way"
        for group in ONE_OF_EACH:
            if sum(label.startswith(group) for label in step.labels) > 1:
                yield f"issue {step.number} had two labels of {group} {sorted(step.labels)}"
    changes: dict[int, list[Item]] = defaultdict(list)
    for item in tables.actions.values():
        action = json.loads(item["action"])
        if action["type"] == "change_labels":
            changes[action["target"]["number"]].append({**action["payload"], "state": item["state"]})
    for number, labels in outside.labels.items():
        if len(changes[number]) == 1:
            yield from _one_change(number, changes[number][0], labels)


def _one_change(number: int, change: Item, labels: frozenset[str]) -> Iterator[str]:
    """An issue has the labels from before its one change or those from after it, or the change says it is unsure."""
    before = frozenset(change["before"])
    after = (before - set(change["remove"])) | set(change["add"])
    match change["state"]:
        case "executing" | "outcome_unknown":
            allowed = None
        case "executed":
            allowed = after
        case _:
            allowed = before
    if allowed is not None and labels != allowed:
        yield f"the change of {number} is {change['state']}, and its labels are {sorted(labels)}"


def _leases(tables: Tables) -> Iterator[str]:
    """A lease on labels is held for an attempt on record, until that can no longer land."""
    intended = {e["data"]["attempt"]: _milliseconds(e["at"]) for e in events_of(tables.chains, "action.intended")}
    for lease in tables.leases:
        if lease["attempt"] not in intended:
            yield f"{lease['key']} is held for an attempt that is not on record"
        elif lease["until"] > intended[lease["attempt"]] + SETTLE_MS:
            yield f"{lease['key']} is held for longer than its attempt can land"


def _shares(tables: Tables, outside: Outside) -> Iterator[str]:
    """The tasks of a batch share one ceiling, and a schedule starts no more than it has counted."""
    shares: dict[str, int] = defaultdict(int)
    for event in events_of(tables.chains, "run.started"):
        run = tables.runs.get(event["chain"])
        if run is not None and "batch" in event["data"]:
            shares[event["data"]["batch"]] += _task(run)["ceiling"]
    for batch, ceiling in shares.items():
        if ceiling > outside.run_ceiling:
            yield f"the tasks of batch {batch} may cost {ceiling}"
    by_schedule = [task for task in map(_task, tables.runs.values()) if task["principal"] == "schedule"]
    for record in tables.schedules:
        begun = sum(_day(task["startedAt"]) == record.get("day") for task in by_schedule)
        if begun > record.get("started", 0):
            yield f"{record['key']} has begun {begun} tasks on one day and counted {record['started']}"


def _task(run: Item) -> Item:
    task: Item = json.loads(run["task"])
    return task


def _day(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).date().isoformat()


def _milliseconds(at: str) -> int:
    return round(datetime.fromisoformat(at).timestamp() * 1000)


def _chains(tables: Tables) -> Iterator[str]:
    for chain, events in tables.chains.items():
        before = "0" * 64
        for number, event in enumerate(events):
            hashed = {name: event[name] for name in ("at", "chain", "data", "prev", "seq", "type")}
            text = json.dumps(hashed, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
            fits = hashlib.sha256(text.encode()).hexdigest() == event["hash"]
            if event["seq"] != number or event["prev"] != before or not fits:
                yield f"chain {chain} is broken at {number}"
            before = event["hash"]
        ends = [event["seq"] for event in events if event["type"] == "run.finished"]
        if len(ends) > 1 or (ends and ends[0] != len(events) - 1):
            yield f"run {chain} goes on after its end: {[event['type'] for event in events]}"
        if chain in tables.runs and tables.runs[chain]["seq"] != len(events):
            yield f"run {chain} has lost its place in its chain"


def _attempts(tables: Tables, *, at_rest: bool) -> Iterator[str]:
    """Every attempt has its intent, and then its outcome, wherever that was recorded."""
    outcomes: dict[tuple[str, str], list[str]] = defaultdict(list)
    for kind in OUTCOMES:
        for event in events_of(tables.chains, kind):
            outcomes[event["data"]["actionId"], event["data"]["attempt"]].append(kind)
    intended = {(e["data"]["actionId"], e["data"]["attempt"]): e for e in events_of(tables.chains, "action.intended")}
    for attempt in outcomes.keys() - intended.keys():
        yield f"attempt {attempt} has an outcome and no intent"
    for attempt in intended:
        kinds = set(outcomes.get(attempt, ()))
        if {"action.executed", "action.failed"} <= kinds:
            yield f"attempt {attempt} is both executed and failed"
        if at_rest and not kinds:
            yield f"attempt {attempt} has no outcome"
    for action, item in tables.actions.items():
        state = item["state"]
        told = {kind for (of, _), kinds in outcomes.items() if of == action for kind in kinds}
        if state in ("executed", "failed", "outcome_unknown", "shadowed") and f"action.{state}" not in told:
            yield f"action {action} is {state}, and no event says so"
        if at_rest and state == "executing":
            yield f"action {action} is still executing"


def _ends(tables: Tables) -> Iterator[str]:
    for run, item in tables.runs.items():
        if item["stage"] != "finished" or not item["result"]:
            yield f"run {run} has no end: {item['stage']}"
        elif tables.chains[run][-1]["type"] != "run.finished":
            yield f"run {run} has ended, and its chain does not say so"
