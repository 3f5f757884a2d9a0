from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.config import read_limits
from core.dispatcher.dedupe import Duplicate, Free, InProgress, claim, judge, task_key
from core.dispatcher.gates import storms
from core.store import Insert, Update
from core.types import Context, Facts, Issue, Pack, Prompt, Target, TaskRequest, Tree
from tests.support.fakes import pull_request

TARGET = Target("pull_request", 42)
PROMPT = Prompt(
    body=b"{}",
    model="claude-sonnet-5-5",
    max_tokens=10,
    template="T",
    template_hash="t",
    packs=(Pack("qa", "text", "p", 1),),
    input_bound=1,
    input_estimate=1,
    facts=Facts("qa_plan", "dfg/app", TARGET, "a" * 40),
)
ISSUE = Issue(100, "Title", "Body", "open", ())


SPRINT = TaskRequest("sprint_plan", Target("issue", 1), None, False, "captain", "api")
PLANNED = Context(issue=ISSUE, issues=(replace(ISSUE, number=5), replace(ISSUE, number=6)))


def key(**changes: Any) -> str:
    """The key of a dispatch; `changes` name a part of the request, the context or the prompt."""
    request: Any = TaskRequest("qa_plan", TARGET, 100, False, "ci", "api")
    request = replace(changes.pop("request", request), **changes.pop("asked", {}))
    pull = replace(pull_request(), **changes.pop("pull", {}))
    context = changes.pop("context", Context(pull=pull, issue=changes.pop("issue", ISSUE)))
    prompt = changes.pop("prompt", PROMPT)
    return task_key(changes.pop("repository", "dfg/app"), request, context, prompt)


def test_the_same_content_has_the_same_key() -> None:
    assert key() == key()


@pytest.mark.parametrize(
    "changes",
    [
        {"asked": {"task_type": "triage"}},
        {"repository": "dfg/api"},
        {"asked": {"target": Target("pull_request", 43)}},
        {"pull": {"head_sha": "b" * 40}},
        {"pull": {"title": "Other"}},
        {"pull": {"body": "Other"}},
        {"issue": None},
        {"issue": replace(ISSUE, body="Other")},
        {"issue": replace(ISSUE, title="Other")},
        {"prompt": replace(PROMPT, template_hash="u")},
        {"prompt": replace(PROMPT, packs=(Pack("qa", "other", "q", 2),))},
        {"prompt": replace(PROMPT, model="claude-opus-5-5")},
    ],
)
def test_everything_that_shapes_the_answer_changes_the_key(changes: dict[str, Any]) -> None:
    assert key(**changes) != key()


@pytest.mark.parametrize(
    "changes",
    [
        {"asked": {"capacity": 3}},
        {"asked": {"depends_on": {5: (6,)}}},
        {"context": replace(PLANNED, issues=PLANNED.issues[:1])},
        {"context": replace(PLANNED, issues=(replace(ISSUE, number=5, body="Other"), PLANNED.issues[1]))},
        {"context": replace(PLANNED, issue=replace(ISSUE, body="Other"))},
    ],
)
def test_what_a_sprint_plan_is_given_changes_its_key(changes: dict[str, Any]) -> None:
    given = {"request": SPRINT, "context": PLANNED}
    assert key(**{**given, **changes}) != key(**given)


def test_files_that_are_shown_change_the_key_and_labels_do_not() -> None:
    tree = Context(issue=ISSUE, tree=Tree(("a.py", "b.py"), whole=True))
    shown = replace(PROMPT, facts=replace(PROMPT.facts, changed_paths=("a.py",)))
    assert key(context=tree, prompt=shown) != key(context=tree)
    assert key(context=Context(issue=replace(ISSUE, labels=("prio:P0",)))) == key(context=Context(issue=ISSUE))


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
    assert storms(record, head, now, read_limits({})) is expected
