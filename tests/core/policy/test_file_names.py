"""Names of changed files in a comment: as they are where nothing hides in them, and never so many that it is lost."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest

from core.text.invisible import visible_line
from core.types import Facts
from tests.core.policy.conftest import bodies, judge, rules_of
from tests.support.plans import step

JAVA = tuple(
    "services/checkout-service/src/main/java/com/example/platform/checkout/domain/payment/"
    f"PaymentMethodResolver{number:03}.java"
    for number in range(300)
)


def plan_for(plan: dict[str, Any], *covers: tuple[str, ...], steps: int = 2) -> dict[str, Any]:
    do = "Send the request with a card that has expired and look at what comes back from the gateway."
    item = plan["test_plan"][0] | {"steps": [step(do)] * steps}
    plan["observations"][0]["where"] = "src/app.py" if not covers else covers[0][0][:300]
    return plan | {"test_plan": [item | {"covers": list(paths)} for paths in covers]}


def changing(facts: Facts, *paths: str) -> Facts:
    return dataclasses.replace(facts, changed_paths=paths, extra={**facts.extra, "risky": []})


@pytest.mark.parametrize(
    "path",
    [
        "emoji/👩\u200d💻.ts",
        "family/👨\u200d👩\u200d👧.py",
        "love/❤\ufe0f.md",
        "flags/\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f.ts",
        "src/می\u200cخواهم.py",
        "src/क्\u200dष.py",
        "src/a\u00a0b.py",
        "keys/1\ufe0f\u20e3.ts",
    ],
)
def test_an_ordinary_name_is_shown_as_it_is(path: str, plan: dict[str, Any], facts: Facts) -> None:
    assert visible_line(path) == path
    verdict = judge(plan_for(plan, (path,)), changing(facts, path))
    assert rules_of(verdict) == []
    assert bodies(verdict)[0].count(f"`{path}`") == 2


@pytest.mark.parametrize(
    "path", ["a\u200bb.py", "soft\u00adhyphen.py", "\u202egpj.py", "a\tb.py", "a\n/merge", "a\rb", " a.py", "a\u2028b"]
)
def test_a_name_in_which_something_hides_is_counted(path: str, plan: dict[str, Any], facts: Facts) -> None:
    verdict = judge(plan_for(plan, (path,)), changing(facts, path))
    assert rules_of(verdict) == []
    assert path not in bodies(verdict)[0]
    assert bodies(verdict)[0].count("1 whose names are not shown") == 1


@pytest.mark.parametrize(
    "path", ["closes #12.py", "src/closes #12.py", "fixes #3/a.py", "snapshots/https:/e.example/x.json"]
)
def test_no_name_of_a_file_makes_a_plan_wait(path: str, plan: dict[str, Any], facts: Facts) -> None:
    for covers in ((path,), ("src/app.py",)):
        verdict = judge(plan_for(plan, covers), changing(facts, "src/app.py", path))
        assert (verdict.classification, rules_of(verdict)) == ("auto_safe", [])


def told(body: str) -> dict[str, tuple[int, int]]:
    """How many names the lists at the comment's end show, and how many they count."""
    return {
        line.partition(":**")[0]: (
            len(re.findall(r"(?<=[*,] )\[?`", line)),
            sum(map(int, re.findall(r"(\d+) (?:more )?whose names", line))),
        )
        for line in re.findall(r"- \*\*(.*)", body)
    }


@pytest.mark.parametrize("steps", [1, 8])
def test_many_long_names_cost_no_plan(steps: int, plan: dict[str, Any], facts: Facts) -> None:
    covers = [JAVA[at * 15 : at * 15 + 20] for at in range(12)]
    answer = plan_for(plan, *covers, steps=steps)
    verdict = judge(answer, changing(facts, *JAVA))
    assert (verdict.classification, rules_of(verdict)) == ("auto_safe", [])
    [body] = bodies(verdict)
    assert "Files: 185 of 300 covered" in body
    for name, count in {"Covered": 185, "Not covered": 115}.items():
        shown, counted = told(body)[name]
        assert shown + counted == count
        assert shown > 20


@pytest.mark.parametrize(
    "names",
    [
        tuple("d/" * 2_000 + f"{number}.py" for number in range(17)),
        tuple("d" * 690 + f"{number}.py" for number in range(100)),
        tuple("\ufdfa" * 800 + f"{number}.py" for number in range(30)),
        tuple(f"{number}" + "`" * 2_000 + "x" for number in range(40)),
    ],
    ids=["deep", "long", "normalised", "ticks"],
)
@pytest.mark.parametrize("covered", [False, True])
def test_names_that_are_made_to_be_long_cost_no_plan(
    covered: bool, names: tuple[str, ...], plan: dict[str, Any], facts: Facts
) -> None:
    answer = plan_for(plan, ("src/app.py", *(names[:15] if covered else ())))
    verdict = judge(answer, changing(facts, "src/app.py", *names))
    assert (verdict.classification, rules_of(verdict)) == ("auto_safe", [])
    [body] = bodies(verdict)
    assert "`src/app.py`" in body
    assert body.rpartition("\n")[2].startswith("<!-- dfg-orchestrator")
    of = len(names) + 1
    assert f"Files: {1 + 15 * covered} of {of} covered" in body
    assert sum(map(sum, told(body).values())) == of


def test_a_file_that_nobody_read_is_not_covered(plan: dict[str, Any], facts: Facts) -> None:
    answer = plan_for(plan, ("src/app.py", "src/b.py"))
    verdict = judge(answer, dataclasses.replace(changing(facts, "src/app.py", "src/b.py"), unread=("src/b.py",)))
    [body] = bodies(verdict)
    assert "Files: 1 of 2 covered" in body
    assert told(body)["Not read"] == (1, 0)


def test_a_brief_is_not_lost_to_long_names(facts: Facts) -> None:
    names = tuple("d/" * 2_000 + f"{number}.py" for number in range(20))
    words = "A sentence that says what there is to do."
    brief = {
        "objective": words,
        "context": words,
        "acceptance_criteria": [words],
        "files": list(names),
        "out_of_scope": [],
        "test_notes": [],
        "reason": words,
        "evidence": words,
    }
    verdict = judge(brief, dataclasses.replace(facts, task_type="agent_brief", changed_paths=names))
    assert verdict.classification == "auto_safe"
    assert "16 whose names are not shown" in bodies(verdict)[0]
