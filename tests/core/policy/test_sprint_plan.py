"""What a sprint plan may place where."""

from __future__ import annotations

from typing import Any

import pytest

from core.types import Facts, Target
from tests.core.policy.conftest import KANBAN, bodies, changes, judge, rules_of
from tests.corpus.load import CANARY, REPOSITORY


def items(**places: str) -> list[dict[str, Any]]:
    return [
        {"issue": int(name[1:]), "sprint": sprint, "rationale": f"Because of what {name} gives."}
        for name, sprint in places.items()
    ]


ANSWER: dict[str, Any] = {
    "goal": "Fees are right on all lots.",
    "items": items(_10="current", _11="next", _12="backlog"),
    "risks": ["The source of fees changes."],
    "reason": "Fees come before comfort.",
    "evidence": "Issue ten says that users bid by them.",
}


def facts(capacity: int | None = 2, needs: dict[str, list[int]] | None = None, **labels: list[str]) -> Facts:
    titles = {"10": "Fees are missing", "11": "Dark <b>mode</b>", "12": "Polish"}
    return Facts(
        "sprint_plan",
        REPOSITORY,
        Target("issue", 5),
        target_state="0" * 64,
        canary=CANARY,
        extra={
            "issues": {
                number: {
                    "title": title,
                    "labels": labels.get(f"_{number}", []),
                    "dependsOn": (needs or {}).get(number, []),
                }
                for number, title in titles.items()
            },
            "capacity": capacity,
        },
    )


def test_a_good_plan_is_a_comment_and_one_change_for_each_issue() -> None:
    verdict = judge(ANSWER, facts(_10=["sprint:backlog", "bug"], _11=["sprint:n+1"]), "phase4")
    assert verdict.findings == ()
    assert [action.type for action in verdict.actions] == ["add_comment", "change_labels", "change_labels"]
    assert changes(verdict) == [(10, {"sprint:n"}, {"sprint:backlog"}), (12, {"sprint:backlog"}, set())]
    assert [action.classification for action in verdict.actions] == ["auto_safe", *["requires_approval"] * 2]
    assert [action.target.number for action in verdict.actions] == [5, 10, 12]
    assert verdict.actions[1].reason == "Because of what _10 gives."
    assert len({action.digest for action in verdict.actions}) == 3


def test_the_comment_shows_sprints_needs_and_risks() -> None:
    (body,) = bodies(judge(ANSWER, facts(needs={"11": [10]})))
    assert [line for line in body.split("\n") if line.startswith("#")] == [
        "## 🤖 Sprint Plan",
        "### Current sprint, 1 of 2",
        "### Next sprint, 1",
        "### Backlog, 1",
        "### Risks",
        "### Why this plan",
    ]
    assert "- &#32;`#10` Fees are missing\n" in body
    assert "- &#32;`#11` Dark `<b>mode</b>`\n  Needs `#10`\n\n  **Why:** Because of what" in body


@pytest.mark.parametrize(
    ("places", "capacity", "needs", "found"),
    [
        (items(_10="current", _11="next", _12="next", _99="next"), 2, {}, ["sprint.issue refuse items[3].issue"]),
        (items(_10="current", _11="next", _12="next", _5="next"), 2, {}, ["sprint.issue refuse items[3].issue"]),
        (
            [*items(_10="current", _11="next", _12="next"), *items(_10="next")],
            2,
            {},
            ["sprint.issue refuse items[0].issue", "sprint.issue refuse items[3].issue"],
        ),
        (items(_10="current", _11="next"), 2, {}, ["sprint.left_out ask items"]),
        (items(_10="current", _11="current", _12="next"), 1, {}, ["sprint.capacity refuse items"]),
        (items(_10="current", _11="next", _12="next"), 0, {}, ["sprint.capacity refuse items"]),
        (items(_10="current", _11="current", _12="current"), None, {}, []),
        (items(_10="current", _11="current", _12="current"), 3, {}, []),
        (items(_10="current", _11="next", _12="next"), 3, {"10": [11]}, ["sprint.dependency refuse items[0].sprint"]),
        (items(_10="next", _11="backlog", _12="next"), 3, {"10": [11]}, ["sprint.dependency refuse items[0].sprint"]),
        (items(_10="current", _11="current", _12="next"), 3, {"10": [11], "11": [10], "12": [10, 11]}, []),
        (items(_10="backlog", _11="current", _12="next"), 3, {"10": [11, 12]}, []),
        (items(_10="current", _12="next"), 3, {"10": [11]}, ["sprint.left_out ask items"]),
    ],
)
def test_issues_capacity_and_dependencies_are_kept(
    places: list[dict[str, Any]], capacity: int | None, needs: dict[str, list[int]], found: list[str]
) -> None:
    verdict = judge(ANSWER | {"items": places}, facts(capacity, needs), "phase4")
    assert [" ".join(rule) for rule in rules_of(verdict)] == found
    assert (verdict.classification == "rejected") is any(" refuse " in rule for rule in found)


def test_an_issue_that_is_left_out_is_named_and_keeps_its_labels() -> None:
    verdict = judge(ANSWER | {"items": items(_10="current", _11="next")}, facts(_12=["sprint:n"]))
    assert verdict.classification == "requires_approval"
    assert {number for number, _, _ in changes(verdict)} == {10, 11}
    assert "### Without a place\n\n- &#32;`#12` Polish\n" in bodies(verdict)[0]


def test_two_sprint_labels_become_one() -> None:
    verdict = judge(ANSWER, facts(_10=["sprint:n", "sprint:n+1", "sprint:backlog"]))
    assert changes(verdict)[0] == (10, set(), {"sprint:n+1", "sprint:backlog"})


def test_a_title_that_would_act_is_not_repeated() -> None:
    odd = facts()
    odd.extra["issues"]["11"]["title"] = "See ![x](https://evil.io/x.png)"
    verdict = judge(ANSWER, odd)
    assert verdict.classification == "requires_approval"
    assert "evil" not in bodies(verdict)[0]
    assert "- &#32;`#11`\n" in bodies(verdict)[0]


def test_every_change_is_approved_by_itself() -> None:
    """What moves on one issue says nothing of the others: each binds to its own issue's sprint labels."""
    actions = judge(ANSWER, facts(_10=["sprint:backlog"], _11=["sprint:n"])).actions
    assert len({action.target_state for action in actions}) == len(actions) == 4
    elsewhere = judge(ANSWER, facts(_10=["sprint:backlog", "status:qa"], _11=["sprint:backlog"])).actions
    assert actions[1].target_state == elsewhere[1].target_state
    assert actions[2].target_state != elsewhere[2].target_state


def test_another_teams_sprints() -> None:
    verdict = judge(ANSWER, facts(_10=["some week", "sprint:n"]), team=KANBAN)
    assert changes(verdict) == [
        (10, {"this week"}, {"some week"}),
        (11, {"next week"}, set()),
        (12, {"some week"}, set()),
    ]
