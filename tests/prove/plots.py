"""What the crash test carries out: each plot is one request, made when some history has gone before it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from core.app import App
from core.approvals import approve as approving
from core.approvals.reconcile import look_at_waiting
from core.dispatcher import tripping
from core.runs.arrow import dispatch, work
from core.types import Target, TaskRequest
from local.faults import Fault
from local.model import Order
from tests.prove.rig import INPUT_TOKENS, OUTPUT_TOKENS, SUSPICIOUS, Rig

FAR: Final = 10**15
LEASES_SECONDS: Final = 600
"""Every lease of a dead holder is over by then."""
SETTLE_SECONDS: Final = 901
ATTEMPT_SECONDS: Final = 61
WEEK_SECONDS: Final = 7 * 86_400

NOT_A_PLAN: Final = Order(text="not json", input_tokens=INPUT_TOKENS, output_tokens=OUTPUT_TOKENS)


Act = Callable[[App, str], Any]
"""One request, about a subject."""


def ask(app: App, _: str = "") -> Any:
    """The dispatch of a QA plan."""
    request = TaskRequest("qa_plan", Target("pull_request", 42), 100, False, "ci", "api")
    return dict(dispatch(app, request, wait_until=0, deadline=FAR))


@dataclass(frozen=True)
class Plot:
    """`before` makes the history and names the subject of `act`. `comments`: how many there are once all has ended.

    `since`: what comes before that moment is the same as in another plot, and is not tried again.
    `spare`: so many comments more there may be where a second run took over: the Captain approves what the first left.
    `again`: what is done afterwards in place of `act`, and `later` once more after it.
    `labels`: those that issues have once all has ended.
    """

    name: str
    before: Callable[[Rig], str]
    act: Act
    comments: int
    spare: int = 0
    worker: bool = False
    variants: int = 1
    since: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    again: Act | None = None
    later: Act = ask
    labels: Mapping[int, frozenset[str]] = field(default_factory=dict)


def deliver(app: App, run_id: str) -> Any:
    return dict(work(app, run_id, FAR))


def approve(app: App, action_id: str) -> Any:
    return dict(approving.approve(app, action_id, "captain", None))


def reject(app: App, action_id: str) -> Any:
    return dict(approving.reject(app, action_id, "captain", "as told"))


def look(app: App, _: str = "") -> Any:
    return look_at_waiting(app, FAR)


def reset(app: App, _: str = "") -> Any:
    return dict(tripping.reset(app, "captain"))


# --- histories ---------------------------------------------------------------------------------


def model_answers(*orders: Order) -> Callable[[Rig], str]:
    def before(rig: Rig) -> str:
        rig.answer(*orders)
        return ""

    return before


def model_fails(*statuses: int) -> Callable[[Rig], str]:
    def before(rig: Rig) -> str:
        rig.trouble(*statuses)
        return ""

    return before


def relay_fails(fault: Fault) -> Callable[[Rig], str]:
    def before(rig: Rig) -> str:
        rig.answer()
        rig.relay.faults.order("relay.comment", fault)
        return ""

    return before


def accepted(rig: Rig) -> str:
    """A run that waits for the worker."""
    rig.answer()
    return _accepted(rig)


def accepted_suspicious(rig: Rig) -> str:
    rig.answer(SUSPICIOUS)
    return _accepted(rig)


def _accepted(rig: Rig) -> str:
    return str(ask(rig.app(worker=True))["runId"])


def died_at(moment: str) -> Callable[[Rig], str]:
    """A run whose first delivery died at that moment."""

    def before(rig: Rig) -> str:
        run_id = accepted(rig)
        rig.kill(lambda app: deliver(app, run_id), moment, worker=True)
        rig.clock.forward(LEASES_SECONDS)
        return run_id

    return before


def taken_over(rig: Rig) -> str:
    """A run whose worker never came, and another run for the same content meanwhile."""
    run_id = accepted(rig)
    rig.clock.forward(LEASES_SECONDS)
    deliver(rig.app(worker=True), _accepted(rig))
    return run_id


def overtaken(rig: Rig) -> str:
    """A run whose target has got a comment of this kind from another run."""
    first = accepted(rig)
    rig.repository.change_pull(42, title="Another title")
    second = _accepted(rig)
    deliver(rig.app(worker=True), first)
    return second


def waiting(rig: Rig) -> str:
    """An action that waits for approval."""
    rig.answer(SUSPICIOUS)
    return str(ask(rig.app(worker=False))["actionId"])


def refused(rig: Rig) -> str:
    """An action that GitHub has refused."""
    relay_fails(Fault(status=403))(rig)
    return str(ask(rig.app(worker=False))["actionId"])


def lost(fault: Fault, seconds: int) -> Callable[[Rig], str]:
    """An action whose attempt got no answer, so long ago."""

    def before(rig: Rig) -> str:
        relay_fails(fault)(rig)
        action = str(ask(rig.app(worker=False))["actionId"])
        rig.clock.forward(seconds)
        return action

    return before


def approval_died_at(moment: str) -> Callable[[Rig], str]:
    def before(rig: Rig) -> str:
        action = waiting(rig)
        rig.kill(lambda app: approve(app, action), moment, worker=False)
        rig.clock.forward(ATTEMPT_SECONDS)
        return action

    return before


def lapsed(rig: Rig) -> str:
    action = waiting(rig)
    rig.clock.forward(WEEK_SECONDS)
    return action


def closed(rig: Rig) -> str:
    action = waiting(rig)
    rig.repository.change_pull(42, state="closed")
    return action


def failing(rig: Rig) -> str:
    """One failure more opens the breaker."""
    rig.trouble(400, 400)
    ask(rig.app(worker=False))
    return ""


def probing(rig: Rig) -> str:
    """An open breaker whose cooldown is over."""
    rig.answer()
    rig.app(worker=False).ledger.trip("as told", rig.clock.at)
    rig.clock.forward(900)
    return ""


def opened(rig: Rig) -> str:
    rig.answer()
    rig.app(worker=False).ledger.trip("as told", rig.clock.at)
    return ""


def spent(rig: Rig) -> str:
    rig.answer()
    rig.app(worker=False).ledger.reserve("other", 480_000, 1, rig.clock.at, rig.clock.at)
    return ""


READ: Final = "before batch_get_item"
PAID: Final = "before the model"
SENT: Final = "before POST comment"
TWO_TASKS: Final = {"ERROR_RATE_MIN_TASKS": "2"}

PLOTS: Final = (
    Plot("dispatch inline: posted", model_answers(), ask, 1, variants=2),
    Plot("dispatch inline: overloaded once", model_fails(529), ask, 1, since=PAID),
    Plot("dispatch inline: two server errors", model_fails(500, 500), ask, 1, since=PAID),
    Plot("dispatch inline: refused by the model", model_fails(400), ask, 1, since=PAID, variants=2),
    Plot("dispatch inline: rejected by policy", model_answers(NOT_A_PLAN), ask, 1, since=PAID, variants=2),
    Plot("dispatch inline: waits for approval", model_answers(SUSPICIOUS), ask, 1, since=PAID, variants=2),
    Plot("dispatch inline: posting refused", relay_fails(Fault(status=403)), ask, 1, since=SENT, variants=2),
    Plot("dispatch inline: answer lost", relay_fails(Fault(lose_answer=True)), ask, 1, since=SENT, variants=2),
    Plot("dispatch inline: opens the breaker", failing, ask, 1, since=PAID, settings=TWO_TASKS, variants=2),
    Plot("dispatch inline: the probe", probing, ask, 1, since=READ),
    Plot("dispatch inline: breaker open", opened, ask, 1, since=READ),
    Plot("dispatch inline: budget spent", spent, ask, 0, since=READ, settings={"MAX_COST_PER_WINDOW_USD": "0.5"}),
    Plot("dispatch to the worker", model_answers(), ask, 1, worker=True, variants=2),
    Plot("worker: posted", accepted, deliver, 1, worker=True, variants=2),
    Plot("worker: waits for approval", accepted_suspicious, deliver, 1, worker=True, since=PAID, variants=2),
    Plot("worker: resumed before the model", died_at("before the model"), deliver, 1, worker=True, variants=2),
    Plot("worker: resumed after the model", died_at("after the model"), deliver, 1, worker=True),
    Plot("worker: resumed before sending", died_at("before POST comment"), deliver, 1, worker=True, variants=2),
    Plot("worker: resumed after sending", died_at("after POST comment"), deliver, 1, worker=True),
    Plot("worker: taken over", taken_over, deliver, 1, worker=True, variants=2),
    Plot("worker: overtaken by another comment", overtaken, deliver, 2, worker=True, since=PAID, variants=2),
    Plot("approve: waiting", waiting, approve, 1, variants=2),
    Plot("approve: refused before", refused, approve, 1),
    Plot("approve: lost and landed", lost(Fault(lose_answer=True), 1), approve, 1),
    Plot("approve: lost, settled, sent again", lost(Fault(hang_up=True), SETTLE_SECONDS), approve, 1),
    Plot("approve: the attempt died before sending", approval_died_at("before POST comment"), approve, 1),
    Plot("approve: the attempt died after sending", approval_died_at("after POST comment"), approve, 1),
    Plot("approve: expired", lapsed, approve, 1),
    Plot("approve: closed meanwhile", closed, approve, 0),
    # What the Captain has rejected may be asked for again: the dispatch afterwards posts a plan of its own.
    Plot("reject: waiting", waiting, reject, 1),
    Plot("reject: refused before", refused, reject, 1),
    Plot("look: lost and landed", lost(Fault(lose_answer=True), 1), look, 1),
    Plot("look: lost and not landed", lost(Fault(hang_up=True), 1), look, 1),
    Plot("look: the attempt died before sending", approval_died_at("before POST comment"), look, 1),
    Plot("look: the attempt died after sending", approval_died_at("after POST comment"), look, 1),
    Plot("look: expired", lapsed, look, 1),
    Plot("reset", opened, reset, 1),
)
