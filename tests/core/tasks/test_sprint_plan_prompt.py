from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.config import MAX_SPRINT_ISSUES
from core.context.visible import said
from core.types import Context, Issue, Prompt, Target
from tests.support.prompt_reading import an_issue, built, section, user_text

PLANNING = an_issue("The aim: fees.", "Sprint 12", 5)


def a_plan(
    *issues: Issue,
    planning: Issue = PLANNING,
    capacity: int | None = None,
    depends_on: Mapping[int, tuple[int, ...]] | None = None,
) -> Prompt:
    return built("sprint_plan", Context(issue=planning, issues=issues), capacity=capacity, depends_on=depends_on)


def needs(prompt: Prompt) -> dict[str, Any]:
    return {number: issue["dependsOn"] for number, issue in prompt.facts.extra["issues"].items()}


def test_planning_issue_and_issues_are_shown_with_their_numbers() -> None:
    prompt = a_plan(an_issue("They are zero.", number=10), an_issue("", "Dark mode", 11))
    assert section(prompt, "planning issue #5") == "Sprint 12\n\nThe aim: fees."
    assert section(prompt, "issue #10") == "Fees are missing\n\nThey are zero."
    assert section(prompt, "issue #11").rstrip() == "Dark mode"


def test_facts_hold_titles_labels_dependencies_and_capacity() -> None:
    prompt = a_plan(an_issue(number=10), an_issue("depends on #10", "Dark mode", 11, ("sprint:n",)), capacity=3)
    assert prompt.facts.extra == {
        "title": "Sprint 12",
        "author": "ghost",
        "issues": {
            "10": {"title": "Fees are missing", "author": "ghost", "labels": [], "dependsOn": []},
            "11": {"title": "Dark mode", "author": "ghost", "labels": ["sprint:n"], "dependsOn": [10]},
        },
        "capacity": 3,
        "capacities": [3],
    }
    assert (prompt.facts.task_type, prompt.facts.target) == ("sprint_plan", Target("issue", 5))


def test_what_is_certain_is_told_before_what_others_wrote() -> None:
    prompt = a_plan(an_issue(number=10), an_issue("depends on #10", number=11), capacity=1)
    assert user_text(prompt).startswith(
        "Write the sprint plan for planning issue #5 of dfg/dfg-app.\n\n"
        "Issues to place: #10, #11.\n"
        "The current sprint takes: 1 issue.\n"
        "Dependencies:\n- #11 needs #10\n\n====="
    )
    assert "The current sprint takes: not given.\nDependencies:\n- none\n" in user_text(a_plan(an_issue(number=10)))


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("depends on #10", [10]),
        ("Depends on: #10", [10]),
        ("- **Depends on:** #10, #12", [10, 12]),
        ("blocked by #10, #12", [10, 12]),
        ("Blocked by #12 and #10.", [10, 12]),
        ("* blocked  by #10", [10]),
        ("depends on #99", []),
        ("depends on #11", []),
        ("depends on #100", []),
        ("depends on 10", []),
        ("It no longer depends on #10", []),
        ("see #10", []),
        ("depends on\n#10", []),
        ("a\r\ndepends on #10\r\nb", [10]),
        ("\n> * blocked by #10\n\n", []),
        ("<!-- depends on #10 -->", []),
        ("\n<!--\ndepends on #10\n-->\n", []),
        ("\n```\ndepends on #10\n```\n", []),
        ("\n    depends on #10\n", []),
        ("depends on `#10`", []),
        ("- [ ] depends on #10", [10]),
        ("- [X] **Blocked by** #10", [10]),
        ("1. depends on GH-10", [10]),
        ("depends on https://github.com/dfg/dfg-app/issues/10, #12", [10, 12]),
        ("depends on <https://github.com/DFG/DFG-App/issues/10>", [10]),
        ("depends on [#10](https://github.com/dfg/dfg-app/issues/10)", [10]),
        ("depends on [the fees](https://github.com/dfg/dfg-app/issues/10)", [10]),
        ("depends on dfg/dfg-app#10", [10]),
        ("depends on other/dfg-app#10", []),
        ("depends on other/dfg-app#10 and #12", [12]),
        ("depends on https://github.com/other/app/issues/10", []),
        ("depends on #12, https://gitlab.com/dfg/dfg-app#10 and x#10", [12]),
        ("depends on https://github.com/dfg/dfg-app/pull/10", []),
    ],
)
def test_dependencies_are_read_from_lines_of_an_issue(line: str, found: list[int]) -> None:
    prompt = a_plan(an_issue(number=10), an_issue(f"Text.\n{line}\nText.", number=11), an_issue(number=12))
    assert needs(prompt) == {"10": [], "11": found, "12": []}


SPLIT = [
    "dep",
    "ends",
    " on #10",
    "<!-- x -->",
    "<!--",
    "-->",
    "\\",
    "`",
    "\n",
    "\r",
    "&#101;",
    "> ",
    "    ",
    "*",
    "\0",
    "<b>",
]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(SPLIT), max_size=12).map("".join))
def test_nobody_says_a_word_that_does_not_stand_in_the_body(body: str) -> None:
    """So a body without the word need not be read as Markdown."""
    assert "depends" in body or "depends" not in said(body)


def test_given_dependencies_are_added_and_only_planned_issues_count() -> None:
    prompt = a_plan(
        an_issue(number=10),
        an_issue("depends on #10", number=11),
        an_issue(number=12),
        depends_on={11: (12, 99), 12: (12,), 98: (10,)},
    )
    assert needs(prompt) == {"10": [], "11": [10, 12], "12": []}


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("Capacity: 5", 5),
        ("Aim\n\n- **Capacity:** 4 issues\nCapacity: 9", 9),
        ("- [x] Capacity: 5", 5),
        ("1. __Capacity__: 5", 5),
        ("<!-- Capacity: 5 -->", None),
        ("```\nCapacity: 5\n```", None),
        ("> Capacity: 5", None),
        ("Capacity: 5\n\n> Capacity: 9\n\n<!--\nCapacity: 8", 5),
        ("`Capacity: 5`", None),
        ("capacity : 0", 0),
        ("Capacity 5", None),
        ("Capacity: 1000", None),
        ("Capacity: -1", None),
        ("Our capacity: 5", None),
        ("", None),
    ],
)
def test_capacity_is_read_from_a_line_of_the_planning_issue(body: str, found: int | None) -> None:
    assert a_plan(an_issue(number=10), planning=an_issue(body, number=5)).facts.extra["capacity"] == found


def test_given_capacity_wins() -> None:
    planning = an_issue("Capacity: 5", number=5)
    assert a_plan(an_issue(number=10), planning=planning, capacity=0).facts.extra["capacity"] == 0


def test_an_issue_read_in_part_is_told_by_its_number() -> None:
    prompt = a_plan(an_issue("word " * 60_000, number=10), an_issue("short", number=11))
    assert prompt.facts.cuts == ("Read in part: 1 of 2 issues (10).",)
    assert section(prompt, "issue #11").endswith("short")


def test_issues_share_the_room_fairly_and_the_planning_issue_takes_two_shares() -> None:
    long = "word " * 60_000
    prompt = a_plan(*(an_issue(long, number=number) for number in (10, 11, 12)), planning=an_issue(long, number=5))
    lengths = [len(section(prompt, f"issue #{number}")) for number in (10, 11, 12)]
    assert max(lengths) < 1.1 * min(lengths)
    assert 1.8 < len(section(prompt, "planning issue #5")) / lengths[0] < 2.2


def test_no_issue_too_many_and_repeated_ones_are_refused() -> None:
    for numbers in ([], [10, 10], range(10, 11 + MAX_SPRINT_ISSUES)):
        with pytest.raises(ValueError, match="1 to 20 different issues"):
            a_plan(*(an_issue(number=number) for number in numbers))
