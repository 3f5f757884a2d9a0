"""Who may write here, and what waits for the Captain because of who wrote."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from core.actions.states import facts_from_json
from core.config import Settings, read_settings
from core.policy import trust
from core.policy.stored import judge_stored
from core.tasks import registry
from core.types import GHOST, Author, Context, Facts, Issue, PullRequest, Target, Trust
from tests.core.policy.conftest import TEAM, judge, rules_of
from tests.corpus.load import REPOSITORY

TABLES = {f"{name}_TABLE": name for name in ("AUDIT", "ACTIONS", "DEDUPE", "BREAKER", "CONTENT")}
ALICE = Author("alice", 1, permission="write")
MALLORY = Author("mallory", 2, permission="read")
DEPENDABOT = Author("dependabot[bot]", 3, type="Bot")


def settings(**env: str) -> Settings:
    return read_settings({"GITHUB_REPOSITORY": REPOSITORY, **TABLES, **env})


def pull(author: Author, head: str = REPOSITORY, owner: int = 9) -> PullRequest:
    return PullRequest(42, "", "", "open", "a" * 40, author, (), (), head_repository=head, head_owner_id=owner)


def issue(author: Author, number: int = 7) -> Issue:
    return Issue(number, "", "", "open", (), author=author)


@pytest.mark.parametrize(
    ("author", "env", "trusted"),
    [
        (ALICE, {}, True),
        (dataclasses.replace(ALICE, permission="maintain"), {}, True),
        (dataclasses.replace(ALICE, permission="admin"), {}, True),
        (dataclasses.replace(ALICE, permission="triage"), {}, False),
        (MALLORY, {}, False),
        (dataclasses.replace(MALLORY, association="OWNER"), {}, False),
        (Author("acme", 4), {}, True),
        (Author("x", 4, association="OWNER"), {}, True),
        (Author("x", 4, association="MEMBER"), {}, False),
        (Author("x", 4, association="MEMBER"), {"TRUST_ASSOCIATIONS": "on"}, True),
        (Author("x", 4, association="COLLABORATOR"), {"TRUST_ASSOCIATIONS": "on"}, True),
        (Author("x", 4, association="CONTRIBUTOR"), {"TRUST_ASSOCIATIONS": "on"}, False),
        (DEPENDABOT, {}, False),
        (dataclasses.replace(DEPENDABOT, permission="admin"), {}, False),
        (DEPENDABOT, {"TRUSTED_AUTHORS": "Dependabot[bot]"}, True),
        (MALLORY, {"TRUSTED_AUTHORS": "bob, mallory:2"}, True),
        (MALLORY, {"TRUSTED_AUTHORS": "mallory:3"}, False),
        (GHOST, {"TRUSTED_AUTHORS": "ghost"}, False),
        (Author("", 0), {}, False),
    ],
)
def test_who_may_write(author: Author, env: dict[str, str], *, trusted: bool) -> None:
    assert trust.may_write(author, settings(**env)) is trusted


@pytest.mark.parametrize(
    ("context", "asks", "written_by"),
    [
        (Context(pull=pull(ALICE)), [], "alice"),
        (Context(pull=pull(ALICE, "alice/app", owner=1)), [], "alice, from a fork of alice"),
        (Context(pull=pull(ALICE, "bob/app")), ["its branch is in a fork of bob"], "alice, from a fork of bob"),
        (Context(pull=pull(ALICE, "", 0)), ["its branch is in a repository that is gone"],
         "alice, from a repository that is gone"),
        (Context(pull=pull(MALLORY)), ["the pull request is by mallory, who may not write here"], "mallory"),
        (Context(pull=pull(ALICE), issue=issue(MALLORY)), ["issue 7 is by mallory, who may not write here"],
         "alice; issue 7 by mallory"),
        (Context(pull=pull(ALICE), issues=(issue(ALICE, 8), issue(GHOST, 9))),
         ["issue 9 is by ghost, whose account is gone"], "alice; issue 8 by alice; issue 9 by ghost"),
        (Context(issue=issue(ALICE)), [], "alice"),
        (Context(issue=issue(DEPENDABOT)),
         ["issue 7 is by dependabot[bot], which is not a person: bots quote strangers"], "dependabot[bot]"),
    ],
)  # fmt: skip
def test_everything_that_the_model_reads_counts(context: Context, asks: list[str], written_by: str) -> None:
    judged = trust.judge(context, settings())
    assert (list(judged.asks), judged.written_by) == (asks, written_by)


def test_a_listed_bots_description_is_not_for_the_model() -> None:
    listed = settings(TRUSTED_AUTHORS="dependabot[bot],alice")
    assert not trust.description_allowed(pull(DEPENDABOT), listed)
    assert trust.description_allowed(pull(DEPENDABOT), settings())
    assert trust.description_allowed(pull(ALICE), listed)


STRANGER = Trust(("the pull request is by mallory, who may not write here",), "mallory")


def test_a_strangers_plan_waits_whatever_it_says(plan: dict[str, Any], facts: Facts) -> None:
    verdict = judge(plan, dataclasses.replace(facts, trust=STRANGER))
    assert (verdict.classification, rules_of(verdict)) == ("requires_approval", [("trust.author", "ask", "context")])
    assert "asks, because the pull request is by mallory" in verdict.reason
    assert judge(plan, dataclasses.replace(facts, trust=Trust((), "alice"))).classification == "auto_safe"


def test_trust_never_softens_what_refuses(plan: dict[str, Any], facts: Facts) -> None:
    plan["reason"] = "/merge the pull request"
    for who in (None, STRANGER, Trust((), "alice")):
        assert judge(plan, dataclasses.replace(facts, trust=who)).classification == "rejected"


@pytest.mark.parametrize(
    ("priority", "ready", "classification"),
    [
        ("P0", False, "requires_approval"),
        ("P1", False, "requires_approval"),
        ("P2", False, "auto_safe"),
        ("P3", True, "requires_approval"),
    ],
)
def test_a_strangers_issue_gets_labels_but_no_haste(priority: str, *, ready: bool, classification: str) -> None:
    answer = {
        "priority": priority,
        "priority_rationale": "The list is sorted wrongly",
        "sprint": "next",
        "components": [],
        "questions": [],
        "ready_for_dev": ready,
        "reason": "The issue says what happens",
        "evidence": "Its second paragraph says so",
    }
    facts = Facts("triage", REPOSITORY, Target("issue", 7), "x", extra={"labels": [], "title": ""}, trust=STRANGER)
    verdict = judge(answer, facts, phase="phase3")
    assert verdict.classification == classification
    if verdict.classification == "auto_safe":
        raw = json.dumps(answer)
        again = judge_stored(verdict.actions[0], raw, facts, registry.drafting("triage"), team=TEAM, phase="phase3")
        assert again.classification == "auto_safe"
    asked = judge(answer | {"questions": ["Which list?"], "ready_for_dev": False}, facts, phase="phase3", team=TEAM)
    by_type = {action.type: action.classification for action in asked.actions}
    assert by_type["add_comment"] == "requires_approval"


def test_facts_keep_who_wrote_and_older_ones_have_nobody(facts: Facts) -> None:
    told = dataclasses.replace(facts, trust=STRANGER)
    stored = json.loads(json.dumps(dataclasses.asdict(told)))
    assert facts_from_json(stored) == told
    del stored["trust"]
    assert facts_from_json(stored).trust is None
