from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from itertools import product
from typing import get_args

import pytest

from core.actions.states import (
    ATTEMPT_MS,
    QUEUED,
    Draft,
    Stored,
    Version,
    facts_as_json,
    facts_from_json,
    forget,
    insert,
    move,
    read,
)
from core.types import ActionState, Facts, Json, Target
from tests.support.actions import a_comment

STATES: tuple[ActionState, ...] = get_args(ActionState)
ALLOWED = {
    ("pending", "executing"),
    ("pending", "rejected"),
    ("pending", "expired"),
    ("executing", "executed"),
    ("executing", "failed"),
    ("executing", "outcome_unknown"),
    ("executing", "shadowed"),
    ("failed", "executing"),
    ("failed", "rejected"),
    ("failed", "expired"),
    ("outcome_unknown", "executed"),
    ("outcome_unknown", "executing"),
    ("outcome_unknown", "rejected"),
    ("outcome_unknown", "expired"),
    ("outcome_unknown", "superseded"),
}


@pytest.mark.parametrize(("frm", "to"), list(product(STATES, STATES)))
def test_only_the_listed_transitions_have_a_write(frm: ActionState, to: ActionState) -> None:
    if (frm, to) not in ALLOWED:
        with pytest.raises(ValueError, match="does not go"):
            move("t", Version("a", frm, "x"), to, 1)
        return
    write = move("t", Version("a", frm, "x"), to, 1)
    assert write.where == {"state": frm, "attempt": "x"}
    assert ("queue" in write.remove) == (to not in (*QUEUED, "superseded", "executed"))


def stored(state: ActionState, document: list[Json] | None = None) -> Stored:
    facts = Facts("qa_plan", "dfg/app", Target("pull_request", 42), "sha", ("a.py",), ("cut",), "canary", {"risky": []})
    new = Stored(a_comment(document=document), Draft('{"x": "é"}', facts), state, 1000, 6000, "x", 1000, "ci", 7, ())
    return read(insert("t", new).item)


def test_an_action_comes_back_as_it_was_stored() -> None:
    back = stored("pending")
    assert back.action == a_comment()
    assert back.draft.facts.changed_paths == ("a.py",)
    assert back.draft.raw == '{"x": "é"}'


def test_a_dead_attempt_reads_as_outcome_unknown() -> None:
    back = stored("executing")
    assert back.state_at(1000 + ATTEMPT_MS - 1) == "executing"
    assert back.state_at(1000 + ATTEMPT_MS) == "outcome_unknown"


def test_a_decided_action_is_not_in_the_queue() -> None:
    for state in STATES:
        facts = Facts("qa_plan", "dfg/app", Target("pull_request", 1), "s")
        write = insert("t", Stored(a_comment(), Draft("", facts), state, 1, 2, "", 1, "", 0, ()))
        assert ("queue" in write.item) == (state in QUEUED)


NOISE = "".join(hashlib.sha256(bytes([at % 256, at // 256])).hexdigest() for at in range(3_000))


@pytest.mark.parametrize(
    ("document", "kept"),
    [(None, False), ([], True), ([{"type": "codeblock", "text": "é"}], True), ([{"text": NOISE}], False)],
    ids=["none", "empty", "short", "too long"],
)
def test_the_document_of_a_comment_is_kept_while_it_is_small(document: list[Json] | None, kept: bool) -> None:
    back = stored("pending", document)
    assert back.action == a_comment(document=document if kept else None)


def test_a_forgotten_action_has_no_document() -> None:
    assert "document" in forget("t", stored("executed", [])).remove


@pytest.mark.parametrize("labels", [None, (), ("Bug", "prio:P1")])
def test_stored_facts_have_no_field_that_the_release_before_does_not_know(labels: tuple[str, ...] | None) -> None:
    """It would read neither the run nor the queue in which the action waits."""
    facts = Facts("triage", "dfg/app", Target("issue", 7), "sha", extra={"labels": ["bug"]}, labels=labels)
    stored = json.loads(json.dumps(facts_as_json(facts)))
    assert set(stored) <= {
        *("task_type", "repository", "target", "target_state", "changed_paths", "cuts", "canary", "extra", "material"),
        *("unread", "attempts", "trust", "unkept_paths"),
    }
    assert facts_from_json(stored) == replace(facts, extra=dict(facts.extra))
