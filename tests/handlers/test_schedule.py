"""The scheduled runs over the team's queue: which issues they take, which not and why, and what deliveries do."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from core.errors import UpstreamUnavailable
from handlers import schedule
from local.faults import Fault
from local.function import new_context
from local.model import Order
from local.template import Template
from tests.handlers.conftest import MakeService
from tests.support.issues import ASKS, PHASE1, PHASE2, PHASE3, PHASE4, brief_answer, put, statuses
from tests.support.service import Service

NINE = "2026-11-22T09:00:00Z"
TEN = "2026-11-22T10:00:00Z"
ELEVEN = "2026-11-22T11:00:00Z"
WAITS = "a proposal waits for the Captain"
SEEN = "the same text was worked on within DEDUPE_WINDOW_HOURS"
PER_RUN = "MAX_TASKS_PER_RUN is reached"
PER_DAY = "MAX_SCHEDULED_TASKS_PER_DAY is reached"


class Died(BaseException):
    """The function's process is gone."""


class Rig:
    """A service, and what EventBridge Scheduler delivers to it."""

    def __init__(self, service: Service, template: Template) -> None:
        self.service = service
        self._function = template.functions["ScheduleFunction"]

    def deliver(self, slot: str, task_type: str = "triage") -> dict[str, Any]:
        event = {"taskType": task_type, "scheduledAt": slot}
        return schedule.run(self.service.app, event, new_context(self._function, "delivery"))

    def recorded(self, run_id: str) -> dict[str, Any]:
        """The last event of a run's chain."""
        data: dict[str, Any] = self.service.run(run_id)["events"][-1]["data"]
        return data

    def reject(self, number: int) -> None:
        """The Captain's no to what waits for an issue."""
        for action in self.service.api.get(f"/pending?target=issue:{number}").body["actions"]:
            assert self.service.api.post(f"/reject/{action['id']}").status == 200

    def batches(self) -> list[dict[str, Any]]:
        """The scheduled runs on record, newest first."""
        runs: list[dict[str, Any]] = self.service.api.get("/audit?kind=batch&limit=100").body["runs"]
        return runs


@pytest.fixture
def make_rig(make_service: MakeService, template: Template) -> Any:
    return lambda **options: Rig(make_service(**options), template)


@pytest.fixture
def second(make_rig: Any) -> Rig:
    """Phase 2, whose labels wait, with three issues in the queue."""
    rig: Rig = make_rig(**PHASE2)
    for number in (3, 1, 2):
        put(rig.service, number, "status:triage")
    return rig


def put_app(rig: Rig, **changes: Any) -> None:
    rig.service.app = replace(rig.service.app, **changes)


def taken(result: dict[str, Any]) -> list[int]:
    return [task["target"]["number"] for task in result["tasks"]]


def skipped(result: dict[str, Any]) -> dict[int, str]:
    return {one["issue"]: one["why"] for one in result["skipped"]}


# --- a run --------------------------------------------------------------------------------------


def test_the_queue_is_taken_oldest_first_and_nothing_else(make_rig: Any) -> None:
    rig = make_rig(**PHASE3)
    for number, labels in ((4, ["status:triage"]), (1, ["status:triage", "prio:P3"]), (2, ["status:ready"]), (3, [])):
        put(rig.service, number, *labels)
    put(rig.service, 5, "status:triage", state="closed")
    result = rig.deliver(NINE)
    assert (result["status"], taken(result), skipped(result)) == ("accepted", [1, 4], {})
    assert [statuses(rig.service, number) for number in (1, 4)] == [{"status:ready"}] * 2
    recorded = rig.recorded(result["runId"])
    assert (recorded["trigger"], recorded["principal"], recorded["slot"]) == ("schedule", "schedule", NINE)
    for task in result["tasks"]:
        [started] = rig.service.events(task["runId"], "run.started")
        assert (started["trigger"], started["principal"], started["batch"]) == ("schedule", "schedule", result["runId"])


def test_an_empty_queue_is_a_run_without_tasks(make_rig: Any) -> None:
    rig = make_rig(**PHASE2)
    result = rig.deliver(NINE)
    assert (result["status"], result["tasks"], result["skipped"]) == ("success", [], [])
    assert len(rig.batches()) == 1


def test_the_team_may_reject_what_a_schedule_proposed(second: Rig) -> None:
    second.deliver(NINE)
    actions = second.service.api.get("/pending").body["actions"]
    assert {(action["targetId"], action["principal"]) for action in actions} == {(n, "schedule") for n in (1, 2, 3)}
    second.reject(1)


# --- what is skipped, and why -------------------------------------------------------------------


def test_what_waits_for_the_captain_is_left_alone_and_what_was_rejected_is_known(second: Rig) -> None:
    first = second.deliver(NINE)
    assert taken(first) == [1, 2, 3]
    second.reject(2)
    result = second.deliver(TEN)
    assert (result["tasks"], skipped(result)) == ([], {1: WAITS, 2: SEEN, 3: WAITS})
    assert second.recorded(result["runId"])["skipped"] == result["skipped"]
    assert second.service.asked() == 3


def test_what_has_expired_is_taken_up_again(second: Rig) -> None:
    second.deliver(NINE)
    second.service.clock.forward(8 * 86_400)
    assert taken(second.deliver("2026-11-30T09:00:00Z")) == [1, 2, 3]


def test_one_that_somebody_asked_for_is_seen(second: Rig) -> None:
    second.service.model.order(ASKS)
    asked = second.service.api.post("/dispatch/triage", {"issueNumber": 2}).body
    second.service.api.post(f"/reject/{asked['actionId']}")
    result = second.deliver(NINE)
    assert (taken(result), skipped(result)) == ([1, 3], {2: SEEN})


def test_one_that_is_under_way_is_left_alone(make_rig: Any) -> None:
    rig = make_rig(late=True, **PHASE3)
    for number in (1, 2):
        put(rig.service, number, "status:triage")
    accepted = rig.service.api.post("/dispatch/triage", {"issueNumber": 1}, prefer="respond-async")
    assert accepted.status == 202
    result = rig.deliver(NINE)
    assert (result["status"], taken(result)) == ("accepted", [2])
    assert skipped(result) == {1: "a run for it is under way"}


def test_a_changed_text_is_worked_on_again(second: Rig) -> None:
    second.deliver(NINE)
    for number in (1, 2, 3):
        second.reject(number)
    put(second.service, 2, "status:triage", body="Open a listing without a price, and look at the ranking of the rest.")
    assert taken(second.deliver(TEN)) == [2]


def test_a_run_takes_no_more_than_a_run_may_hold_and_the_next_takes_the_rest(make_rig: Any) -> None:
    rig = make_rig(**PHASE3)
    for number in range(1, 8):
        put(rig.service, number, "status:triage")
    first = rig.deliver(NINE)
    assert (taken(first), skipped(first)) == ([1, 2, 3, 4, 5], {6: PER_RUN, 7: PER_RUN})
    second = rig.deliver(TEN)
    assert (taken(second), skipped(second)) == ([6, 7], {})


def test_what_is_skipped_does_not_use_up_a_runs_places(make_rig: Any) -> None:
    rig = make_rig(MAX_TASKS_PER_RUN="2", **PHASE2)
    for number in range(1, 6):
        put(rig.service, number, "status:triage")
    assert taken(rig.deliver(NINE)) == [1, 2]
    result = rig.deliver(TEN)
    assert (taken(result), skipped(result)) == ([3, 4], {1: WAITS, 2: WAITS, 5: PER_RUN})


def test_a_day_has_a_bound_over_all_its_runs_and_the_next_day_begins_anew(make_rig: Any) -> None:
    rig = make_rig(MAX_TASKS_PER_RUN="2", MAX_SCHEDULED_TASKS_PER_DAY="3", **PHASE3)
    for number in range(1, 8):
        put(rig.service, number, "status:triage")
    day = -rig.service.clock.at // 1000 % 86_400
    rig.service.clock.forward(day)  # midnight, UTC
    assert taken(rig.deliver(NINE)) == [1, 2]
    result = rig.deliver(TEN)
    assert (taken(result), skipped(result)) == ([3], dict.fromkeys(range(4, 8), PER_DAY))
    result = rig.deliver(ELEVEN)
    assert (taken(result), skipped(result)) == ([], dict.fromkeys(range(4, 8), PER_DAY))
    rig.service.clock.forward(86_399)
    assert taken(rig.deliver("2026-11-22T23:59:59Z")) == []
    rig.service.clock.forward(1)
    assert taken(rig.deliver("2026-11-23T00:00:00Z")) == [4, 5]
    rig.service.clock.forward(86_400)
    assert taken(rig.deliver("2026-11-24T00:00:00Z")) == [6, 7]


def test_what_people_ask_for_does_not_count_against_the_day(make_rig: Any) -> None:
    rig = make_rig(MAX_SCHEDULED_TASKS_PER_DAY="1", **PHASE3)
    for number in (1, 2):
        put(rig.service, number, "status:triage")
    assert rig.service.api.post("/dispatch/triage", {"issueNumber": 1}).status == 200
    assert taken(rig.deliver(NINE)) == [2]


def test_an_issue_that_is_closed_or_gone_meanwhile_is_told(second: Rig) -> None:
    """GitHub's lists lag behind: the issue itself is read before it is paid for."""
    app, repository = second.service.app, second.service.repository
    listed = app.github().issues("status:triage", 50)
    repository.close(2)

    class Lagging:
        """The list as it was, everything else as it is."""

        def issues(self, label: str, limit: int) -> Any:
            return listed

        def __getattr__(self, name: str) -> Any:
            return getattr(app.github(), name)

    put_app(second, github=Lagging)
    result = second.deliver(NINE)
    assert (taken(result), skipped(result)) == ([1, 3], {2: "issue 2 is closed"})


def test_one_that_fails_does_not_stop_the_others_and_is_tried_again(make_rig: Any) -> None:
    rig = make_rig(**PHASE3)
    for number in (1, 2, 3):
        put(rig.service, number, "status:triage")
    rig.service.model.order(Order(status=400))
    rig.deliver(NINE)
    [failed] = [number for number in (1, 2, 3) if statuses(rig.service, number) == {"status:triage"}]
    assert taken(rig.deliver(TEN)) == [failed]
    assert statuses(rig.service, failed) == {"status:ready"}


def test_the_repository_is_listed_once_whatever_the_number_of_issues(make_rig: Any) -> None:
    rig = make_rig(**PHASE4)
    for number in (1, 2, 3):
        put(rig.service, number, "status:ready", body=f"Listing {number} has no price: it shows -1.")
        rig.service.model.order(Order(text=brief_answer()))
        put(rig.service, 10 + number, "status:triage")
    assert taken(rig.deliver(NINE, "agent_brief")) == [1, 2, 3]
    assert taken(rig.deliver(NINE)) == [11, 12, 13]
    read = [call.path.rpartition("/")[2] for call in rig.service.github.faults.calls.entries()]
    assert (read.count("HEAD"), read.count("labels")) == (1, 1)


def test_a_run_ends_in_time_and_says_what_it_left(second: Rig) -> None:
    app, clock = second.service.app, second.service.clock
    put(second.service, 4, "status:triage")

    class Slow:
        """Each look at one issue takes 30 seconds of the 120."""

        def issue(self, number: int) -> Any:
            clock.forward(30)
            return app.github().issue(number)

        def __getattr__(self, name: str) -> Any:
            return getattr(app.github(), name)

    put_app(second, github=Slow)
    result = second.deliver(NINE)
    left = "the run's time is over: it waits for the next"
    assert (taken(result), skipped(result)) == ([1, 2, 3], {4: left})
    assert second.recorded(result["runId"])["skipped"] == [{"issue": 4, "why": left}]
    put_app(second, github=app.github)
    assert taken(second.deliver(TEN)) == [4]


# --- deliveries ---------------------------------------------------------------------------------


def test_a_slot_that_is_done_makes_nothing_when_it_comes_again(second: Rig) -> None:
    first = second.deliver(NINE)
    before = second.service.contents()
    again = second.deliver(NINE)
    assert again == {"status": "skipped", "reason": "slot_taken", "runId": first["runId"]}
    assert second.service.contents() == before
    second.service.clock.forward(3 * 86_400)
    assert second.deliver(NINE)["reason"] == "slot_taken"


def test_an_older_slot_that_comes_late_makes_nothing(second: Rig) -> None:
    second.deliver(TEN)
    assert second.deliver(NINE)["reason"] == "slot_taken"
    assert len(second.batches()) == 1


def test_many_deliveries_of_one_slot_at_once_make_one_run(second: Rig) -> None:
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: second.deliver(NINE), range(8)))
    ran = [result for result in results if result["status"] != "skipped"]
    assert len(ran) == 1
    assert {result["runId"] for result in results} == {ran[0]["runId"]}
    assert (len(second.batches()), second.service.asked()) == (1, 3)


def test_a_later_slot_waits_until_the_run_before_it_is_over(second: Rig) -> None:
    """A run that takes longer than its schedule's rate: the next slot makes nothing, and takes nothing from it."""
    within: list[dict[str, Any]] = []
    app = second.service.app
    started = app.start_worker
    assert started is not None

    def start(event: Any) -> None:
        within.append(second.deliver(TEN))
        started(event)

    put_app(second, start_worker=start)
    result = second.deliver(NINE)
    assert within == [{"status": "skipped", "reason": "slot_taken", "runId": result["runId"]}] * 3
    assert taken(result) == [1, 2, 3]
    assert second.deliver(TEN)["skipped"] == [{"issue": number, "why": WAITS} for number in (1, 2, 3)]


def test_a_run_that_died_is_taken_up_by_the_next_delivery_of_its_slot(second: Rig) -> None:
    app = second.service.app
    before: list[Any] = []

    def start(event: Any) -> None:
        before.append(event)
        raise Died

    put_app(second, start_worker=start)
    with pytest.raises(Died):
        second.deliver(NINE)
    assert before
    put_app(second, start_worker=app.start_worker)
    assert second.deliver(NINE)["reason"] == "slot_taken"  # it may still be at it
    second.service.clock.forward(123)
    result = second.deliver(NINE)
    assert result["status"] in ("success", "accepted")
    known = {**skipped(result), **dict.fromkeys(taken(result), "")}
    assert set(known) == {1, 2, 3}
    assert "a run for it is under way" in known.values()  # what had been begun holds its key
    assert second.deliver(NINE)["reason"] == "slot_taken"


def test_a_crash_does_not_let_a_day_have_more_tasks(make_rig: Any) -> None:
    rig = make_rig(MAX_SCHEDULED_TASKS_PER_DAY="2", **PHASE3)
    for number in (1, 2, 3):
        put(rig.service, number, "status:triage")
    rig.service.clock.forward(-rig.service.clock.at // 1000 % 86_400)

    def start(event: Any) -> None:
        raise Died

    put_app(rig, start_worker=start)
    with pytest.raises(Died):
        rig.deliver(NINE)
    rig.service.clock.forward(123)
    result = rig.deliver(NINE)
    assert (taken(result), set(skipped(result).values())) == ([], {PER_DAY})


def test_where_github_cannot_be_read_the_slot_stays_free_for_the_next_delivery(second: Rig) -> None:
    second.service.github.faults.order("issues", Fault(status=500), times=None)
    with pytest.raises(UpstreamUnavailable):
        second.deliver(NINE)
    [refusal] = second.service.api.get("/audit").body["runs"]
    assert (refusal["status"], refusal["code"], refusal["route"]) == (
        "refused",
        "github_unavailable",
        "schedule triage",
    )
    second.service.github.faults.clear()
    assert taken(second.deliver(NINE)) == [1, 2, 3]


# --- what refuses -------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", [{}, PHASE1, {"PHASE": "phase2"}])
def test_a_phase_that_does_not_allow_it_refuses_and_says_so(make_rig: Any, settings: dict[str, str]) -> None:
    rig = make_rig(**settings)
    put(rig.service, 1, "status:triage")
    result = rig.deliver(NINE)
    assert (result["status"], result["error"]["code"]) == ("error", "phase")
    [refusal] = rig.service.api.get("/audit").body["runs"]
    assert (refusal["kind"], refusal["code"], refusal["route"]) == ("refusal", "phase", "schedule triage")
    assert (refusal["principal"], rig.service.asked()) == ("schedule", 0)


@pytest.mark.parametrize("task_type", ["agent_brief", "sprint_plan"])
def test_briefs_and_sprint_plans_are_for_phase4(make_rig: Any, task_type: str) -> None:
    rig = make_rig(PLANNING_ISSUE="300", **PHASE3)
    assert rig.deliver(NINE, task_type)["error"]["code"] == "phase"
    assert rig.deliver(NINE, "qa_plan")["error"]["code"] == "phase"


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"taskType": "triage"},
        {"taskType": "triage", "scheduledAt": "<aws.scheduler.scheduled-time>"},
        {"taskType": "triage", "scheduledAt": 5},
        {"taskType": "deploy", "scheduledAt": NINE},
        {"taskType": ["triage"], "scheduledAt": NINE},
    ],
)
def test_an_event_that_says_neither_task_nor_time_is_dropped(second: Rig, template: Template, event: Any) -> None:
    before = second.service.contents()
    context = new_context(template.functions["ScheduleFunction"], "delivery")
    assert schedule.run(second.service.app, event, context) == {"status": "error"}
    assert second.service.contents() == before


# --- briefs and sprint plans --------------------------------------------------------------------


def test_briefs_are_drafted_for_what_is_ready(make_rig: Any) -> None:
    rig = make_rig(**PHASE4)
    for number, label in ((1, "status:ready"), (2, "status:triage"), (3, "status:ready")):
        put(rig.service, number, label)
    result = rig.deliver(NINE, "agent_brief")
    assert taken(result) == [1, 3]
    assert [len(rig.service.comments(number)) for number in (1, 2, 3)] == [1, 0, 1]
    result = rig.deliver(TEN, "agent_brief")
    assert (taken(result), skipped(result)) == ([], {1: SEEN, 3: SEEN})


def test_a_sprint_plan_is_drafted_under_the_planning_issue(make_rig: Any) -> None:
    rig = make_rig(PLANNING_ISSUE="300", **PHASE4)
    put(rig.service, 300)
    put(rig.service, 1, "status:ready")
    result = rig.deliver(NINE, "sprint_plan")
    assert taken(result) == [300]
    assert len(rig.service.comments(300)) == 1
    [change] = rig.service.api.get("/pending").body["actions"]
    assert (change["actionType"], change["targetId"]) == ("change_labels", 1)
    assert rig.deliver(TEN, "sprint_plan")["tasks"] == []


def test_schedules_of_two_tasks_have_slots_and_days_of_their_own(make_rig: Any) -> None:
    rig = make_rig(MAX_SCHEDULED_TASKS_PER_DAY="1", **PHASE4)
    put(rig.service, 1, "status:triage")
    assert taken(rig.deliver(NINE)) == [1]
    assert taken(rig.deliver(NINE, "agent_brief")) == [1]  # triage has made it ready


def test_a_sprint_plan_without_its_issue_is_refused_and_says_what_to_set(make_rig: Any) -> None:
    rig = make_rig(**PHASE4)
    result = rig.deliver(NINE, "sprint_plan")
    assert "PLANNING_ISSUE" in result["error"]["message"]
    [refusal] = rig.service.api.get("/audit").body["runs"]
    assert refusal["route"] == "schedule sprint_plan"


def test_a_sprint_with_nothing_to_plan_is_skipped_with_its_reason(make_rig: Any) -> None:
    rig = make_rig(PLANNING_ISSUE="300", **PHASE4)
    put(rig.service, 300)
    result = rig.deliver(NINE, "sprint_plan")
    assert (taken(result), skipped(result)) == ([], {300: "there is no issue to plan"})
