"""What the model stand-in drafts about issues: by its rules, the same every time, and fit for the policy."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.types import Context, Prompt, Tree
from local.drafts import draft
from tests.core.policy.conftest import KANBAN, judge
from tests.support.prompt_reading import LARGE, an_issue, built

LONG_ENOUGH = "Open a lot of any house and look at its fees. They are zero, and should be those of the house."


def answered(prompt: Prompt) -> dict[str, Any]:
    """The stand-in's answer, as the model's server makes it of the request's bytes."""
    body = json.loads(prompt.body)
    system = "\n".join(part["text"] for part in body["system"])
    said: dict[str, Any] = json.loads(
        draft(body["messages"][0]["content"][0]["text"], body["output_config"]["format"]["schema"], system)
    )
    return said


def a_triage(title: str, body: str = LONG_ENOUGH) -> dict[str, Any]:
    prompt = built("triage", Context(issue=an_issue(body, title)))
    said = answered(prompt)
    verdict = judge(said, prompt.facts, "phase4")
    assert (verdict.classification, verdict.findings) == ("auto_safe", ())
    return said


@pytest.mark.parametrize(
    ("title", "priority", "sprint"),
    [
        ("The page crashes", "P0", "current"),
        ("Security: tokens in the log", "P0", "current"),
        ("Possible data loss", "P0", "current"),
        ("Fees cannot be seen", "P1", "current"),
        ("Show fees", "P2", "next"),
        ("A typo in the footer", "P3", "backlog"),
    ],
)
def test_telling_words_decide_urgency(title: str, priority: str, sprint: str) -> None:
    said = a_triage(title)
    assert (said["priority"], said["sprint"], said["ready_for_dev"]) == (priority, sprint, True)


@pytest.mark.parametrize(("body", "count"), [("", 1), ("Broken.", 1), (LONG_ENOUGH + " Or not?", 1), ("Why?", 2)])
def test_little_text_or_a_question_leads_to_questions(body: str, count: int) -> None:
    said = a_triage("Show fees", body)
    assert (len(said["questions"]), said["ready_for_dev"]) == (count, False)


def test_components_are_those_that_are_named() -> None:
    assert a_triage("dfg-api answers 500", LONG_ENOUGH + " In dfg-app too, not in dfg-scouting.")["components"] == [
        "dfg-app",
        "dfg-api",
    ]
    prompt = built("triage", Context(issue=an_issue("The checkout fails.")), KANBAN)
    assert answered(prompt)["components"] == ["checkout"]


def test_a_brief_has_the_issues_criteria_and_the_likeliest_files() -> None:
    issue = an_issue("- [ ] Fees are shown\n- [ ] `<b>` is not\n\nSee src/fees.py")
    paths = ("README.md", "src/fees.py", *(f"src/other_{n}.py" for n in range(9)))
    prompt = built("agent_brief", Context(issue=issue, tree=Tree(paths, whole=True)))
    said = answered(prompt)
    assert said["acceptance_criteria"] == ["Fees are shown", "Acceptance criterion 2 of the linked issue"]
    assert (said["files"][0], len(said["files"])) == ("src/fees.py", 5)
    assert judge(said, prompt.facts).classification == "auto_safe"


def a_plan(bodies: Mapping[int, str], capacity: int | None, needs: Mapping[int, tuple[int, ...]]) -> dict[int, str]:
    issues = tuple(an_issue(body, f"Issue {number}", number) for number, body in bodies.items())
    prompt = built(
        "sprint_plan",
        Context(issue=an_issue("", "Sprint", 500), issues=issues),
        capacity=capacity,
        depends_on=needs,
    )
    said = answered(prompt)
    verdict = judge(said, prompt.facts, "phase4")
    assert verdict.findings == ()
    return {item["issue"]: item["sprint"] for item in said["items"]}


def test_a_plan_takes_the_urgent_first_and_what_it_needs_before() -> None:
    bodies = {10: "It crashes.", 11: "A typo.", 12: "It cannot be seen.", 13: "Show it."}
    assert a_plan(bodies, 1, {}) == {10: "current", 12: "next", 13: "next", 11: "backlog"}
    assert a_plan(bodies, 5, {}) == {10: "current", 12: "current", 13: "next", 11: "backlog"}
    assert a_plan(bodies, 5, {10: (13,)})[10] == "next"
    assert set(a_plan(bodies, 0, {}).values()) == {"next", "backlog"}


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.integers(1, 40), st.sampled_from(["crash", "cannot", "typo", "show"]), min_size=1, max_size=20),
    st.one_of(st.none(), st.integers(0, 20)),
    st.dictionaries(st.integers(1, 40), st.lists(st.integers(1, 40), max_size=4).map(tuple), max_size=20),
)
def test_any_capacity_and_any_dependencies_are_kept(
    bodies: dict[int, str], capacity: int | None, needs: dict[int, tuple[int, ...]]
) -> None:
    assert set(a_plan(bodies, capacity, needs)) == set(bodies)


@pytest.mark.parametrize("kind", LARGE)
def test_a_cut_text_is_drafted_about_too(kind: str) -> None:
    issue = an_issue(LARGE[kind], LARGE[kind][:200])
    tree = Tree(tuple(f"src/{n}.py" for n in range(5_000)), whole=True)
    assert set(answered(built("triage", Context(issue=issue)))) > {"priority"}
    assert answered(built("agent_brief", Context(issue=issue, tree=tree)))["files"]


def test_a_schema_that_is_not_known_gets_no_answer() -> None:
    assert "no draft for this kind of task" in draft("x", {"properties": {"haiku": {}}})
    assert "no draft for this kind of task" in draft("x", None)
