"""What each clause of the conditional writes keeps out, on the real engine.

`make mutate` removes the clauses one by one; these are the tests that miss them.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from core.actions import states
from core.approvals.approve import approve, reject
from core.approvals.reconcile import look_at_waiting
from core.audit.erasure import erase
from core.config import read_limits
from core.dispatcher import dedupe, gates
from core.dispatcher.breaker import HELD_MS, Refusal, Transition
from core.dispatcher.dedupe import Free
from core.dispatcher.gates import BY_TYPE, Intended
from core.dispatcher.ledger import Charge, Ledger, Reserved
from core.errors import Conflict, StoreUnavailable, WorkerUnavailable
from core.runs import deliveries, record
from core.runs.arrow import dispatch, work
from core.runs.deliveries import Delivery
from core.runs.queue import run_queue
from core.runs.webhook import Ask
from core.store import Insert, Item, Lost, NotApplied, Store, Write
from core.types import Effect, Json, Target
from tests.engine.dispatcher.test_ledger import item_of, reserved
from tests.support.dispatching import FAR, charged, go, request
from tests.support.fakes import ASKS, START, World, make_world, message, pull_request, trouble
from tests.support.injection import at_call
from tests.support.label_runs import PHASE3, READY, UNCLEAR, a_world, stored, triage

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

COOLDOWN_MS = 900_000


class Killed(BaseException):
    """The process died here."""


def die() -> None:
    raise Killed


# --- money -----------------------------------------------------------------------------------------


class MeddledStore(Store):
    """A store in which something else happens just before the second update."""

    meddle: Callable[[], Any]

    def update(self, *arguments: Any, **named: Any) -> Item | NotApplied:
        self.updates = getattr(self, "updates", 0) + 1
        if self.updates == 2:
            self.meddle()
        return super().update(*arguments, **named)


@pytest.fixture
def make_ledger(dynamodb_client: DynamoDBClient, tables: dict[str, str]) -> Callable[..., Ledger]:
    def make(kind: type[Store] = Store, **env: str) -> Ledger:
        store = kind(dynamodb_client, sleep=lambda _: None, new_id=lambda: str(uuid.uuid4()))
        limits = read_limits({"GUARDRAIL_OVERRIDE": "acknowledged", **env})
        return Ledger(store, tables["BREAKER_TABLE"], limits)

    return make


@pytest.fixture
def ledger(make_ledger: Callable[..., Ledger]) -> Ledger:
    ledger = make_ledger()
    ledger.create_if_missing()
    return ledger


def meddled(make_ledger: Callable[..., Ledger], meddle: Callable[[], Any], **env: str) -> Ledger:
    """A second caller's ledger: between its look and its next write, `meddle` happens."""
    other = make_ledger(MeddledStore, **env)
    store = other._store
    assert isinstance(store, MeddledStore)
    store.meddle = meddle
    return other


def test_a_row_that_is_there_is_left_as_it_is(ledger: Ledger) -> None:
    reserved(ledger.reserve("r", 100, 1, START, START))
    ledger.create_if_missing()
    assert item_of(ledger)["total"] == 100


def prolonged(ledger: Ledger, charge: Charge) -> Charge:
    """The same amount, for a later attempt."""
    later = ledger.extend(charge, charge.amount, charge.until + 60_000, START)
    assert isinstance(later, Charge)
    return later


def test_an_earlier_attempt_does_not_settle_a_later_one_of_the_same_amount(ledger: Ledger) -> None:
    charge = reserved(ledger.reserve("r", 100, 1, START, START))
    prolonged(ledger, charge)
    ledger.settle(charge, 5, START, failed=False)
    assert (item_of(ledger)["total"], item_of(ledger)["charges"]["r"]["settled"]) == (100, False)


def test_an_earlier_attempt_does_not_cancel_a_later_one_of_the_same_amount(ledger: Ledger) -> None:
    charge = reserved(ledger.reserve("r", 100, 1, START, START))
    prolonged(ledger, charge)
    ledger.cancel(charge, 1)
    assert item_of(ledger)["total"] == 100


def test_an_earlier_attempt_does_not_extend_a_later_one_of_the_same_amount(ledger: Ledger) -> None:
    charge = reserved(ledger.reserve("r", 100, 1, START, START))
    later = prolonged(ledger, charge)
    assert isinstance(ledger.extend(charge, 300, START + 1, START), Refusal)
    assert item_of(ledger)["charges"]["r"]["attempt"] == later.attempt


def test_what_was_settled_since_the_look_is_not_extended_by_the_old_amount(ledger: Ledger) -> None:
    charge = reserved(ledger.reserve("r", 100, 1, START + 60_000, START))
    ledger.settle(charge, 30, START, failed=False)
    assert isinstance(ledger.extend(charge, 200, START + 60_000, START), Refusal)
    assert item_of(ledger)["total"] == 30


@pytest.mark.parametrize("write", ["settle", "cancel"])
def test_a_charge_of_another_amount_than_the_one_that_stands_changes_nothing(ledger: Ledger, write: str) -> None:
    charge = reserved(ledger.reserve("r", 100, 1, START, START))
    other = replace(charge, amount=70)
    if write == "settle":
        ledger.settle(other, 5, START, failed=False)
    else:
        ledger.cancel(other, 1)
    assert item_of(ledger)["charges"]["r"]["charge"] == 100


def test_a_second_settlement_of_the_same_amount_does_not_move_its_time(ledger: Ledger) -> None:
    charge = reserved(ledger.reserve("r", 100, 1, START + 60_000, START))
    ledger.settle(charge, 100, START, failed=False)
    ledger.settle(charge, 100, START + 9_000, failed=True)
    entry = item_of(ledger)["charges"]["r"]
    assert (entry["at"], entry["failed"]) == (START, False)


def test_a_failure_of_a_charge_that_has_gone_is_not_counted(ledger: Ledger) -> None:
    assert ledger.count_failure("gone", START) is None


def test_a_failure_before_the_settlement_is_not_counted(ledger: Ledger) -> None:
    reserved(ledger.reserve("r", 100, 1, START, START))
    assert ledger.count_failure("r", START) is None
    assert "failed" not in item_of(ledger)["charges"]["r"]


def test_an_aged_charge_that_was_prolonged_since_the_look_is_not_dropped(
    ledger: Ledger, make_ledger: Callable[..., Ledger]
) -> None:
    old = reserved(ledger.reserve("old", 300_000, 1, START, START))
    now = START + HELD_MS
    reserved(ledger.reserve("fresh", 200_000, 1, now, START))
    other = meddled(make_ledger, lambda: ledger.extend(old, 300_000, now + 60_000, now), MAX_COST_PER_WINDOW_USD="0.50")
    assert isinstance(other.reserve("new", 100_000, 1, now, now), Refusal)
    assert item_of(ledger)["total"] == 500_000


def opened(ledger: Ledger, now: int) -> None:
    item = ledger.read()
    assert item is not None
    assert ledger.move(item, Transition("open", "as told"), now)


def probed(ledger: Ledger, run: str, now: int, until: int) -> None:
    answer = ledger.reserve(run, 1, 1, until, now)
    assert isinstance(answer, Reserved)
    assert answer.probe


def test_a_breaker_that_opened_again_since_the_look_gets_no_probe(
    ledger: Ledger, make_ledger: Callable[..., Ledger]
) -> None:
    opened(ledger, START)
    due = START + COOLDOWN_MS

    def probe_and_fail() -> None:
        probed(ledger, "first", due, due + 60_000)
        opened(ledger, due)

    other = meddled(make_ledger, probe_and_fail)
    assert isinstance(other.reserve("second", 1, 1, due, due), Refusal)
    assert item_of(ledger)["state"] == "open"


def test_a_dead_probe_is_replaced_by_one_only(ledger: Ledger, make_ledger: Callable[..., Ledger]) -> None:
    opened(ledger, START)
    due = START + COOLDOWN_MS
    probed(ledger, "dead", due, due)
    other = meddled(make_ledger, lambda: probed(ledger, "second", due, due + 60_000))
    assert isinstance(other.reserve("third", 1, 1, due, due), Refusal)
    assert item_of(ledger)["probe"] == "second"


def test_the_outcome_of_a_replaced_probe_moves_nothing(ledger: Ledger) -> None:
    opened(ledger, START)
    due = START + COOLDOWN_MS
    probed(ledger, "dead", due, due)
    seen = item_of(ledger)
    probed(ledger, "second", due, due + 60_000)
    assert not ledger.move(seen, Transition("closed", "the probe succeeded"), due)
    assert item_of(ledger)["state"] == "half_open"


def test_a_transition_decided_before_the_breaker_opened_again_moves_nothing(ledger: Ledger) -> None:
    opened(ledger, START)
    seen = item_of(ledger)
    ledger.reset(START + 1)
    opened(ledger, START + 2)
    assert not ledger.move(seen, Transition("closed", "late"), START + 3)
    assert item_of(ledger)["openedAt"] == START + 2


# --- the idempotency key and the run's record ------------------------------------------------------


@pytest.fixture
def world(dynamodb_client: DynamoDBClient, tables: dict[str, str]) -> World:
    return make_world(dynamodb_client, tables)


@pytest.fixture
def lean(dynamodb_client: DynamoDBClient, tables: dict[str, str]) -> World:
    return make_world(dynamodb_client, tables, worker=True)


def inline(lean: World) -> World:
    """The same world without a worker."""
    return replace(lean, app=replace(lean.app, start_worker=None))


def handed_over(lean: World) -> str:
    result = go(lean)
    assert result["status"] == "accepted"
    return str(result["runId"])


def between_look_and_claim(world: World, happening: Callable[[], Any]) -> Json:
    """A dispatch during which `happening` comes after it has looked at the key and before it claims it."""
    app = replace(world.app, start_worker=None)
    app = replace(app, new_id=at_call(2, app.new_id, happening))
    return dispatch(app, request(), wait_until=0, deadline=FAR)


def test_a_holder_that_prolongs_its_lease_after_the_look_keeps_its_key(lean: World) -> None:
    first = handed_over(lean)
    lean.clock.forward(600)
    lean.model.before = die

    def resume() -> None:
        with pytest.raises(Killed):  # it has prolonged charge and lease, and is at the model
            work(lean.app, first, FAR)
        lean.model.before = lambda: None

    assert between_look_and_claim(lean, resume) == {"status": "in_progress", "runId": first}


def test_a_holder_that_ends_after_the_look_is_not_run_again(lean: World) -> None:
    first = handed_over(lean)
    lean.model.replies = [message(ASKS)]
    at_the_model, go_on = threading.Event(), threading.Event()

    def wait() -> None:
        at_the_model.set()
        assert go_on.wait(30)

    lean.model.before = wait
    holder = threading.Thread(target=lambda: work(lean.app, first, FAR))
    holder.start()
    assert at_the_model.wait(30)
    lean.clock.forward(6_000)  # its answer comes long after its lease

    def let_it_end() -> None:
        go_on.set()
        holder.join(30)
        lean.model.before = lambda: None

    result = between_look_and_claim(lean, let_it_end)
    assert (result["status"], result["runId"]) == ("duplicate", first)
    assert len(lean.model.received) == 1


def test_a_key_is_claimed_only_as_it_was_read(world: World) -> None:
    table = world.app.settings.dedupe_table
    read = {"key": "task#k", "runId": "first", "state": "in_flight", "leaseUntil": START}
    world.app.store.transact([Insert(table, {**read, "runId": "second"})])
    write = dedupe.claim(table, "task#k", "third", Free(read), START + 1, 0)
    assert isinstance(world.app.store.transact([write]), Lost)


def test_a_run_whose_key_a_successor_holds_does_not_act(lean: World) -> None:
    first = handed_over(lean)
    lean.clock.forward(600)
    second = handed_over(lean)
    assert work(lean.app, first, FAR)["status"] == "failed"
    assert lean.model.received == []
    assert go(lean) == {"status": "in_progress", "runId": second}


def test_a_run_that_ends_late_leaves_its_successors_key_alone(lean: World) -> None:
    successors: list[str] = []

    def be_slow() -> None:
        lean.writer.before = lambda: None
        lean.clock.forward(7 * 3600)
        successors.append(handed_over(lean))

    lean.writer.before = be_slow
    assert go(inline(lean))["state"] == "executed"
    assert go(lean) == {"status": "in_progress", "runId": successors[0]}


def test_a_run_that_fails_late_leaves_its_successors_key_alone(lean: World) -> None:
    successors: list[str] = []

    def be_slow() -> None:
        lean.model.before = lambda: None
        lean.clock.forward(7 * 3600)
        successors.append(handed_over(lean))

    lean.model.before = be_slow
    lean.model.replies = [trouble(400)]
    assert go(inline(lean))["status"] == "failed"
    assert go(lean) == {"status": "in_progress", "runId": successors[0]}


def test_a_run_that_a_worker_has_begun_is_not_abandoned(lean: World) -> None:
    def start_and_lose_the_answer(event: Json) -> None:
        table = lean.app.settings.dedupe_table
        taken = record.take_lease(
            lean.app.store, table, event["runId"], "worker", lean.clock.at, lean.clock.at + 60_000
        )
        assert not isinstance(taken, NotApplied)
        raise WorkerUnavailable("no answer")

    app = replace(lean.app, start_worker=start_and_lose_the_answer)
    assert dispatch(app, request(), wait_until=0, deadline=FAR)["status"] == "accepted"
    assert charged(lean) > 0
    assert go(lean)["status"] == "in_progress"


def leased(world: World, holder: str) -> tuple[str, int]:
    """A run that was handed over and taken by `holder`, and until when."""
    run_id, until = handed_over(world), world.clock.at + 60_000
    table = world.app.settings.dedupe_table
    assert isinstance(record.take_lease(world.app.store, table, run_id, holder, world.clock.at, until), record.Run)
    return run_id, until


def test_a_lease_that_somebody_else_holds_is_not_given_back(lean: World) -> None:
    run_id, until = leased(lean, "successor")
    table = lean.app.settings.dedupe_table
    record.give_back_lease(lean.app.store, table, run_id, "predecessor", begun=False)
    run = record.load(lean.app.store, table, run_id)
    assert run is not None
    assert (run.holder, run.lease_until, run.deliveries) == ("successor", until, 1)


def test_a_lease_is_given_back_once_and_nobody_takes_the_run_for_one_that_was_never_begun(lean: World) -> None:
    run_id, _ = leased(lean, "worker")
    table = lean.app.settings.dedupe_table
    for _ in range(2):
        record.give_back_lease(lean.app.store, table, run_id, "worker", begun=False)
    run = record.load(lean.app.store, table, run_id)
    assert run is not None
    assert (run.holder, run.lease_until, run.deliveries) == ("worker", 0, 0)


def test_an_erasure_leaves_the_key_of_a_later_run_alone(world: World) -> None:
    first = str(go(world)["runId"])
    world.clock.forward(25 * 3600)
    later: list[Json] = []

    def run_again() -> None:
        later.append(go(world))

    app = replace(world.app, new_id=at_call(1, world.app.new_id, run_again))
    with pytest.raises(Conflict):
        erase(app, first, "captain", "asked for")
    assert go(world) == {**later[0], "status": "duplicate"}


# --- the target's last comment ----------------------------------------------------------------------


def retitled(world: World, title: str) -> None:
    world.github.pulls[42] = pull_request(title=title)


def waiting(world: World, title: str) -> str:
    retitled(world, title)
    world.model.replies = [message(ASKS)]
    result = go(world)
    assert result["state"] == "pending"
    return str(result["actionId"])


def storm_record(world: World) -> Item:
    key = gates.storm_key("dfg/app", Target("pull_request", 42), "qa_plan")
    item = world.app.store.get(world.app.settings.dedupe_table, {"key": key})
    assert item is not None
    return item


def test_of_two_runs_that_saw_the_same_last_comment_one_posts(lean: World) -> None:
    go(inline(lean))
    lean.clock.forward(7 * 3600)
    retitled(lean, "Second")
    second = handed_over(lean)
    retitled(lean, "Third")
    third = handed_over(lean)
    assert work(lean.app, second, FAR)["state"] == "executed"
    assert work(lean.app, third, FAR)["state"] == "pending"
    assert len(lean.github.posted) == 2


def test_a_post_that_failed_does_not_forget_anothers_comment(world: World) -> None:
    def be_overtaken() -> None:
        world.writer.before = lambda: None
        assert go(world, force=True)["state"] == "executed"

    world.writer.before = be_overtaken
    world.writer.outcomes = ["executed", "failed"]
    assert go(world)["state"] == "failed"
    retitled(world, "Another title")
    assert go(world)["reason"] == "comment_storm"


def test_an_approved_comment_counts_for_the_storm_rule(world: World) -> None:
    approve(world.app, waiting(world, "First"), "captain", None)
    retitled(world, "Second")
    assert go(world)["reason"] == "comment_storm"


def test_the_latest_approved_comment_counts_for_the_storm_rule(world: World) -> None:
    first, second = waiting(world, "First"), waiting(world, "Second")
    approve(world.app, first, "captain", None)
    world.clock.forward(5 * 3600)
    approve(world.app, second, "captain", None)
    world.clock.forward(5 * 3600)
    retitled(world, "Third")
    assert go(world)["reason"] == "comment_storm"


def test_an_approval_that_ends_late_does_not_hide_a_later_comment(world: World) -> None:
    first, second = waiting(world, "First"), waiting(world, "Second")

    def be_overtaken() -> None:
        world.writer.before = lambda: None
        world.clock.forward(30)
        approve(world.app, second, "captain", None)

    world.writer.before = be_overtaken
    approve(world.app, first, "captain", None)
    assert storm_record(world)["actionId"] == second


# --- the action's state -----------------------------------------------------------------------------


def test_an_action_rejected_after_the_look_is_not_sent(world: World) -> None:
    action_id = waiting(world, "First")
    app = replace(world.app, writer=at_call(1, world.app.writer, lambda: reject(world.app, action_id, "other", "")))
    with pytest.raises(Conflict, match="rejected"):
        approve(app, action_id, "captain", None)
    assert world.writer.sent == []


def test_an_attempt_given_up_for_dead_does_not_end_its_successor(world: World) -> None:
    action_id = waiting(world, "First")

    def be_taken_for_dead() -> None:
        world.clock.forward(61)
        look_at_waiting(world.app, FAR)
        world.clock.forward(900)
        world.writer.before = die
        with pytest.raises(Killed):
            approve(world.app, action_id, "captain", None)
        world.writer.before = lambda: None

    world.writer.before = be_taken_for_dead
    with pytest.raises(StoreUnavailable):
        approve(world.app, action_id, "captain", None)
    item = world.app.store.get(world.app.settings.actions_table, {"id": action_id})
    assert item is not None
    assert states.read(item).state == "executing"


# --- the lease on an issue's labels -----------------------------------------------------------------


@pytest.fixture
def labelled(dynamodb_client: DynamoDBClient, tables: dict[str, str]) -> World:
    """Phase 3, and an issue whose triage changes its labels and asks a question."""
    return a_world(dynamodb_client, tables, UNCLEAR, "status:triage", **PHASE3)


def leases_of(world: World) -> tuple[Callable[..., Intended], Callable[[Write], object]]:
    """Attempts at the issue's labels by their ids, each over the lease that it saw, and a way to write."""
    action = stored(world, triage(world)["actionId"]).action

    def attempt(name: str, saw: str = "") -> Intended:
        return BY_TYPE[action.type](world.app.settings, action, name, "run", {"attempt": saw} if saw else None)

    return attempt, lambda write: world.app.store.transact([write])


def holder(world: World, attempt: Intended) -> str:
    record = world.app.store.get(world.app.settings.dedupe_table, attempt.key)
    return str(record["attempt"]) if record else ""


def test_of_two_that_saw_the_same_dead_lease_one_takes_it(labelled: World) -> None:
    attempt, write = leases_of(labelled)
    now = labelled.clock.at
    assert write(attempt("dead").passes(now)) is None
    assert write(attempt("first", saw="dead").passes(now)) is None
    assert isinstance(write(attempt("second", saw="dead").passes(now)), Lost)
    assert holder(labelled, attempt("anybody")) == "first"


def test_an_attempt_that_ends_late_leaves_its_successors_lease_alone(labelled: World) -> None:
    attempt, write = leases_of(labelled)
    late = attempt("late")
    write(late.passes(labelled.clock.at))
    write(attempt("successor", saw="late").passes(labelled.clock.at))
    [release] = late.leaves(Effect("executed", "as told"))
    assert isinstance(write(release), Lost)
    assert holder(labelled, late) == "successor"


def test_an_action_decided_while_the_one_before_it_was_under_way_is_not_sent(labelled: World) -> None:
    def reject_the_question() -> None:
        labelled.writer.before = lambda: None
        [waiting_one] = [a for a in actions_of(labelled) if a.state == "pending"]
        reject(labelled.app, waiting_one.action.id, "captain", "asked already")

    labelled.writer.before = reject_the_question
    result = triage(labelled)
    assert len(labelled.writer.sent) == 1
    assert {stored(labelled, one["actionId"]).state for one in result["actions"]} == {"executed", "rejected"}


def actions_of(world: World) -> list[states.Stored]:
    page = world.app.store.query(world.app.settings.actions_table, equals=("queue", states.WAITING), index="queue")
    return [states.read(item) for item in page.items]


# --- a schedule's slot ------------------------------------------------------------------------------

NINE, TEN = "2026-11-22T09:00:00Z", "2026-11-22T10:00:00Z"
INVOCATION_MS = 60_000
PAST_ITS_LEASE = 600
"""Seconds, after which a slot and a run that somebody died over are free."""


@pytest.fixture
def queue(dynamodb_client: DynamoDBClient, tables: dict[str, str]) -> World:
    """Phase 3 with one issue in the triage queue."""
    return a_world(dynamodb_client, tables, READY, "status:triage", **PHASE3)


def deliver(world: World, slot: str) -> Json:
    return run_queue(world.app, "triage", slot, world.clock.at + INVOCATION_MS)


def runs_of(result: Json) -> list[str]:
    return [task["status"] for task in result.get("tasks", ())]


def dies_over(world: World, slot: str) -> None:
    """A delivery of this slot whose process is gone at the model."""
    world.model.before = die
    with pytest.raises(Killed):
        deliver(world, slot)
    world.model.before = lambda: None


def taken(result: Json) -> bool:
    """Whether the slot was somebody else's."""
    return result.get("reason") == "slot_taken"


def test_the_first_slot_is_run_and_not_once_more(queue: World) -> None:
    assert runs_of(deliver(queue, NINE)) == ["success"]
    assert taken(deliver(queue, NINE))


def test_the_next_slot_is_run_and_the_one_before_it_not_after_it(queue: World) -> None:
    deliver(queue, NINE)
    assert not taken(deliver(queue, TEN))
    assert taken(deliver(queue, NINE))


def test_a_slot_that_somebody_died_over_is_run_once_its_lease_is_over(queue: World) -> None:
    dies_over(queue, NINE)
    assert taken(deliver(queue, NINE))
    assert taken(deliver(queue, TEN))
    queue.clock.forward(PAST_ITS_LEASE)
    queue.model.replies = [message(READY)]
    assert runs_of(deliver(queue, NINE)) == ["success"]


def test_a_slot_before_the_one_that_somebody_died_over_is_not_run(queue: World) -> None:
    dies_over(queue, TEN)
    queue.clock.forward(PAST_ITS_LEASE)
    assert taken(deliver(queue, NINE))


def test_a_delivery_that_has_lost_its_slot_starts_nothing_and_leaves_it_to_its_successor(queue: World) -> None:
    """It is slow at choosing; its successor takes the slot over, and dies over it."""

    def be_overtaken() -> None:
        queue.clock.forward(PAST_ITS_LEASE)
        dies_over(queue, TEN)

    slow = replace(queue, app=replace(queue.app, github=at_call(1, queue.app.github, be_overtaken)))
    with pytest.raises(StoreUnavailable, match="taken over"):
        deliver(slow, NINE)
    assert len(queue.model.received) == 1
    assert taken(deliver(queue, TEN))


# --- a delivery of GitHub ---------------------------------------------------------------------------


def test_a_delivery_that_was_carried_out_although_its_start_seemed_to_fail_stays_done(
    dynamodb_client: DynamoDBClient, tables: dict[str, str]
) -> None:
    lean = make_world(dynamodb_client, tables, PHASE="phase1")
    delivery = Delivery("delivery", "hash", Ask(42, "alice", "label"))
    assert deliveries.take(lean.app, delivery)

    def start_and_lose_the_answer(event: Json) -> None:
        deliveries.carry_out(lean.app, event["delivery"], FAR)
        raise WorkerUnavailable("no answer")

    with pytest.raises(WorkerUnavailable):
        deliveries.hand_over(replace(lean.app, start_worker=start_and_lose_the_answer), delivery, FAR)
    assert not deliveries.take(lean.app, delivery)
    assert deliveries.carry_out(lean.app, "delivery", FAR)["status"] == "success"
