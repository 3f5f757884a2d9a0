"""POST /webhook/github: signed, taken once, carried out by the worker; strangers and replays do nothing."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import pytest

from core.audit.read import list_runs, read_run
from core.bootstrap import together
from core.canonical import iso
from core.errors import UpstreamUnavailable, WorkerUnavailable
from core.runs.arrow import dispatch
from core.runs.deliveries import KEPT_SECONDS
from core.runs.webhook import OLDEST_MS
from core.store import Delete, Item
from core.types import Author, Json, Target, TaskRequest
from handlers import webhook, worker
from local.child import ROOT
from local.function import new_context
from local.template import Template
from tests.conftest import MakeStack
from tests.support.caller import Caller
from tests.support.fakes import WEBHOOK_SECRET, World, make_world, pull_request
from tests.support.records import Contents, added, contents

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

DELIVERY: Final = "72d3162e-cc78-11e3-81ab-4c9367dc0958"
ON: Final = {"WEBHOOK": "on", "WEBHOOK_ALLOWED": "alice", "PHASE": "phase1"}
MOST: Final = 1_000_000


class Died(BaseException):
    """The worker's process is gone."""


def signed(body: bytes, secret: str = WEBHOOK_SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def label(at: str, login: str = "alice", repository: str = "dfg/app") -> bytes:
    return json.dumps(
        {
            "action": "labeled",
            "number": 42,
            "pull_request": {"number": 42, "state": "open", "updated_at": at},
            "label": {"name": "needs:qa"},
            "repository": {"full_name": repository},
            "sender": {"login": login, "type": "User"},
        }
    ).encode()


def comment(at: str, login: str = "alice", text: str = "/qa-plan") -> bytes:
    return json.dumps(
        {
            "action": "created",
            "comment": {"body": text, "created_at": at, "user": {"login": login}},
            "issue": {"number": 42, "state": "open", "pull_request": {}},
            "repository": {"full_name": "dfg/app"},
            "sender": {"login": login, "type": "User"},
        }
    ).encode()


def opened(at: str, action: str = "opened", **pull: Any) -> bytes:
    return json.dumps(
        {
            "action": action,
            "number": 42,
            "pull_request": {
                "number": 42,
                "state": "open",
                "draft": False,
                "updated_at": at,
                "user": {"login": "contributor", "type": "User"},
                **pull,
            },
            "repository": {"full_name": "dfg/app"},
            "sender": {"login": "contributor", "type": "User"},
        }
    ).encode()


@dataclass
class Hook:
    """The webhook and the worker behind it, on a world of fakes and the real engine."""

    world: World
    template: Template
    client: DynamoDBClient
    tables: dict[str, str]

    def send(
        self,
        body: bytes,
        kind: str = "pull_request",
        *,
        headers: Mapping[str, str | None] | None = None,
        event: Mapping[str, Any] | None = None,
    ) -> tuple[int, Any]:
        """Status and body. `headers` replace GitHub's, None removes one; `event` replaces fields of the event."""
        given = {
            "content-type": "application/json",
            "x-github-event": kind,
            "x-github-delivery": DELIVERY,
            "x-hub-signature-256": signed(body),
            **(headers or {}),
        }
        whole = {
            "version": "2.0",
            "routeKey": "POST /webhook/github",
            "headers": {name: value for name, value in given.items() if value is not None},
            "requestContext": {"requestId": "given-id"},
            **({"body": body.decode(), "isBase64Encoded": False} if body.isascii() else encoded(body)),
            **(event or {}),
        }
        context = new_context(self.template.functions["WebhookFunction"], "request")
        response = webhook.handler.answer(self.world.app, whole, context)
        return response["statusCode"], json.loads(response["body"])

    def ask(self, **options: Any) -> tuple[int, Any]:
        return self.send(label(self.now), **options)

    def work(self, delivery: str = DELIVERY) -> Json:
        """The worker gets the event."""
        context = new_context(self.template.functions["WorkerFunction"], "delivery")
        return worker.run(self.world.app, {"delivery": delivery}, context)

    @property
    def now(self) -> str:
        return iso(self.world.clock.at)

    def contents(self) -> Contents:
        return contents(self.client, self.tables)

    def runs(self, **where: str) -> list[dict[str, Any]]:
        return list_runs(self.world.app, limit=50, start=None, where=where)[0]

    def started(self, run_id: str) -> dict[str, Any]:
        run = read_run(self.world.app, run_id)
        assert run["chain"]["intact"], run["chain"]
        first: dict[str, Any] = run["events"][0]["data"]
        return first


def encoded(body: bytes) -> dict[str, Any]:
    return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}


def error(reply: tuple[int, Any]) -> tuple[int, str]:
    status, body = reply
    return status, body["error"]["code"]


MakeHook = Callable[..., Hook]


@pytest.fixture
def make_hook(dynamodb_client: DynamoDBClient, tables: dict[str, str], template: Template) -> MakeHook:
    def make(*, worker: bool = True, **settings: str) -> Hook:
        world = make_world(dynamodb_client, tables, worker=worker, **{**ON, **settings})
        return Hook(world, template, dynamodb_client, tables)

    return make


@pytest.fixture
def hook(make_hook: MakeHook) -> Hook:
    return make_hook()


# --- asking ------------------------------------------------------------------------------------


def test_a_label_asks_for_a_plan_that_the_worker_posts(hook: Hook) -> None:
    assert hook.ask() == (202, {"status": "accepted", "deliveryId": DELIVERY})
    assert hook.world.started == [DELIVERY]
    assert hook.world.github.posted == []
    result = hook.work()
    assert result["status"] == "success"
    [(number, posted)] = hook.world.github.posted
    assert (number, posted.body.splitlines()[0]) == (42, "## 🤖 QA Test Plan")
    started = hook.started(result["runId"])
    assert (started["trigger"], started["principal"], started["delivery"]) == ("webhook", "github:alice", DELIVERY)
    assert (started["target"], started["linkedIssue"], started["force"]) == (
        {"type": "pull_request", "number": 42},
        None,
        False,
    )


def test_a_comment_asks_for_a_plan_too(hook: Hook) -> None:
    assert hook.send(comment(hook.now), "issue_comment")[0] == 202
    assert hook.work()["status"] == "success"
    assert len(hook.world.github.posted) == 1


def test_a_body_in_base64_is_signed_as_its_bytes(hook: Hook) -> None:
    body = label(hook.now)
    assert hook.send(body, event=encoded(body))[0] == 202


def test_without_a_worker_the_plan_is_posted_at_once(make_hook: MakeHook) -> None:
    hook = make_hook(worker=False)
    assert hook.ask() == (202, {"status": "accepted", "deliveryId": DELIVERY})
    assert len(hook.world.github.posted) == 1
    assert error(hook.ask()) == (409, "conflict")


def test_a_ping_is_answered_and_writes_nothing(hook: Hook) -> None:
    before = hook.contents()
    assert hook.send(b'{"zen": "Keep it logically awesome."}', "ping") == (200, {"status": "ok"})
    assert hook.contents() == before


def test_a_second_ask_for_the_same_content_is_a_duplicate_on_record(hook: Hook) -> None:
    other = str(uuid.uuid4())
    hook.ask()
    first = hook.work()
    hook.world.clock.forward(60)
    assert hook.ask(headers={"x-github-delivery": other})[0] == 202
    second = hook.work(other)
    assert (second["status"], second["runId"]) == ("duplicate", first["runId"])
    assert [run["status"] for run in hook.runs()] == ["duplicate", "success"]
    assert len(hook.world.github.posted) == 1


# --- switched off, forbidden -------------------------------------------------------------------


@pytest.mark.parametrize("settings", [{"WEBHOOK": "off"}, {"WEBHOOK": ""}])
def test_switched_off_there_is_no_such_route(make_hook: MakeHook, settings: dict[str, str]) -> None:
    hook = make_hook(**settings)
    before = hook.contents()
    assert error(hook.ask()) == (404, "not_found")
    assert error(hook.ask(headers={"x-hub-signature-256": None})) == (404, "not_found")
    assert hook.contents() == before


@pytest.mark.parametrize("settings", [{"PHASE": "phase0"}, {"PHASE": "phase2"}])
def test_a_phase_without_it_refuses_whatever_is_signed(make_hook: MakeHook, settings: dict[str, str]) -> None:
    hook = make_hook(**settings)
    before = hook.contents()
    assert error(hook.ask()) == (403, "phase")
    assert error(hook.send(b"{}", "ping")) == (403, "phase")
    assert error(hook.ask(headers={"x-hub-signature-256": "sha256=0"})) == (401, "unauthorized")
    assert hook.contents() == before


def test_what_a_lowered_phase_finds_handed_over_is_refused_on_record(hook: Hook) -> None:
    hook.ask()
    hook.world.app = replace(hook.world.app, settings=replace(hook.world.app.settings, phase="phase0"))
    assert hook.work()["error"]["code"] == "phase"
    [refusal] = hook.runs()
    assert (refusal["kind"], refusal["code"], refusal["principal"]) == ("refusal", "phase", "github:alice")
    assert hook.world.github.posted == []


# --- signatures --------------------------------------------------------------------------------


def unsigned(body: bytes) -> dict[str, str | None]:
    """Name → what stands in place of the signature."""
    sha1 = hmac.new(WEBHOOK_SECRET.encode(), body, hashlib.sha1).hexdigest()
    return {
        "missing": None,
        "empty": "",
        "of other bytes": signed(body + b" "),
        "of the same JSON written otherwise": signed(json.dumps(json.loads(body), indent=1).encode()),
        "with another secret": signed(body, WEBHOOK_SECRET + "x"),
        "with an empty secret": signed(body, ""),
        "in upper case": signed(body).upper(),
        "sha1": f"sha1={sha1}",
        "two of them": f"{signed(body)},{signed(body)}",
        "a wrong one before the right one": f"{signed(b'x')}, {signed(body)}",
        "no text at all": "\ud800",
    }


@pytest.mark.parametrize("name", unsigned(b"{}"))
def test_what_is_not_signed_is_refused_without_detail_and_writes_nothing(hook: Hook, name: str) -> None:
    before = hook.contents()
    body = label(hook.now)
    status, answer = hook.send(body, headers={"x-hub-signature-256": unsigned(body)[name]})
    assert (status, answer["error"]) == (401, {"code": "unauthorized", "message": "unauthorized"})
    assert hook.world.metrics == [("Unauthorized", 1)]
    assert (hook.contents(), hook.world.started) == (before, [])


def test_the_signature_of_sha1_alone_does_not_count(hook: Hook) -> None:
    body = label(hook.now)
    sha1 = hmac.new(WEBHOOK_SECRET.encode(), body, hashlib.sha1).hexdigest()
    headers = {"x-hub-signature": f"sha1={sha1}", "x-hub-signature-256": None}
    assert error(hook.send(body, headers=headers)) == (401, "unauthorized")


@pytest.mark.parametrize("body", [b"not json", b"\xff\xfe", b'{"a": 1, "a": 2}', b"{" * 100_000, b""])
def test_nothing_of_an_unsigned_body_is_looked_at(hook: Hook, body: bytes) -> None:
    assert error(hook.send(body, headers={"x-hub-signature-256": "sha256=00"})) == (401, "unauthorized")


# --- bodies ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"not json",
        b"[]",
        b"\xff\xfe\x00",
        b'{"action": "labeled", "action": "opened"}',
        b'{"action": "created", "comment": {"body": "/qa-plan", "body": "hello"}}',
        b'{"action": "labeled", "label": NaN}',
        b'{"action": "labeled", "label": "\\ud800"}',
        b'{"a":' * 1000 + b"1" + b"}" * 1000,
        b'\xef\xbb\xbf{"action": "labeled"}',
        b'{"action": "labeled"}',
    ],
)
def test_a_signed_body_that_cannot_be_read_is_refused(hook: Hook, body: bytes) -> None:
    before = hook.contents()
    assert error(hook.send(body)) == (400, "bad_request")
    assert hook.contents() == before


def test_a_body_of_a_megabyte_is_read_and_a_byte_more_is_not(hook: Hook) -> None:
    start = label(hook.now)[:-1] + b', "padding": "'
    most = start + b"x" * (MOST - len(start) - 2) + b'"}'
    assert len(most) == MOST
    assert error(hook.send(most + b" ")) == (413, "too_large")
    assert error(hook.send(most + b" ", event=encoded(most + b" "))) == (413, "too_large")
    assert error(hook.send(b"x" * (40 * MOST), headers={"x-hub-signature-256": "?"})) == (413, "too_large")
    assert hook.send(most)[0] == 202


@pytest.mark.parametrize("delivery", [None, "", "5", f"{DELIVERY} ", f"sha256#{DELIVERY}", "x" * 4000])
def test_an_id_that_is_no_uuid_gets_into_no_key(hook: Hook, delivery: str | None) -> None:
    before = hook.contents()
    assert error(hook.ask(headers={"x-github-delivery": delivery})) == (400, "bad_request")
    assert hook.contents() == before


def test_an_id_in_capitals_is_the_same_id(hook: Hook) -> None:
    body = label(hook.now)
    assert hook.send(body, headers={"x-github-delivery": DELIVERY.upper()})[0] == 202
    assert error(hook.send(body)) == (409, "conflict")


def test_a_ping_that_sends_forms_is_told_what_to_set(hook: Hook) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    assert hook.send(b"payload=%7B%7D", "ping", headers=headers)[0] == 400


def test_a_webhook_that_sends_forms_is_told_what_to_set(hook: Hook) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    status, answer = hook.send(b"payload=%7B%7D", headers=headers)
    assert (status, answer["error"]["message"]) == (400, "set the webhook's content type to application/json")


# --- replays -----------------------------------------------------------------------------------


def test_a_delivery_is_taken_once_by_its_id_and_by_its_bytes(hook: Hook) -> None:
    body = label(hook.now)
    assert hook.send(body)[0] == 202
    before = hook.contents()
    other_id = {"x-github-delivery": str(uuid.uuid4())}
    assert error(hook.send(body)) == (409, "conflict")
    assert error(hook.send(body, headers=other_id)) == (409, "conflict")
    assert error(hook.send(comment(hook.now), "issue_comment")) == (409, "conflict")
    assert hook.contents() == before
    assert hook.world.started == [DELIVERY]


def test_what_was_taken_stays_taken_until_it_is_too_old(hook: Hook) -> None:
    body = label(hook.now)
    hook.send(body)
    records = [item for item in hook.contents()["DEDUPE_TABLE"].values() if item["key"].startswith("delivery#")]
    assert len(records) == 2
    for moment in (OLDEST_MS, OLDEST_MS + 60_000, 7 * OLDEST_MS):
        hook.world.clock.at = datetime_ms(json.loads(body)["pull_request"]["updated_at"]) + moment
        assert error(hook.send(body))[0] == (409 if moment <= OLDEST_MS else 400)
        assert all(record["ttl"] > hook.world.clock.at // 1000 for record in records)
    assert KEPT_SECONDS * 1000 > 2 * OLDEST_MS


def datetime_ms(at: str) -> int:
    return int(datetime.fromisoformat(at).astimezone(UTC).timestamp() * 1000)


def test_another_event_name_on_signed_bytes_asks_for_nothing_more(hook: Hook) -> None:
    """Headers are not signed: who has seen a delivery can send it under any name."""
    quiet = json.loads(comment(hook.now))
    del quiet["issue"]
    body = json.dumps({**quiet, "pull_request": {"number": 42, "state": "open", "updated_at": hook.now}}).encode()
    assert hook.send(body, "pull_request_review_comment")[1]["status"] == "ignored"
    assert error(hook.send(body, "issue_comment")) == (400, "bad_request")
    assert hook.send(body, "pull_request")[1]["status"] == "ignored"
    assert hook.world.started == []


def test_of_twenty_at_once_one_is_taken_and_one_plan_posted(hook: Hook) -> None:
    hook.world.app = replace(hook.world.app, together=together)
    body = label(hook.now)
    with ThreadPoolExecutor(20) as threads:
        statuses = Counter(status for status, _ in threads.map(lambda _: hook.send(body), range(20)))
        assert statuses == {202: 1, 409: 19}
        assert hook.world.started == [DELIVERY]
        hook.work()
    assert len(hook.world.github.posted) == 1


def test_of_twenty_ids_for_the_same_bytes_one_is_taken(hook: Hook) -> None:
    body = label(hook.now)
    headers = [{"x-github-delivery": str(uuid.uuid4())} for _ in range(20)]
    with ThreadPoolExecutor(20) as threads:
        statuses = Counter(status for status, _ in threads.map(lambda h: hook.send(body, headers=h), headers))
    assert statuses == {202: 1, 409: 19}
    assert len(hook.world.started) == 1


# --- who may -----------------------------------------------------------------------------------


def test_a_stranger_is_counted_and_writes_nothing(hook: Hook) -> None:
    before = hook.contents()
    for _ in range(3):
        status, answer = hook.send(comment(hook.now, "mallory"), "issue_comment")
        assert (status, answer) == (200, {"status": "ignored", "reason": "not a person of WEBHOOK_ALLOWED"})
    assert hook.world.metrics == [("WebhookStrangers", 1)] * 3
    assert (hook.contents(), hook.world.started) == (before, [])


@pytest.mark.parametrize("text", ["/qa-plan please", "looks good", ""])
def test_other_comments_are_ignored_and_write_nothing(hook: Hook, text: str) -> None:
    before = hook.contents()
    assert hook.send(comment(hook.now, text=text), "issue_comment")[1]["status"] == "ignored"
    assert hook.send(label(hook.now, repository="mallory/app"))[1]["status"] == "ignored"
    assert (hook.contents(), hook.world.started, hook.world.metrics) == (before, [], [])


# --- handing over ------------------------------------------------------------------------------


def test_a_worker_that_cannot_be_started_leaves_the_delivery_free_to_come_again(hook: Hook) -> None:
    app = hook.world.app

    def refuse(event: Json) -> None:
        raise WorkerUnavailable("the worker could not be started; try again")

    before = hook.contents()
    hook.world.app = replace(app, start_worker=refuse)
    assert error(hook.ask()) == (503, "worker_unavailable")
    assert hook.contents() == before
    hook.world.app = app
    assert hook.ask()[0] == 202
    assert hook.work()["status"] == "success"


def test_a_worker_that_began_although_its_start_seemed_to_fail_posts_once(hook: Hook) -> None:
    app = hook.world.app

    def begin_and_lose_the_answer(event: Json) -> None:
        hook.world.app = app
        hook.work(event["delivery"])
        raise WorkerUnavailable("no answer")

    hook.world.app = replace(app, start_worker=begin_and_lose_the_answer)
    assert error(hook.ask()) == (503, "worker_unavailable")
    assert len(hook.world.github.posted) == 1
    assert error(hook.ask()) == (409, "conflict")


def test_a_delivery_that_is_given_back_under_the_workers_hands_is_ended_all_the_same(hook: Hook) -> None:
    hook.ask()
    record = Delete(hook.world.app.settings.dedupe_table, {"key": f"delivery#{DELIVERY}"})
    hook.world.model.before = lambda: hook.world.app.store.transact([record]) and None
    assert hook.work()["status"] == "success"
    assert len(hook.world.github.posted) == 1
    assert hook.work() == {"status": "error"}


def test_without_a_worker_an_unreadable_github_leaves_it_free_to_come_again(make_hook: MakeHook) -> None:
    hook = make_hook(worker=False)
    hook.world.github.reading = UpstreamUnavailable("GitHub does not answer")
    assert error(hook.ask()) == (502, "github_unavailable")
    hook.world.github.reading = None
    assert hook.ask()[0] == 202
    assert sorted(run["status"] for run in hook.runs()) == ["refused", "success"]


def test_a_delivery_that_is_unknown_is_dropped(hook: Hook) -> None:
    before = hook.contents()
    assert hook.work() == {"status": "error"}
    assert hook.contents() == before


# --- the worker, again and again ---------------------------------------------------------------


def test_a_delivery_that_is_done_is_not_done_again(hook: Hook) -> None:
    hook.ask()
    first = hook.work()
    before = hook.contents()
    assert hook.work() == first
    assert hook.contents() == before
    assert (len(hook.world.model.received), len(hook.world.github.posted)) == (1, 1)


def test_a_worker_that_died_over_it_goes_on_with_the_same_run(hook: Hook) -> None:
    hook.ask()

    def die() -> None:
        raise Died

    hook.world.writer.before = die
    with pytest.raises(Died):
        hook.work()
    hook.world.writer.before = lambda: None
    result = hook.work()
    assert len(hook.world.model.received) == 1
    assert [run["runId"] for run in hook.runs(status="success")] == [result["runId"]]
    assert sorted(run["status"] for run in hook.runs()) == ["in_progress", "success"]
    assert len(hook.world.github.posted) <= 1
    assert hook.work() == result


def test_a_worker_that_died_before_the_answer_asks_again_in_the_same_run(hook: Hook) -> None:
    hook.ask()

    def die() -> None:
        raise Died

    hook.world.model.before = die
    with pytest.raises(Died):
        hook.work()
    hook.world.model.before = lambda: None
    assert hook.work()["status"] == "success"
    assert sorted(run["status"] for run in hook.runs()) == ["in_progress", "success"]
    assert len(hook.world.github.posted) == 1


def test_a_run_of_somebody_else_is_left_to_them(hook: Hook) -> None:
    request = TaskRequest("qa_plan", Target("pull_request", 42), None, False, "ci", "api")
    other = dispatch(hook.world.app, request, wait_until=0, deadline=hook.world.clock.at + 10**6)
    hook.ask()
    assert hook.work() == {"status": "in_progress", "runId": other["runId"]}
    assert hook.world.model.received == []


@pytest.mark.parametrize(
    ("state", "number", "code"), [("closed", 42, "conflict"), ("open", 7, "not_found")], ids=["closed", "gone"]
)
def test_what_cannot_be_drafted_is_refused_once_and_on_record(hook: Hook, state: str, number: int, code: str) -> None:
    hook.ask()
    hook.world.github.pulls = {number: pull_request(number, state=state)}
    assert hook.work()["error"]["code"] == code
    assert hook.work()["error"]["code"] == code
    [refusal] = hook.runs()
    assert refusal["route"] == "POST /webhook/github"
    assert (refusal["code"], refusal["principal"]) == (code, "github:alice")
    assert hook.started(refusal["runId"])["delivery"] == DELIVERY


def test_an_unreadable_github_is_told_and_tried_again(hook: Hook) -> None:
    hook.ask()
    hook.world.github.reading = UpstreamUnavailable("GitHub does not answer")
    for _ in range(2):
        with pytest.raises(UpstreamUnavailable):
            hook.work()
    hook.world.github.reading = None
    assert hook.work()["status"] == "success"
    assert Counter(run.get("code", run["status"]) for run in hook.runs()) == {"success": 1, "github_unavailable": 2}


def test_what_is_written_before_the_worker_is_two_records(hook: Hook) -> None:
    before = hook.contents()
    hook.ask()
    [(table, records)] = added(before, hook.contents()).items()
    assert table == "DEDUPE_TABLE"
    assert {key(record) for record in records} == {"delivery#" + DELIVERY, "delivery#sha256#" + digest(hook)}


def key(record: Item) -> str:
    return str(record["key"])


def digest(hook: Hook) -> str:
    return hashlib.sha256(label(hook.now)).hexdigest()


# --- the sample, and all processes -------------------------------------------------------------


def test_the_sample_event_is_taken_by_who_has_its_secret(hook: Hook) -> None:
    sample = json.loads((ROOT / "events" / "webhook.json").read_text())
    world = hook.world
    world.clock.at = sample["requestContext"]["timeEpoch"]
    settings = replace(world.app.settings, repository="dfg-team/dfg")
    world.app = replace(world.app, settings=settings, webhook_secret=lambda: "sample-webhook-secret")
    context = new_context(hook.template.functions["WebhookFunction"], "sample")
    assert webhook.handler.answer(world.app, sample, context)["statusCode"] == 202


def test_through_all_processes_a_label_becomes_a_comment(make_stack: MakeStack, sample: dict[str, Any]) -> None:
    stack = make_stack({**ON, "GITHUB_WEBHOOK_SECRET": WEBHOOK_SECRET})
    stack.repository.load(sample)
    body = label(datetime.now(UTC).isoformat(), repository=sample["repository"])
    headers = {"x-github-event": "pull_request", "x-github-delivery": DELIVERY, "x-hub-signature-256": signed(body)}
    caller = Caller(stack.url, None)
    assert [caller.send("POST", "/webhook/github", body, headers).status for _ in range(2)] == [202, 409]
    assert stack.invoke is not None
    assert stack.invoke.deliveries.wait_for(lambda ended: len(ended) == 1, 60)
    [comment] = stack.repository.comments(42)
    assert comment["body"].startswith("## 🤖 QA Test Plan")
    [run] = stack.client.get("/audit").body["runs"]
    assert (run["principal"], run["status"]) == ("github:alice", "success")


# --- asked without asking ---------------------------------------------------------------------


def test_an_opened_pull_request_asks_for_nothing_unless_it_is_switched_on(hook: Hook) -> None:
    assert hook.send(opened(hook.now)) == (200, {"status": "ignored", "reason": "no event that asks for a plan"})


@pytest.mark.parametrize("action", ["opened", "ready_for_review"])
def test_a_pull_request_of_a_trusted_author_gets_one_plan_in_its_life(action: str, make_hook: MakeHook) -> None:
    hook = make_hook(WEBHOOK_ON_OPEN="on")
    assert hook.send(opened(hook.now, action))[0] == 202
    assert hook.work()["status"] == "success"
    again = hook.send(opened(hook.now, "ready_for_review"), headers={"x-github-delivery": str(uuid.uuid4())})
    assert again == (200, {"status": "ignored", "reason": "a plan was asked for when it was opened"})
    assert len(hook.world.github.posted) == 1


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"draft": True}, "not ready for review"),
        ({"state": "closed"}, "not ready for review"),
        ({"user": {"login": "renovate[bot]", "type": "Bot"}}, "not opened by a person"),
    ],
)
def test_drafts_and_bots_ask_for_nothing(body: dict[str, Any], reason: str, make_hook: MakeHook) -> None:
    hook = make_hook(WEBHOOK_ON_OPEN="on")
    assert hook.send(opened(hook.now, **body)) == (200, {"status": "ignored", "reason": reason})


def test_a_push_never_asks(make_hook: MakeHook) -> None:
    hook = make_hook(WEBHOOK_ON_OPEN="on")
    assert hook.send(opened(hook.now, "synchronize"))[1]["status"] == "ignored"


def test_nothing_is_drafted_unasked_from_what_a_stranger_wrote(make_hook: MakeHook) -> None:
    hook = make_hook(WEBHOOK_ON_OPEN="on")
    hook.world.github.pulls[42] = pull_request(author=Author("mallory", 9, permission="read"))
    assert hook.send(opened(hook.now))[0] == 202
    told = hook.work()
    assert (told["status"], told["reason"]) == ("skipped", "untrusted")
    assert hook.world.model.received == []
