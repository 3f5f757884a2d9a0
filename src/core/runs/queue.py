"""A schedule's run over the team's queue: the oldest issues first, bounded per run and per day.

One record per task type lets one delivery of one slot through, whoever delivers it how often:

    slot n ──take──▶ running ──leave──▶ done ──▶ slot n+1 …
                        └──refused, or lease over──▶ taken again, for the same slot or a later one

What is skipped, and why, is in the run's last event.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from typing import Any, Final, cast

from core import phases
from core.actions.states import WAITING
from core.app import App, Reader
from core.approvals.decision import queued
from core.audit import alone, events
from core.canonical import iso
from core.context.labels import Labels
from core.errors import ConfigurationError, OrchestratorError, StoreUnavailable
from core.runs import admit
from core.runs.batch import Kind, dispatch_all
from core.store import Item, NotApplied, Update
from core.tasks import registry
from core.types import Issue, Json, Target, TaskRequest, TaskType

PRINCIPAL: Final = "schedule"
LOOKED_AT: Final = 50
"""Issues of the queue that one run looks at: those beyond them wait for the next."""
STARTING_MS: Final = 45_000
"""Before its deadline a run looks at no further issue: so long may it take to start those that it has chosen."""
LEASE_MARGIN_MS: Final = 3_000
"""How much longer than its invocation's deadline a slot is held: the invocation has ended by then, on any clock."""


def run_queue(app: App, task_type: TaskType, slot: str, deadline: int) -> Json:
    """One scheduled run. `slot` is the time that it was scheduled for (RFC 3339); `deadline` in milliseconds.

    Raises PhaseForbids, ConfigurationError, UpstreamUnavailable, StoreUnavailable; what it refuses is on record.
    """
    run_id = app.new_id()
    with _refusal_on_record(app, run_id, task_type):
        phases.require_task(app.settings, task_type, "schedule")
    record = _take(app, task_type, slot, run_id, deadline)
    if isinstance(record, NotApplied):
        return {"status": "skipped", "reason": "slot_taken", "runId": record.item["run"] if record.item else run_id}
    try:
        body = _run(app, task_type, slot, run_id, record, deadline)
    except OrchestratorError:
        _leave(app, task_type, run_id, "free")
        raise
    _leave(app, task_type, run_id, "done")
    return body


def _run(app: App, task_type: TaskType, slot: str, run_id: str, record: Item, deadline: int) -> Json:
    """What a slot is for, once it is taken."""
    github = app.github
    app = replace(app, github=cache(lambda: cast(Reader, _Once(github()))))
    with _refusal_on_record(app, run_id, task_type):
        requests, skipped = _choose(app, task_type, record, deadline - STARTING_MS)
    _count(app, task_type, run_id, len(requests), record)
    about = {"slot": slot, "skipped": skipped}
    kind = Kind(task_type, "schedule", PRINCIPAL)
    body = dispatch_all(app, kind, requests, run_id=run_id, wait_until=app.now(), deadline=deadline, about=about)
    return {**body, **about}


class _Once:
    """A reader that reads the tree of files and the repository's labels once for all that a run looks at."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.tree, self.labels = cache(reader.tree), cache(reader.labels)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reader, name)


def _choose(app: App, task_type: TaskType, record: Item, until: int) -> tuple[list[TaskRequest], list[Json]]:
    """Which issues of the queue, oldest first, are taken up, and which are left alone, each with why.

    From the moment `until` on nothing more is looked at.
    """
    queue, waiting = app.together([lambda: _queue(app, task_type), lambda: _waiting(app, task_type)])
    left_today = max(0, app.settings.limits.scheduled_per_day - _started_today(app, record))
    per_run = app.settings.limits.tasks_per_run
    bound = "MAX_SCHEDULED_TASKS_PER_DAY is reached" if left_today < per_run else "MAX_TASKS_PER_RUN is reached"
    chosen: list[TaskRequest] = []
    skipped: list[Json] = []

    def left_alone(issue: Issue) -> str:
        if issue.number in waiting:
            return "a proposal waits for the Captain"
        if len(chosen) >= min(per_run, left_today):
            return bound
        if app.now() >= until:
            return "the run's time is over: it waits for the next"
        if task_type == "triage" and app.team.rules.questions in Labels(issue.labels):
            return f"its questions are open: it carries {app.team.rules.questions}"
        try:
            request = _request(task_type, issue.number)
            context = registry.read(app, request)
            return admit.known(app, request, context, registry.build(app, request, context))
        except OrchestratorError as error:
            return error.message

    for issue in queue:
        if why := left_alone(issue):
            skipped.append({"issue": issue.number, "why": why})
        else:
            chosen.append(_request(task_type, issue.number))
    return chosen, skipped


def _request(task_type: TaskType, number: int) -> TaskRequest:
    return TaskRequest(
        task_type=task_type,
        target=Target("issue", number),
        linked_issue=None,
        force=False,
        principal=PRINCIPAL,
        trigger="schedule",
    )


def _queue(app: App, task_type: TaskType) -> Sequence[Issue]:
    if task_type == "sprint_plan":
        if app.settings.planning_issue is None:
            raise ConfigurationError("PLANNING_ISSUE is not set: a scheduled sprint plan needs the issue to plan under")
        return [app.github().issue(app.settings.planning_issue)]
    label = app.team.rules.queues.get(task_type)
    if label is None:
        raise ConfigurationError(f"the team's rules name no queue for {task_type}")
    return app.github().issues(label, LOOKED_AT)


def _waiting(app: App, task_type: TaskType) -> frozenset[int]:
    """Issues with a proposal of this kind before the Captain."""
    now, proposals = app.now(), queued(app, WAITING, {"taskType": task_type})
    return frozenset(stored.action.target.number for stored in proposals if not stored.lapsed(now))


def _key(task_type: TaskType) -> dict[str, str]:
    return {"key": f"schedule#{task_type}"}


def _take(app: App, task_type: TaskType, slot: str, run_id: str, deadline: int) -> Item | NotApplied:
    """The slot for this run, with the record as it is then."""
    answer = app.store.update(
        app.settings.dedupe_table,
        _key(task_type),
        expression="SET #slot = :slot, #run = :run, #until = :until, #state = :running",
        condition="attribute_not_exists(#slot)"  # the first slot of all
        " OR (#until < :now"  # nobody is at it
        " AND (#slot < :slot OR (#slot = :slot AND #state <> :done)))",  # a later slot, or this one was not finished
        values={
            ":slot": slot,
            ":run": run_id,
            ":until": deadline + LEASE_MARGIN_MS,
            ":now": app.now(),
            ":running": "running",
            ":done": "done",
        },
    )
    if isinstance(answer, NotApplied) and answer.item and answer.item["run"] == run_id:
        return answer.item  # the SDK repeated the write
    return answer


def _started_today(app: App, record: Item) -> int:
    return int(record.get("started", 0)) if record.get("day") == _today(app) else 0


def _today(app: App) -> str:
    return iso(app.now())[:10]


def _count(app: App, task_type: TaskType, run_id: str, count: int, record: Item) -> None:
    """Before they are started, so that a crash cannot start more of them on one day. Raises StoreUnavailable."""
    counted = Update(
        app.settings.dedupe_table,
        _key(task_type),
        change={"day": _today(app), "started": _started_today(app, record) + count},
        where={"run": run_id},  # the slot is still this run's
    )
    if app.store.transact([counted]) is not None:
        raise StoreUnavailable("another delivery of this schedule has taken over")


def _leave(app: App, task_type: TaskType, run_id: str, state: str) -> None:
    """The slot is done, or free for a later delivery of it; unless another run has taken it."""
    change = {"state": state, "until": 0}
    app.store.transact([Update(app.settings.dedupe_table, _key(task_type), change=change, where={"run": run_id})])


@contextmanager
def _refusal_on_record(app: App, run_id: str, task_type: TaskType) -> Iterator[None]:
    try:
        yield
    except OrchestratorError as error:
        route = f"schedule {task_type}"
        entry = events.request_refused(PRINCIPAL, route, {}, error.code, error.message, taskType=task_type)
        alone.append(app, entry, chain=run_id)
        raise
