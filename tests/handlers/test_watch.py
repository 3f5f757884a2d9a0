"""What the streams tell the Captain."""

from __future__ import annotations

import base64
import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from botocore.exceptions import ClientError

from core.actions import states
from core.actions.states import Stored
from core.approvals.notices import AT_ONCE
from core.store import Insert, Store, from_item
from handlers.watch import Watcher

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

EVENTS: Final = Path(__file__).resolve().parents[2] / "events"
ACTION: Final = "5f0c1a52-7f43-5d0e-9a6b-0c6f7b1d2e3f"
CONSOLE: Final = "https://api.example/console"


@dataclass
class Topic:
    """A topic that can be down, and the watcher before it."""

    store: Store
    tables: dict[str, str]
    down: bool = False
    sent: list[tuple[str, str]] = field(default_factory=list)
    measured: list[str] = field(default_factory=list)

    def publish(self, subject: str, message: str) -> None:
        if self.down:
            raise ClientError({"Error": {"Code": "InternalError", "Message": ""}}, "Publish")
        self.sent.append((subject, json.loads(message)["default"]))

    def measure(self, name: str, value: int) -> None:
        self.measured.append(name)

    @property
    def watcher(self) -> Watcher:
        tables = {"audit": "audit", "breaker": "breaker", "dedupe": self.tables["DEDUPE_TABLE"]}
        actions = {"actions": self.tables["ACTIONS_TABLE"]}
        return Watcher({**tables, **actions}, self.store, self.publish, self.measure, self.now, CONSOLE)

    def now(self) -> int:
        return 1_795_339_900_000

    def tells(self, event: dict[str, Any]) -> dict[str, Any]:
        """What the watcher answers to an event of these tables."""
        text = json.dumps(event).replace(":table/actions/", f":table/{self.tables['ACTIONS_TABLE']}/")
        return self.watcher(json.loads(text))

    def comes(self, number: int) -> str:
        """An action of that number is written, and its record reaches the watcher. Its id."""
        name = str(uuid.UUID(int=number))
        event = action_record("pending", None, name)
        image = event["Records"][0]["dynamodb"]["NewImage"]
        whole = {key: {"B": base64.b64decode(one["B"])} if "B" in one else one for key, one in image.items()}
        self.store.transact([Insert(self.tables["ACTIONS_TABLE"], from_item(whole))])
        assert self.tells(event) == {"batchItemFailures": []}
        return name


@pytest.fixture
def topic(dynamodb_client: DynamoDBClient, tables: dict[str, str]) -> Topic:
    store = Store(dynamodb_client, sleep=lambda seconds: None, new_id=lambda: str(uuid.uuid4()))
    return Topic(store, tables)


def sample() -> dict[str, Any]:
    """An action that waits, a breaker that opened, an audit event that was removed."""
    event: dict[str, Any] = json.loads((EVENTS / "watch.json").read_text())
    return event


def action_record(state: str, before: str | None, name: str = ACTION) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(json.dumps(sample()["Records"][0]).replace(ACTION, name))
    record["dynamodb"]["NewImage"]["state"]["S"] = state
    if before is not None:
        record["dynamodb"]["OldImage"] = {"state": {"S": before}}
    return {"Records": [record]}


def test_each_of_the_three_streams_is_told(topic: Topic) -> None:
    assert topic.tells(sample()) == {"batchItemFailures": []}
    assert [subject for subject, _ in topic.sent] == [
        "QA plan for pull request #42 waits for approval",
        "Circuit breaker opened",
        "Audit event changed or removed",
    ]
    assert topic.measured == ["AuditTampered"]


def test_a_notice_says_what_waits_why_what_it_cost_until_when_and_where_to_decide(topic: Topic) -> None:
    topic.tells(action_record("pending", None))
    ((_, text),) = topic.sent
    for part in (
        "Repository: acme/widgets\n",
        'Title, by mona, from a fork of mona: "Add a filter for dismissed widgets"\n',
        "Why: trust.author in context: asks, because the pull request is by mona, who may not write here\n",
        "Cost: $0.022458\n",
        "Expires: 2026-11-23T09:30:00.000Z\n",
        f"Look at it: {CONSOLE}#/waiting/{ACTION}\n",
    ):
        assert part in text


@pytest.mark.parametrize("state", ["pending", "failed", "outcome_unknown"])
def test_what_comes_to_wait_is_told_once(topic: Topic, state: str) -> None:
    topic.tells(action_record(state, "executing"))
    topic.tells(action_record(state, state))
    assert len(topic.sent) == 1


@pytest.mark.parametrize("state", ["executing", "executed", "rejected", "expired", "shadowed"])
def test_what_does_not_wait_is_not_told(topic: Topic, state: str) -> None:
    topic.tells(action_record(state, "pending"))
    assert topic.sent == []


def test_a_new_audit_event_is_no_tampering(topic: Topic) -> None:
    record = sample()["Records"][2]
    topic.tells({"Records": [{**record, "eventName": "INSERT"}]})
    assert (topic.sent, topic.measured) == ([], [])


def test_a_changed_audit_event_is_tampering(topic: Topic) -> None:
    record = sample()["Records"][2]
    topic.tells({"Records": [{**record, "eventName": "MODIFY"}]})
    assert topic.measured == ["AuditTampered"]


def test_what_the_topic_did_not_take_comes_again(topic: Topic) -> None:
    topic.down = True
    first = sample()["Records"][0]["dynamodb"]["SequenceNumber"]
    assert topic.tells(sample()) == {"batchItemFailures": [{"itemIdentifier": first}]}
    assert topic.sent == []
    topic.down = False
    topic.tells(sample())
    assert len(topic.sent) == 3


def test_subjects_fit_what_sns_takes(topic: Topic) -> None:
    topic.tells(sample())
    assert all(subject.isascii() and len(subject) <= 100 for subject, _ in topic.sent)


# --- many at once ----------------------------------------------------------------------------


def test_three_are_told_at_once_and_the_rest_in_one_digest(topic: Topic) -> None:
    names = [topic.comes(number) for number in range(1, 11)]
    assert len(topic.sent) == AT_ONCE
    assert topic.watcher.tell_held() == 7
    subject, text = topic.sent[-1]
    assert (subject, len(topic.sent)) == ("7 more wait for the Captain", AT_ONCE + 1)
    assert [name in text for name in names] == [False] * AT_ONCE + [True] * 7
    assert topic.watcher.tell_held() == 0
    topic.comes(11)
    assert len(topic.sent) == AT_ONCE + 2


def test_the_same_record_again_is_told_again_or_held_again_but_is_not_one_more(topic: Topic) -> None:
    for _ in range(2):
        topic.tells(action_record("pending", None))
    assert len(topic.sent) == 2
    for number in range(1, AT_ONCE):
        topic.comes(number)
    assert len(topic.sent) == AT_ONCE + 1


def test_a_digest_that_could_not_be_sent_is_sent_by_the_next_one(topic: Topic) -> None:
    for number in range(1, 6):
        topic.comes(number)
    topic.down = True
    with pytest.raises(ClientError):
        topic.watcher.tell_held()
    topic.down = False
    assert topic.watcher.tell_held() == 2


def test_what_comes_while_a_digest_is_sent_is_in_the_next_one(topic: Topic) -> None:
    for number in range(1, 6):
        topic.comes(number)
    publish = topic.watcher.publish
    late: list[str] = []

    def slow(subject: str, message: str) -> None:
        publish(subject, message)
        late.append(topic.comes(6))

    Watcher(**{**vars(topic.watcher), "publish": slow}).tell_held()
    assert topic.watcher.tell_held() == 1
    assert late[0] in topic.sent[-1][1]


def test_what_was_decided_meanwhile_is_in_no_digest(topic: Topic) -> None:
    names = [topic.comes(number) for number in range(1, 6)]
    table = topic.tables["ACTIONS_TABLE"]
    move = states.move(table, states.Version(names[-1], "pending", ""), "rejected", topic.now())
    assert topic.store.transact([move]) is None
    assert topic.watcher.tell_held() == 1


def test_a_crowd_is_told_three_times_and_nobody_is_forgotten(topic: Topic) -> None:
    with ThreadPoolExecutor(8) as pool:
        names = list(pool.map(topic.comes, range(1, 41)))
    assert len(topic.sent) == AT_ONCE
    assert topic.watcher.tell_held() == 40 - AT_ONCE
    stored = [states.read(topic.store.get(topic.tables["ACTIONS_TABLE"], {"id": name}) or {}) for name in names]
    assert all(isinstance(one, Stored) for one in stored)
    text = "\n".join(text for _, text in topic.sent)
    assert sum(name in text for name in names) == AT_ONCE + 25
    assert "And 12 others" in text
