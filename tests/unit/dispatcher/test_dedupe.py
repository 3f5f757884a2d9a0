from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.dispatcher.dedupe import Duplicate, Free, InProgress, claim, judge, storms, task_key
from core.store import Insert, Update
from core.types import Facts, Issue, Prompt, Target
from tests.fakes import pull_request

TARGET = Target("pull_request", 42)
PROMPT = Prompt(
    body=b"{}",
    model="claude-sonnet-5-5",
    max_tokens=10,
    template="T",
    template_hash="t",
    packs={"qa": "p"},
    input_bound=1,
    input_estimate=1,
    facts=Facts("qa_plan", "dfg/app", TARGET, "a" * 40),
)
ISSUE = Issue(100, "Title", "Body", "open", ())


def key(**changes: Any) -> str:
    pull = replace(pull_request(), **changes.pop("pull", {}))
    values: dict[str, Any] = {
        "task_type": "qa_plan",
        "repository": "dfg/app",
        "target": TARGET,
        "pull": pull,
        "issue": ISSUE,
        "prompt": PROMPT,
    } | changes
    return task_key(**values)


def test_the_same_content_has_the_same_key() -> None:
    assert key() == key()


@pytest.mark.parametrize(
    "changes",
    [
        {"task_type": "triage"},
        {"repository": "dfg/api"},
        {"target": Target("pull_request", 43)},
        {"pull": {"head_sha": "b" * 40}},
        {"pull": {"title": "Other"}},
        {"pull": {"body": "Other"}},
        {"issue": None},
        {"issue": replace(ISSUE, body="Other")},
        {"issue": replace(ISSUE, title="Other")},
        {"prompt": replace(PROMPT, template_hash="u")},
        {"prompt": replace(PROMPT, packs={"qa": "q"})},
        {"prompt": replace(PROMPT, model="claude-opus-5-5")},
    ],
)
def test_everything_that_shapes_the_answer_changes_the_key(changes: dict[str, Any]) -> None:
    assert key(**changes) != key()


def test_the_boundary_and_canary_of_a_request_do_not() -> None:
    assert key(prompt=replace(PROMPT, body=b"{...}")) == key()


FLYING = {"key": "k", "runId": "r1", "state": "in_flight", "leaseUntil": 100, "ttl": 1}
DONE = {**FLYING, "state": "done", "expiresAt": 500, "result": '{"status":"success"}'}


def test_nobody_has_the_key() -> None:
    assert judge(None, 0) == Free(None)


def test_a_running_dispatch_holds_the_key_until_its_lease_ends() -> None:
    assert judge(FLYING, 99) == InProgress("r1")
    assert judge(FLYING, 100) == Free(FLYING)


def test_a_finished_one_answers_until_its_window_ends_whether_or_not_ttl_has_deleted_it() -> None:
    assert judge(DONE, 499) == Duplicate("r1", {"status": "success"})
    assert judge(DONE, 500) == Free(DONE)


def test_a_free_key_is_inserted_and_a_stale_one_replaced_only_as_it_was_seen() -> None:
    assert isinstance(claim("t", "k", "r2", Free(None), 200, 9), Insert)
    taken = claim("t", "k", "r2", Free(FLYING), 200, 9)
    assert isinstance(taken, Update)
    assert taken.where == {"runId": "r1", "state": "in_flight", "leaseUntil": 100}


POSTED = {"targetState": "sha1", "at": 1_000_000, "actionId": "a"}


@pytest.mark.parametrize(
    ("record", "head", "now", "expected"),
    [
        (None, "sha1", 1_000_001, False),
        (POSTED, "sha1", 1_000_001, True),
        (POSTED, "sha1", 1_000_000 + 21_599_999, True),
        (POSTED, "sha1", 1_000_000 + 21_600_000, False),
        (POSTED, "sha2", 1_000_001, False),
    ],
)
def test_one_comment_in_six_hours_unless_the_head_has_moved(
    record: dict[str, Any] | None, head: str, now: int, expected: bool
) -> None:
    assert storms(record, head, now, 21_600) is expected
