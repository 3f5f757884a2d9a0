"""Stored runs are judged again: the same bytes, the same verdict, and no effect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from core.audit.content import Content
from core.audit.provenance import code_digest
from core.audit.replay import replay
from core.context import team
from tests.support.audit_reading import exported
from tests.support.dispatching import go
from tests.support.fakes import ASKS, PLAN, World, make_world, message, pull_request, trouble
from tools.replay import judge, read_runs, summary

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

TEAM = team.load()


@pytest.fixture
def world(dynamodb_client: DynamoDBClient, tables: dict[str, str]) -> World:
    world = make_world(dynamodb_client, tables)
    replies = [message(), message(ASKS), message("not json"), message({**PLAN, "general_checks": ["/merge"]})]
    for number, reply in enumerate(replies):
        world.github.pulls[50 + number] = pull_request(50 + number)
        world.model.replies = [reply]
        go(world, 50 + number)
    world.model.replies = [trouble(400)]
    world.github.pulls[60] = pull_request(60)
    go(world, 60)
    return world


def test_every_judged_run_reproduces_its_bytes_and_its_verdict(world: World) -> None:
    sent, posted = len(world.model.received), len(world.writer.sent)
    runs = read_runs(exported(world.app))
    replayed = [replay(run, events, content, TEAM) for run, (events, content) in runs.items()]
    assert sorted(one.result for one in replayed) == ["not judged", "same", "same", "same", "same"]
    assert [one.faults for one in replayed] == [()] * 5
    assert sorted(one.recorded for one in replayed if one.recorded) == [
        "auto_safe",
        "rejected",
        "rejected",
        "requires_approval",
    ]
    assert summary(replayed) == "5 runs: 4 same, 1 not judged"
    assert (len(world.model.received), len(world.writer.sent)) == (sent, posted)


def test_another_verdict_is_told_check_by_check(world: World) -> None:
    runs = read_runs(exported(world.app))
    run, (events, content) = next(
        (run, kept) for run, kept in runs.items() if "answer" in kept[1] and "/merge" in str(kept[1]["answer"].data)
    )
    for event in events:
        if event["type"] == "policy.judged":
            event["data"] = {**event["data"], "classification": "auto_safe", "checks": []}
    replayed = replay(run, events, content, TEAM)
    assert (replayed.result, replayed.recorded, replayed.now) == ("differs", "auto_safe", "rejected")
    assert any("general_checks[0]" in check for check in replayed.appeared)
    assert "1 now refused" in summary([replayed])


@pytest.mark.parametrize("name", ["prompt", "context", "answer"])
def test_bytes_that_are_not_what_was_sent_show(world: World, name: str) -> None:
    run, (events, content) = next((r, k) for r, k in read_runs(exported(world.app)).items() if name in k[1])
    kept = content[name]
    altered = {**content, name: Content(name, kept.data.replace(b"a", b"b", 1), kept.salt)}
    assert f"the stored {name} is not what the event says" in replay(run, events, altered, TEAM).faults


def test_erased_content_is_said(world: World) -> None:
    run, (events, _) = next((r, k) for r, k in read_runs(exported(world.app)).items() if "answer" in k[1])
    assert replay(run, events, {}, TEAM).result == "erased"


def judged_run(world: World) -> tuple[str, list[Any], dict[str, Content]]:
    return next((r, *k) for r, k in read_runs(exported(world.app)).items() if "answer" in k[1])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"templateHash": "0" * 64}, "does not hold the template"),
        ({"packs": {"product": {"version": 1, "sha256": "0" * 64}}}, "does not hold the pack product"),
        ({"model": "claude-opus-5-5"}, "not claude-opus-5-5"),
    ],
)
def test_a_request_made_of_other_parts_than_the_event_names_shows(
    world: World, change: dict[str, Any], words: str
) -> None:
    run, events, content = judged_run(world)
    for event in events:
        if event["type"] == "prompt.stored":
            event["data"] = {**event["data"], **change}
    [fault] = replay(run, events, content, TEAM).faults
    assert words in fault


def test_what_was_refused_for_a_secret_of_our_own_cannot_be_judged_without_it(world: World) -> None:
    run, events, content = judged_run(world)
    for event in events:
        if event["type"] == "policy.judged":
            check = {"rule": "secret.own", "field": "reason", "severity": "refuse", "why": "…"}
            event["data"] = {**event["data"], "classification": "rejected", "checks": [check]}
    replayed = replay(run, events, content, TEAM)
    assert (replayed.result, replayed.faults) == ("not judged", ())
    assert "secret of the service's own" in replayed.why


def test_every_run_names_the_version_and_digest_of_what_made_it(world: World) -> None:
    _, events, _ = judged_run(world)
    data = {event["type"]: event["data"] for event in events}
    assert set(data["run.started"]) >= {"version", "code", "policyVersion", "pricesVersion"}
    assert data["run.started"]["code"] == code_digest()
    stored = data["prompt.stored"]
    assert stored["template"] == "QA plan, template 3."
    assert all(set(pack) == {"version", "sha256"} for pack in stored["packs"].values())


def test_what_altered_events_say_is_not_judged(world: World) -> None:
    run, events, content = judged_run(world)
    assert judge(run, events, content, TEAM).result == "same"
    at = next(number for number, event in enumerate(events) if event["type"] == "policy.judged")
    for data in ({**events[at]["data"], "reason": "another"}, {}, None):
        altered = [*events[:at], {**events[at], "data": data}, *events[at + 1 :]]
        replayed = judge(run, altered, content, TEAM)
        assert (replayed.result, replayed.now) == ("not judged", "")
        assert replayed.faults
    assert judge(run, [{"type": "run.started"}], content, TEAM).faults
