"""Plots of what changes labels: runs with several actions, approvals of a change, batches, schedules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from core.app import App
from core.runs.arrow import dispatch
from core.runs.batch import Kind, dispatch_all
from core.runs.queue import run_queue
from core.types import Target, TaskRequest
from local.faults import Fault
from tests.prove.plots import (
    ATTEMPT_SECONDS,
    FAR,
    LEASES_SECONDS,
    PAID,
    SETTLE_SECONDS,
    Act,
    Plot,
    approve,
    deliver,
    look,
)
from tests.prove.rig import TRIAGE_OUTPUT_TOKENS, Rig, order
from tests.support.label_runs import PHASE3, READY, UNCLEAR

ISSUE, OTHER = 7, 8
OTHERS_OWN: Final = frozenset({"good first issue"})
TRIAGED: Final = OTHERS_OWN | {"prio:P1", "sprint:n", "component:dfg-api"}
MADE_READY: Final = {ISSUE: TRIAGED | {"status:ready"}}
BOTH_READY: Final = {number: TRIAGED | {"status:ready"} for number in (ISSUE, OTHER)}
ASKED: Final = {ISSUE: TRIAGED | {"status:triage", "needs:pm"}}
PHASE1: Final = {"PHASE": "phase1"}
NINE, TEN = "2026-11-22T09:00:00Z", "2026-11-22T10:00:00Z"
INVOCATION_MS: Final = 60_000
TAKEN: Final = "after update_item dedupe"
"""The slot is this delivery's."""
SENT: Final = "before POST labels"


def _request(number: int) -> TaskRequest:
    return TaskRequest("triage", Target("issue", number), None, False, "ci", "api")


def triage(app: App, _: str = "") -> Any:
    return dict(dispatch(app, _request(ISSUE), wait_until=0, deadline=FAR))


def batch(app: App, _: str = "") -> Any:
    """Two issues at once."""
    requests = [_request(number) for number in (ISSUE, OTHER)]
    kind = Kind("triage", "api", "ci")
    return dict(dispatch_all(app, kind, requests, run_id=app.new_id(), wait_until=0, deadline=FAR))


def scheduled(slot: str) -> Act:
    """A delivery of this slot, by an invocation that ends within a minute."""

    def act(app: App, _: str = "") -> Any:
        return dict(run_queue(app, "triage", slot, app.now() + INVOCATION_MS))

    return act


# --- histories ---------------------------------------------------------------------------------


def model_says(answer: Mapping[str, Any]) -> Callable[[Rig], str]:
    def before(rig: Rig) -> str:
        rig.answer(then=order(answer, TRIAGE_OUTPUT_TOKENS))
        return ""

    return before


def relay_stops(*, answers: bool) -> Callable[[Rig], str]:
    """The relay stops a change half-way, as often as it is asked before it has been told of; it may lose its answer."""

    def before(rig: Rig) -> str:
        model_says(UNCLEAR)(rig)
        _stop_half_way(rig, Fault(status=502) if answers else Fault(hang_up=True))
        return ""

    return before


def _stop_half_way(rig: Rig, fault: Fault) -> None:
    rig.relay.faults.order("relay.labels.step", Fault())
    rig.relay.faults.order("relay.labels.step", fault)


def accepted(rig: Rig) -> str:
    """A run that waits for the worker."""
    model_says(UNCLEAR)(rig)
    return str(triage(rig.app(worker=True))["runId"])


def died_at(moment: str) -> Callable[[Rig], str]:
    """A run whose first delivery died at that moment."""

    def before(rig: Rig) -> str:
        run_id = accepted(rig)
        rig.kill(lambda app: deliver(app, run_id), moment, worker=True)
        rig.clock.forward(LEASES_SECONDS)
        return run_id

    return before


def waiting(rig: Rig) -> str:
    """A change that waits for approval."""
    model_says(READY)(rig)
    return str(triage(rig.app(worker=False))["actionId"])


def approval_died_half_way(seconds: int) -> Callable[[Rig], str]:
    """An approval that died, so long ago, with half of its change done."""

    def before(rig: Rig) -> str:
        action = waiting(rig)
        _stop_half_way(rig, Fault(hang_up=True))
        rig.kill(lambda app: approve(app, action), "after POST labels", worker=False)
        rig.clock.forward(seconds)
        return action

    return before


def _two_actions(name: str, before: Callable[[Rig], str], act: Act, **more: Any) -> Plot:
    """A triage in phase 3 that changes labels and asks a question."""
    return Plot(name, before, act, 1, spare=1, **{"settings": PHASE3, "later": triage, "labels": ASKED, **more})


def _one_change(name: str, before: Callable[[Rig], str], act: Act, **more: Any) -> Plot:
    """A triage in phase 1 whose labels wait."""
    return Plot(name, before, act, 0, settings=PHASE1, later=triage, labels=MADE_READY, **more)


def _two_issues(name: str, act: Act, later: Act, **more: Any) -> Plot:
    """Triage in phase 3 of both issues of the queue."""
    return Plot(name, model_says(READY), act, 0, settings=PHASE3, later=later, labels=BOTH_READY, **more)


NEXT_SLOT_FIRST: Final[Mapping[str, Any]] = {"again": scheduled(TEN), "worker": True, "since": TAKEN}

PLOTS_OF_LABELS: Final = (
    _two_actions("triage inline: two actions", model_says(UNCLEAR), triage, since=PAID, variants=2),
    _two_actions("triage inline: half a change, then refused", relay_stops(answers=True), triage, since=SENT),
    _two_actions("triage inline: half a change, answer lost", relay_stops(answers=False), triage, since=SENT),
    _two_actions("triage inline: labels wait", model_says(UNCLEAR), triage, since=PAID, variants=2, settings=PHASE1),
    _two_actions("triage by the worker: two actions", accepted, deliver, worker=True),
    *(
        _two_actions(f"triage by the worker: resumed {moment}", died_at(moment), deliver, worker=True)
        for moment in ("before POST labels", "after POST labels", "before POST comment", "after POST comment")
    ),
    _one_change("approve labels: waiting", waiting, approve, variants=2),
    _one_change("approve labels: half done, settled", approval_died_half_way(SETTLE_SECONDS), approve),
    _one_change("look at labels: half done", approval_died_half_way(ATTEMPT_SECONDS), look),
    _two_issues("batch to the worker", batch, batch, worker=True),
    _two_issues("batch inline", batch, batch, since=SENT),
    _two_issues("schedule: the same slot again", scheduled(NINE), scheduled(TEN), worker=True),
    _two_issues("schedule: the next slot first", scheduled(NINE), scheduled(NINE), **NEXT_SLOT_FIRST),
)
