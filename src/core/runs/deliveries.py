"""Deliveries of GitHub that ask for a plan: each is taken once, on record before it is worked on.

    absent ──take──▶ taken ──carry out──▶ done
      ▲                └──no worker──▶ absent     so that it can be delivered again

Two keys make a delivery one: GitHub's id, and the hash of the signed bytes, because the id is not
signed. Neither is judged by expiry: what is older than the records are kept is refused before.
"""

import json
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from core.app import App
from core.audit import alone, events
from core.canonical import canonical
from core.errors import LeaseHeld, NotFound, OrchestratorError
from core.runs import record
from core.runs.arrow import dispatch, work
from core.runs.results import failed_task
from core.runs.webhook import Ask
from core.store import Delete, Insert, Update
from core.types import Json, Target, TaskRequest

KEPT_SECONDS: Final = 8 * 86_400


@dataclass(frozen=True)
class Delivery:
    """A delivery that asks: GitHub's id, the hash of its signed bytes, and for what."""

    id: str
    body_hash: str
    ask: Ask

    @property
    def marks(self) -> list[dict[str, Any]]:
        """What makes it one, apart from its id. A pull request is opened once in its life: that has no ttl."""
        opened = [{"key": f"opened#{self.ask.number}"}] if self.ask.by == "open" else []
        return [{"key": f"delivery#sha256#{self.body_hash}"}, *opened]


def take(app: App, delivery: Delivery) -> bool:
    """Record what a delivery asks for. False when it, or another of the same bytes, was taken before."""
    table, ttl = app.settings.dedupe_table, {"ttl": app.now() // 1000 + KEPT_SECONDS}
    ask = canonical(asdict(delivery.ask)).decode()
    hashed, *opened = delivery.marks
    items = [{**_key(delivery.id), "state": "taken", "ask": ask, "result": "", **ttl}, {**hashed, **ttl}, *opened]
    return app.store.transact([Insert(table, item) for item in items]) is None


def hand_over(app: App, delivery: Delivery, deadline: int) -> None:
    """Let the worker carry it out; without one, do so now. After an error it can be delivered again, which is raised.

    Raises WorkerUnavailable; and without a worker what `carry_out` raises.
    """
    try:
        if app.start_worker is None:
            carry_out(app, delivery.id, deadline)
        else:
            app.start_worker({"delivery": delivery.id})
    except OrchestratorError:
        table = app.settings.dedupe_table
        taken = Delete(table, _key(delivery.id), where={"state": "taken"})
        app.store.transact([taken, *(Delete(table, mark) for mark in delivery.marks)])
        raise


def carry_out(app: App, delivery: str, deadline: int) -> Json:
    """The worker's entry: the dispatch that a delivery asks for, until `deadline` (milliseconds). Its result.

    Safe to deliver any number of times. A refusal is an event. Raises NotFound for a delivery that is not
    on record, and what may pass by itself, to be delivered again: LeaseHeld, UpstreamUnavailable, StoreUnavailable.
    """
    record = app.store.get(app.settings.dedupe_table, _key(delivery))
    if record is None:
        raise NotFound(f"no delivery {delivery}")
    if record["state"] == "done":
        result: dict[str, Any] = json.loads(record["result"])
        return result
    ask = Ask(**json.loads(record["ask"]))
    request = TaskRequest(
        task_type="qa_plan",
        target=Target("pull_request", ask.number),
        linked_issue=None,
        force=False,
        principal=f"github:{ask.login}",
        trigger="webhook",
        delivery=delivery,
        trusted_only=ask.by == "open",
    )
    try:
        body = _dispatch(app, request, deadline)
    except LeaseHeld:
        raise
    except OrchestratorError as error:
        target, route = events.target_json("pull_request", ask.number), "POST /webhook/github"
        refused = (request.principal, route, target, error.code, error.message)
        alone.append(app, events.request_refused(*refused, delivery=delivery))
        if error.status >= 500:
            raise
        body = failed_task(error)
    result = {name: body[name] for name in ("status", "reason", "runId", "error") if name in body}
    # Lost, where the delivery was given back: its start had seemed to fail. The run is on record all the same.
    done = {"state": "done", "result": canonical(result).decode()}
    app.store.transact([Update(app.settings.dedupe_table, _key(delivery), change=done)])
    return result


def _dispatch(app: App, request: TaskRequest, deadline: int) -> Json:
    """The dispatch, carried out here. A run of the same person that is under way is one that we have died over."""
    inline = replace(app, start_worker=None)
    body = dispatch(inline, request, wait_until=deadline, deadline=deadline)
    if body["status"] == "in_progress":
        run = record.load(app.store, app.settings.dedupe_table, body["runId"])
        if run is not None and run.principal == request.principal:
            return work(inline, run.id, deadline)
    return body


def _key(delivery: str) -> dict[str, str]:
    return {"key": f"delivery#{delivery}"}
