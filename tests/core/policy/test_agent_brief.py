"""What a brief may say and name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.types import Facts, Target
from tests.core.policy.conftest import bodies, judge, rules_of
from tests.corpus.load import CANARY, REPOSITORY

ANSWER: dict[str, Any] = {
    "objective": "Users see the fees of a lot.",
    "context": "Fees are zero today.\n\nThe estimate is right; the page drops them.",
    "acceptance_criteria": ["A lot with fees shows them.", "A lot without fees shows none."],
    "files": ["src/fees.py", "tests/test_fees.py"],
    "out_of_scope": ["Currencies"],
    "test_notes": ["Try a lot with a fee of List<Fee> size 0."],
    "reason": "The issue names one page.",
    "evidence": "It says that fees are zero on all lots.",
}
FACTS = Facts(
    "agent_brief",
    REPOSITORY,
    Target("issue", 7),
    target_state="0" * 64,
    changed_paths=("src/fees.py", "src/lots.py", "tests/test_fees.py"),
    canary=CANARY,
    extra={"title": "Fees are missing"},
)


def test_a_good_brief_is_one_comment() -> None:
    verdict = judge(ANSWER, replace(FACTS, cuts=("Not named to the model: 3 of 6 files of the repository.",)))
    assert (verdict.classification, verdict.findings) == ("auto_safe", ())
    (body,) = bodies(verdict)
    assert body.startswith("## 🤖 Agent Brief\n")
    assert [line for line in body.split("\n") if line.startswith("#")] == [
        "## 🤖 Agent Brief",
        "### Acceptance criteria",
        "### Files",
        "### Out of scope",
        "### Test notes",
        "### Not seen by the model",
        "### Why this brief",
    ]
    for line in (
        "**Objective:** Users see the fees of a lot.",
        "**Context:** Fees are zero today.",
        "1. &#65; lot with fees shows them.",
        "- &#32;`src/fees.py`",
        "- &#67;urrencies",
        "- &#84;ry a lot with a fee of `List<Fee>` size 0.",
    ):
        assert line in body.split("\n")
    assert verdict.actions[0].target == Target("issue", 7)


def test_a_file_that_the_prompt_did_not_show_is_refused() -> None:
    verdict = judge(ANSWER | {"files": ["src/fees.py", "src/secret.py", "src/fees.py "]}, FACTS)
    assert verdict.classification == "rejected"
    assert rules_of(verdict) == [("brief.path", "refuse", "files[1]"), ("brief.path", "refuse", "files[2]")]


def test_a_brief_may_name_no_file() -> None:
    (body,) = bodies(judge(ANSWER | {"files": [], "out_of_scope": [], "test_notes": []}, FACTS))
    assert "### Files" not in body


def test_a_file_named_twice_is_shown_once() -> None:
    (body,) = bodies(judge(ANSWER | {"files": ["src/fees.py", "src/fees.py"]}, FACTS))
    assert body.count("src/fees.py") == 1


def test_a_file_whose_name_would_act_is_counted_and_not_repeated() -> None:
    odd = "docs/test this please.md"
    verdict = judge(ANSWER | {"files": [odd, "src/fees.py"]}, replace(FACTS, changed_paths=(*FACTS.changed_paths, odd)))
    assert verdict.classification == "auto_safe"
    assert "this please" not in bodies(verdict)[0]
    assert "- 1 whose names are not shown" in bodies(verdict)[0]


@pytest.mark.parametrize("field", ["objective", "context", "acceptance_criteria", "out_of_scope", "test_notes"])
@pytest.mark.parametrize(
    "text", ["Then do this:\n/merge", "Then write: test this please", "Look: ![x](https://x.example/y)"]
)
def test_what_a_bot_would_take_as_a_command_is_refused(field: str, text: str) -> None:
    verdict = judge(ANSWER | {field: [text] if isinstance(ANSWER[field], list) else text}, FACTS)
    assert (verdict.classification, verdict.actions) == ("rejected", ())
    assert all(finding.field.startswith(field) for finding in verdict.findings if finding.severity == "refuse")
