"""What the streams tell the Captain."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest
from botocore.exceptions import ClientError

from handlers.watch import Watcher

EVENTS: Final = Path(__file__).resolve().parents[2] / "events"
ACTION: Final = "5f0c1a52-7f43-5d0e-9a6b-0c6f7b1d2e3f"


@dataclass
class Topic:
    """A topic that can be down."""

    down: bool = False
    sent: list[tuple[str, str]] = field(default_factory=list)
    measured: list[str] = field(default_factory=list)

    def publish(self, subject: str, text: str) -> None:
        if self.down:
            raise ClientError({"Error": {"Code": "InternalError", "Message": ""}}, "Publish")
        self.sent.append((subject, text))

    def measure(self, name: str, value: int) -> None:
        self.measured.append(name)

    @property
    def watcher(self) -> Watcher:
        return Watcher({"audit": "audit", "actions": "actions", "breaker": "breaker"}, self.publish, self.measure)


def sample() -> dict[str, Any]:
    """An action that waits, a breaker that opened, an audit event that was removed."""
    event: dict[str, Any] = json.loads((EVENTS / "watch.json").read_text())
    return event


def action_record(state: str, before: str | None) -> dict[str, Any]:
    record: dict[str, Any] = sample()["Records"][0]
    record["dynamodb"]["NewImage"]["state"]["S"] = state
    if before is not None:
        record["dynamodb"]["OldImage"] = {"state": {"S": before}}
    return {"Records": [record]}


def test_each_of_the_three_streams_is_told() -> None:
    topic = Topic()
    assert topic.watcher(sample()) == {"batchItemFailures": []}
    assert [subject for subject, _ in topic.sent] == [
        "qa_plan pending",
        "Circuit breaker opened",
        "Audit event changed or removed",
    ]
    assert topic.measured == ["AuditTampered"]


def test_a_notice_names_the_action_and_how_to_decide() -> None:
    topic = Topic()
    topic.watcher(action_record("pending", None))
    ((_, text),) = topic.sent
    assert f"POST /approve/{ACTION}" in text
    assert "pull request acme/widgets#42" in text


@pytest.mark.parametrize("state", ["pending", "failed", "outcome_unknown"])
def test_what_comes_to_wait_is_told_once(state: str) -> None:
    topic = Topic()
    topic.watcher(action_record(state, "executing"))
    topic.watcher(action_record(state, state))
    assert len(topic.sent) == 1


@pytest.mark.parametrize("state", ["executing", "executed", "rejected", "expired", "shadowed"])
def test_what_does_not_wait_is_not_told(state: str) -> None:
    topic = Topic()
    topic.watcher(action_record(state, "pending"))
    assert topic.sent == []


def test_a_new_audit_event_is_no_tampering() -> None:
    topic = Topic()
    record = sample()["Records"][2]
    topic.watcher({"Records": [{**record, "eventName": "INSERT"}]})
    assert (topic.sent, topic.measured) == ([], [])


def test_a_changed_audit_event_is_tampering() -> None:
    topic = Topic()
    record = sample()["Records"][2]
    topic.watcher({"Records": [{**record, "eventName": "MODIFY"}]})
    assert topic.measured == ["AuditTampered"]


def test_what_the_topic_did_not_take_comes_again() -> None:
    topic = Topic(down=True)
    first = sample()["Records"][0]["dynamodb"]["SequenceNumber"]
    assert topic.watcher(sample()) == {"batchItemFailures": [{"itemIdentifier": first}]}
    assert topic.sent == []


def test_subjects_fit_what_sns_takes() -> None:
    topic = Topic()
    topic.watcher(sample())
    assert all(subject.isascii() and len(subject) <= 100 for subject, _ in topic.sent)
