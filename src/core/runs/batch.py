"""Several tasks of one kind in one run: each a run of its own, with its share of the one ceiling.

The batch has a chain of its own that names them. Shares add up to at most the ceiling, so it holds
for the sum without anything that the tasks would have to wait for.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from core.app import App, Thunk
from core.audit import events, log
from core.errors import BadRequest, OrchestratorError
from core.runs.arrow import dispatch
from core.runs.results import failed_task
from core.types import Batch, Json, TaskRequest, TaskType, Trigger

RANK: Final = ("accepted", "success", "duplicate", "in_progress")
"""What a batch is told as: the first of these that one of its tasks has; else what the first came to that was begun."""

LISTED: Final = ("target", "runId", "status", "reason", "error")
"""What the batch's last event has of each task."""


@dataclass(frozen=True)
class Kind:
    """What the tasks of a batch have in common."""

    task_type: TaskType
    trigger: Trigger
    principal: str


def dispatch_all(
    app: App,
    kind: Kind,
    requests: Sequence[TaskRequest],
    *,
    run_id: str,
    wait_until: int,
    deadline: int,
    about: Json | None = None,
) -> Json:
    """Carry out all of them at once, under the batch's id. `about` goes into its last event.

    Raises BadRequest when they are more than one run may hold, and what the first of them raised when none got further.
    """
    limits = app.settings.limits
    if len(requests) > limits.tasks_per_run:
        raise BadRequest(f"{len(requests)} tasks are more than MAX_TASKS_PER_RUN allows: {limits.tasks_per_run}")
    targets = [events.target_json(request.target.type, request.target.number) for request in requests]
    started = events.batch_started(kind.task_type, kind.trigger, kind.principal, targets)
    begun = log.append(app.settings.audit_table, log.Head.new(run_id), app.now(), [started])
    app.store.transact(begun.writes)

    batch = Batch(run_id, limits.run_ceiling // max(1, len(requests)))

    def one(request: TaskRequest) -> Thunk:
        def run() -> Json | OrchestratorError:
            try:
                return dispatch(app, replace(request, batch=batch), wait_until=wait_until, deadline=deadline)
            except OrchestratorError as error:
                return error

        return run

    outcomes = app.together([one(request) for request in requests])
    errors = [outcome for outcome in outcomes if isinstance(outcome, OrchestratorError)]
    bodies = [failed_task(outcome) if isinstance(outcome, OrchestratorError) else outcome for outcome in outcomes]
    tasks = [{"target": target, **body} for target, body in zip(targets, bodies, strict=True)]
    status = _status([str(task["status"]) for task in tasks])
    listed = [{name: task[name] for name in LISTED if name in task} for task in tasks]
    ended = events.batch_finished(status, begun.writes[0].item["at"], started, listed, about or {})
    app.store.transact(log.append(app.settings.audit_table, begun.head, app.now(), [ended], closes=True).writes)
    if errors and len(errors) == len(requests):
        raise errors[0]
    refusal: Json = {} if status in RANK else next((task for task in tasks if task["status"] == status), {})
    why: dict[str, Any] = {name: refusal[name] for name in ("reason", "retryAfter", "error") if name in refusal}
    return {"status": status, "runId": run_id, **why, "tasks": tasks}


def _status(statuses: Sequence[str]) -> str:
    begun = [status for status in statuses if status != "error"]
    first = [*begun, *statuses, "success"][0]
    return next((known for known in RANK if known in begun), first)
