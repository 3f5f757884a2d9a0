"""Each function that starts or ends work, with nothing but what its role in template.yaml allows on the tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from core.app import App
from core.approvals.approve import approve, reject
from core.approvals.reconcile import look_at_waiting
from core.dispatcher.ledger import Ledger
from core.errors import WorkerUnavailable
from core.runs.arrow import dispatch, work
from core.runs.batch import Kind, dispatch_all
from core.runs.queue import run_queue
from core.store import Store
from core.types import Json, Target, TaskRequest, TaskType
from local.engine import TABLE_VARIABLES, Engine, dynamodb
from tests.runtime.guard import Guard, grants
from tests.support.dispatching import FAR
from tests.support.fakes import World, make_world, message, trouble
from tests.support.label_runs import READY, UNCLEAR, issue
from tests.template.reading import written

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


@dataclass
class Stage:
    """A world, and Apps in it that have the rights of one function each."""

    world: World
    engine: Engine
    tables: Mapping[str, str]
    guards: dict[str, tuple[App, Guard]]

    def __call__(self, function: str) -> App:
        """The App of a function, which reaches the tables with its role alone."""
        if function not in self.guards:
            names = {logical: self.tables[variable] for logical, variable in TABLE_VARIABLES.items()}
            guard = Guard(self.engine.url, grants(written(), function, names))
            guard.start()
            app = self.world.app
            store = Store(dynamodb(guard.url, {}), sleep=self.world.clock.sleep, new_id=app.new_id)
            ledger = Ledger(store, app.settings.breaker_table, app.settings.limits)
            self.guards[function] = replace(app, store=store, ledger=ledger), guard
        return self.guards[function][0]

    def triage(self, *numbers: int, function: str = "DispatchFunction") -> Json:
        app = self(function)
        tasks = [request("triage", number) for number in numbers]
        if len(tasks) == 1:
            return dispatch(app, tasks[0], wait_until=0, deadline=FAR)
        kind = Kind("triage", "api", "captain")
        return dispatch_all(app, kind, tasks, run_id=app.new_id(), wait_until=0, deadline=FAR)

    def work(self) -> list[Json]:
        """The worker carries out what was handed over."""
        runs = list(self.world.started)
        self.world.started.clear()
        return [work(self("WorkerFunction"), run, FAR) for run in runs]

    def waiting(self, number: int, answer: Mapping[str, Any] = READY) -> str:
        """The id of a label change that waits."""
        self.world.github.known[number] = issue("status:triage", "needs:qa", number=number)
        self.world.model.replies = [message({**answer, "components": []})]
        self.triage(number)
        [result] = self.work()
        return str(result["actions"][0]["actionId"])


def request(task_type: TaskType, number: int) -> TaskRequest:
    return TaskRequest(task_type, Target("issue", number), None, False, "captain", "api")


@pytest.fixture
def stage(engine: Engine, dynamodb_client: DynamoDBClient, tables: dict[str, str]) -> Iterator[Stage]:
    made = Stage(make_world(dynamodb_client, tables, worker=True, PHASE="phase1"), engine, tables, {})
    yield made
    for _, guard in made.guards.values():
        guard.stop()


def dispatching(stage: Stage) -> None:
    """One, several, the same again, and one whose worker cannot be started."""
    for number in (1, 2, 3, 4):
        stage.world.github.known[number] = issue("status:triage", number=number)
    stage.triage(1)
    stage.triage(1, 2, 3)
    app = stage("DispatchFunction")

    def unavailable(event: Json) -> None:
        raise WorkerUnavailable("as told")

    dispatch(replace(app, start_worker=unavailable), request("triage", 4), wait_until=0, deadline=FAR)
    stage.world.clock.forward(24 * 3600)
    stage.triage(1)


def scheduled(stage: Stage) -> None:
    """A queue, and the same slot again; then a worker that cannot be started."""
    stage.world.app = replace(
        stage.world.app,
        settings=replace(stage.world.app.settings, phase="phase2", prerequisites_confirmed=True),
    )
    for number in (1, 2):
        stage.world.github.known[number] = issue("status:triage", number=number)
    app = stage("ScheduleFunction")
    for _ in range(2):
        run_queue(app, "triage", "2026-11-22T09:30:00Z", FAR)

    def unavailable(event: Json) -> None:
        raise WorkerUnavailable("as told")

    stage.world.github.known[3] = issue("status:triage", number=3)
    stage.world.clock.forward(24 * 3600)
    run_queue(replace(app, start_worker=unavailable), "triage", "2026-11-23T09:30:00Z", FAR)


def working(stage: Stage) -> None:
    """A model that fails; labels and questions; a comment whose answer is lost."""
    stage.world.app = replace(
        stage.world.app,
        settings=replace(stage.world.app.settings, phase="phase3", prerequisites_confirmed=True),
    )
    stage.world.github.known[1] = issue("status:triage", number=1)
    stage.world.model.replies = [trouble(400)]
    stage.triage(1)
    stage.work()
    for number in (2, 3):
        stage.world.writer.outcomes = ["executed", "lost" if number == 3 else "executed"]
        stage.waiting(number, UNCLEAR)
    stage.world.writer.outcomes = ["failed"]
    stage.waiting(4)


def approving(stage: Stage) -> None:
    """Labels at once; labels after an attempt that was lost and died; a comment."""
    app = stage("ApproveFunction")
    assert approve(app, stage.waiting(1), "captain", None)["status"] == "executed"
    lost = stage.waiting(2)
    stage.world.writer.outcomes = ["late"]
    assert approve(app, lost, "captain", None)["status"] == "outcome_unknown"
    stage.world.clock.forward(901)
    assert approve(app, lost, "captain", None)["status"] == "executed"
    stage.world.writer.outcomes = ["failed"]
    stage.world.github.known[3] = issue("status:triage", number=3)
    stage.world.model.replies = [message({**UNCLEAR, "components": []})]
    stage.triage(3)
    [result] = stage.work()
    comment = result["actions"][1]
    assert (comment["actionType"], comment["state"]) == ("add_comment", "failed")
    assert approve(app, comment["actionId"], "captain", None)["status"] == "executed"


def rejecting(stage: Stage) -> None:
    reject(stage("RejectFunction"), stage.waiting(1), "captain", "no")


def looking(stage: Stage) -> None:
    """A label change whose answer was lost, and one that nobody decided."""
    found = stage.waiting(1)
    stage.world.writer.outcomes = ["lost"]
    approve(stage("ApproveFunction"), found, "captain", None)
    stage.waiting(2)
    stage.world.clock.forward(60)
    assert look_at_waiting(stage("ReconcileFunction"), FAR)["executed"] == 1
    stage.world.clock.forward(8 * 86_400)
    assert look_at_waiting(stage("ReconcileFunction"), FAR)["expired"] == 1


STORIES: dict[str, Callable[[Stage], None]] = {
    "DispatchFunction": dispatching,
    "ScheduleFunction": scheduled,
    "WorkerFunction": working,
    "ApproveFunction": approving,
    "RejectFunction": rejecting,
    "ReconcileFunction": looking,
}


@pytest.mark.parametrize("function", STORIES)
def test_a_function_has_the_rights_that_it_needs(function: str, stage: Stage) -> None:
    STORIES[function](stage)
    assert {name: guard.denied for name, (_, guard) in stage.guards.items()} == {name: [] for name in stage.guards}
