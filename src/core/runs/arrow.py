"""The arrow: request → context → generate → policy → act → audit.

`dispatch` is the caller's half: it reads GitHub, stores the prompt, claims the idempotency key and the
money. `complete` is the worker's half: it asks the model, judges, acts and records. Where no worker is
configured, one invocation does both. In sequence, with what is written at each step (∥ is at once):

    gather    one read: key, storm record, breaker
    claim     reserve the money  ∥  key + run record + prompt + run.started …       [worker: lease ∥ prompt]
    generate  the model; each further attempt is charged first
    record    settle the money   ∥  answer + verdict + action, with the intent or the end
    act       one POST, only once the intent is on record, and only if the target has not moved
    end       outcome + result, the key kept
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from core import phases
from core.actions.perform import perform
from core.actions.states import facts_from_json
from core.app import App
from core.approvals.binding import bind
from core.audit import content
from core.audit.content import WITHHELD, Content
from core.dispatcher.ask import GaveUp, Generated
from core.dispatcher.breaker import Refusal
from core.dispatcher.gates import Intended
from core.errors import BadRequest, LeaseHeld, NotFound, OrchestratorError, StoreUnavailable, WorkerUnavailable
from core.policy.approved import Approved, approve
from core.policy.version import OWN_SECRETS
from core.prompts.request import asks_for
from core.runs import admit, ending, generate, record, results
from core.runs.ending import Judged, Paid
from core.runs.finish import finish
from core.runs.generate import Sent
from core.runs.intent import finish_interrupted, go_on, intend
from core.runs.record import Run
from core.store import Item
from core.tasks import registry
from core.tasks.wire_schemas import wire_schema
from core.types import Action, Effect, Json, TaskRequest, Verdict

POLL_SECONDS: Final = (0.1, 0.2, 0.4, 0.8)
OLDER: Final = "the service was upgraded while this waited, and reads the answers it asks for no more: dispatch again"


def dispatch(app: App, request: TaskRequest, *, wait_until: int, deadline: int) -> Json:
    """Carry out one dispatch, or say why not. The body of the answer.

    Waits for a worker until `wait_until`; an inline run may take until `deadline` (both milliseconds).
    Raises PhaseForbids, NotFound, Conflict, UpstreamUnavailable, StoreUnavailable.
    """
    phases.require_task(app.settings, request.task_type, request.trigger)
    if app.settings.limits.tasks_per_run < 1:
        raise BadRequest("MAX_TASKS_PER_RUN allows no task in a run")
    context = registry.read(app, request)
    prompt = registry.build(app, request, context)
    opened = admit.open_run(app, request, context, prompt)
    if not isinstance(opened, Run):
        return opened
    if app.start_worker is None:
        with _held(app, opened):
            return complete(app, opened, Sent(prompt.body, prompt.facts, prompt.input_bound), deadline)
    return hand_over(app, opened, wait_until)


def hand_over(app: App, run: Run, wait_until: int) -> Json:
    """Start the worker and wait for the run's end as long as the gateway allows."""
    assert app.start_worker is not None
    try:
        app.start_worker({"runId": run.id})
    except WorkerUnavailable as error:
        try:
            return finish(app, ending.abandoned(run, error.message))
        except LeaseHeld:  # it has started after all, and goes on
            return results.accepted(run.id)
    delays = iter(POLL_SECONDS)
    delay = 0.0
    while True:
        delay = next(delays, delay)
        if app.now() + int(delay * 1000) > wait_until:
            return results.accepted(run.id)
        app.sleep(delay)
        try:
            current = record.load(app.store, app.settings.dedupe_table, run.id)
        except StoreUnavailable:
            continue  # the worker has the run: that it cannot be read just now is no reason to deny it
        if current is not None and current.result is not None and current.stage == "finished":
            return current.result


def work(app: App, run_id: str, deadline: int) -> Json:
    """The worker's entry: take the lease, go on from what the record says. Safe to deliver any number of times.

    Raises LeaseHeld while another invocation is at work, NotFound for an unknown run.
    """
    holder = app.new_id()
    try:
        taken, items, charged = app.together(
            [
                lambda: _take(app, run_id, holder, deadline),
                lambda: app.store.query_all(app.settings.content_table, ("run", run_id)),
                lambda: app.ledger.charged(run_id),
            ]
        )
    except StoreUnavailable:
        record.give_back_lease(app.store, app.settings.dedupe_table, run_id, holder, begun=False)
        raise
    if not isinstance(taken, Run):
        return dict(taken)
    with _held(app, taken):
        return _go_on(app, taken, items, charged, deadline)


def _go_on(app: App, run: Run, items: Sequence[Item], charged: bool, deadline: int) -> Json:
    """From where the record stands, with what is stored of the run."""
    if run.stage == "acting":
        return finish_interrupted(app, run)
    if run.deliveries == 1 and not charged:  # its dispatch died between the record and the reservation
        nothing = GaveUp(run.charge, 0, "not_charged", "nothing is charged for this run")
        return finish(app, ending.gave_up(run, nothing, app.now()))
    stored = {item["name"]: content.read(item).data for item in items}
    context = json.loads(stored["context"])
    sent = Sent(stored["prompt"], facts_from_json(context["facts"]), context["inputBound"])
    return complete(app, run, sent, deadline)


def complete(app: App, run: Run, sent: Sent, deadline: int) -> Json:
    """generate → policy → act → audit, for a run whose lease we hold.

    `kept` (micro-dollars) is what attempts of a dead holder may have cost: it stays charged.
    """
    kept = 0
    if run.deliveries > 1:
        resumed = generate.resume_charge(app, run, sent)
        if isinstance(resumed, Refusal):
            died = GaveUp(run.charge, run.charge.amount, "not_charged", resumed.message)
            return finish(app, ending.gave_up(run, died, app.now()))
        run, kept = resumed

    if not phases.allows_task(app.settings, run.task_type):
        why = f"{app.settings.phase} does not allow {run.task_type} any more"
        return finish(app, ending.withdrawn(run, kept, "phase", why))
    if not asks_for(sent.body, wire_schema(run.task_type)):
        return finish(app, ending.withdrawn(run, kept, "older_version", OLDER))
    unready = _unready(app)
    if unready:
        return finish(app, ending.gave_up(run, GaveUp(run.charge, kept, "not_sent", unready), app.now()))
    run, outcome = generate.generate(app, run, sent, deadline, kept)
    if isinstance(outcome, GaveUp):
        return finish(app, ending.gave_up(run, outcome, app.now()))
    cost = generate.price(app, run, sent, outcome.reply.answer.usage)
    return _judge(app, replace(run, charged=outcome.kept + cost, charge=outcome.charge), sent, outcome, cost)


def _judge(app: App, run: Run, sent: Sent, outcome: Generated, cost: int) -> Json:
    """policy → act → audit, for an answer that is paid for."""
    answer = outcome.reply.answer
    if not outcome.ended_normally:
        paid = Paid(run, answer, cost, _kept(app, outcome, None))
        why = f"the model stopped early: {answer.stop_reason}"
        return finish(app, ending.cut_short(app.settings, paid, why, app.now()))

    from core.policy import engine  # not for a dispatch that a worker carries out

    verdict = engine.judge_answer(
        answer.text,
        replace(sent.facts, material=sent.body.decode("utf-8", "replace")),
        registry.drafting(run.task_type),
        team=app.team,
        run_id=run.id,
        action_ids=lambda index: record.action_id(run.id, index),
        phase=app.settings.phase,
        own_secrets=app.own_secrets(),
    )
    judged = Judged(Paid(run, answer, cost, _kept(app, outcome, verdict)), verdict, sent.facts)
    if verdict.classification == "rejected":
        return finish(app, ending.rejected(app.settings, judged, app.now()))
    return _act(app, judged)


def _act(app: App, judged: Judged) -> Json:
    """Carry out what policy lets through by itself, one action after another; leave the rest to the Captain."""
    acting: tuple[Run, Intended, Effect] | None = None
    for action in judged.verdict.actions:
        approved = approve(action, judged.verdict.about(action), by_captain=False)
        if not isinstance(approved, Approved) or not phases.allows_action(app.settings, action.type):
            continue
        why = _moved_on(app, action)
        if acting is None:
            begun = why or intend(app, judged, action)
            if isinstance(begun, str):
                judged = ending.hold_back(judged, action, begun)
                continue
        else:
            following = None if why else go_on(app, *acting, action)
            if following is None:
                continue
            begun = following
        acting = (*begun, perform(approved, app.writer(), shadow=app.settings.shadow_mode))
    if acting is None:
        return finish(app, ending.proposed(app.settings, judged, app.now()))
    return finish(app, ending.acted(*acting, app.now()))


def _kept(app: App, generated: Generated, verdict: Verdict | None) -> Content:
    """What is stored of an answer. One that gives a secret of ours away, or does not fit, is kept nowhere."""
    from core.policy.secrets import gives_away  # not for a dispatch that a worker carries out

    raw = generated.reply.raw
    found = verdict is not None and any(finding.rule == OWN_SECRETS for finding in verdict.findings)
    withheld = found or gives_away(raw, app.own_secrets()) or not content.fits(raw)
    return Content("answer", WITHHELD if withheld else raw, bytes.fromhex(app.random_hex()))


def _unready(app: App) -> str:
    """Why nothing can be generated or posted with this configuration; empty when it can. Better told before paying."""
    try:
        app.model()
        app.writer()
    except OrchestratorError as error:
        return error.message
    return ""


def _moved_on(app: App, action: Action) -> str:
    """Why the target is not what the plan was made for any more; empty when it is."""
    try:
        now = app.github().target(action.target)
    except OrchestratorError as error:
        return f"whether the target has moved cannot be seen: {error.message}"
    binding = bind(action, now, None, app.team.taxonomy)
    return "" if binding.verdict == "unmoved" else binding.message


@contextmanager
def _held(app: App, run: Run) -> Iterator[None]:
    """A lease is held by an invocation, and ends with one that the store has failed."""
    try:
        yield
    except StoreUnavailable:
        record.give_back_lease(app.store, app.settings.dedupe_table, run.id, run.holder, begun=True)
        raise


def _take(app: App, run_id: str, holder: str, deadline: int) -> Run | Json:
    """The lease, or the result of a run that has ended. Waits for a lease that ends within this invocation."""
    table = app.settings.dedupe_table
    while True:
        now = app.now()
        taken = record.take_lease(app.store, table, run_id, holder, now, now + record.FIRST_LEASE_MS)
        if isinstance(taken, Run):
            return taken
        if taken.item is None:
            raise NotFound(f"no run {run_id}")
        run = record.read(taken.item)
        if run.result is not None and run.stage == "finished":
            return run.result
        if run.lease_until > deadline:
            raise LeaseHeld(f"run {run_id} is held until its lease ends")
        app.sleep(max(0.0, (run.lease_until - now) / 1000) + 0.1)
