"""A policy that judges otherwise gets a new number: versions.json holds what each says of the corpora, as one digest.

The verdicts with every finding, and the very bytes of the comments: so a change of rules, renderer, schema or plan that
tells is noticed, and one of words in the code is not. `python -m tests.core.test_verdicts` prints the line to record.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

from core.policy.rules import Field, RuleContext, examine
from core.policy.version import NUMBER
from tests.corpus.load import hostile, ordinary
from tools.judge import judge_raw, judge_text
from tools.policy_report import CONTEXT

PLANS: Final = sorted((Path(__file__).parents[1] / "corpus" / "plans").glob("plan_*.json"))
RECORDED: Final = json.loads(Path(__file__).with_name("versions.json").read_text())["verdicts"]


def _plan(path: Path) -> dict[str, Any]:
    """The verdict on a drafted plan, with the fields that plans have got since."""
    plan = json.loads(path.read_text("utf-8")) | {"before_merge": None}
    plan["observations"] = [{"proof": None} | one for one in plan["observations"]]
    covered = dict.fromkeys(file for scenario in plan["test_plan"] for file in scenario["covers"])
    return judge_raw(json.dumps(plan), tuple(covered), "qa_plan", CONTEXT)


def verdicts(texts: int, others: int, plans: int, context: RuleContext = CONTEXT) -> Iterator[Any]:
    """What is said of so many lines of each corpus, from the first: lines that are added later change nothing."""
    for case in (*islice(hostile(), texts), *islice(ordinary(), others)):
        yield judge_text(case.body, context)
        yield [finding.as_json() for finding in examine(Field("step.code", case.body), context)]
    yield from map(_plan, PLANS[:plans])


def digest(texts: int, others: int, plans: int, context: RuleContext = CONTEXT) -> str:
    said = hashlib.sha256()
    for verdict in verdicts(texts, others, plans, context):
        said.update(json.dumps(verdict, sort_keys=True).encode())
    return f"{texts} {others} {plans} {said.hexdigest()[:16]}"


def test_policy_says_of_the_corpora_what_was_recorded_for_its_number() -> None:
    recorded = RECORDED.get(str(NUMBER), "0 0 0 none")
    texts, others, plans, _ = recorded.split()
    assert digest(int(texts), int(others), int(plans)) == recorded, (
        f"policy {NUMBER} judges otherwise than it did (or a line of a corpus was changed, not added): raise NUMBER in "
        "src/core/policy/version.py and add to versions.json, under policy and verdicts, what `python -m "
        "tests.core.test_versions` and `python -m tests.core.test_verdicts` print. Lines that are there stay."
    )


def test_a_rule_that_is_gone_and_a_line_more_in_a_comment_are_noticed() -> None:
    rest = CONTEXT.only({rule.name for rule in CONTEXT.rules} - {"command"})
    assert digest(100, 0, 0) != digest(100, 0, 0, rest)
    [plan] = verdicts(0, 0, 1)
    assert "QA Test Plan" in plan["rendered"]


if __name__ == "__main__":
    print(f'"{NUMBER}": "{digest(len(hostile()), len(ordinary()), len(PLANS))}"')  # noqa: T201
    sys.exit()
