"""The blind comparison: both orders, no names, and a price before."""

from __future__ import annotations

import json

from core.dispatcher.pricing import Usage
from core.dispatcher.reply import Answer, Answered, Reply, Unanswered
from evals.case import Case
from evals.judging import Pair, bound, judge, requests, tally

PULL = {"number": 7, "title": "Totals", "body": None}
CASE = Case(
    "totals", "qa_plan", "made/up", 7, {"pull": PULL, "files": [{"filename": "a.py", "patch": "@@ -1 +1 @@\n-a\n+b"}]}
)
PAIR = Pair(CASE, "the plan of ours", "the plan of theirs")


def text(body: bytes) -> str:
    return str(json.loads(body)["messages"][0]["content"][0]["text"])


def said(better: str) -> Reply:
    answer = json.dumps({"why": "because", "points_1": 3, "points_2": 2, "better": better})
    return Answered(b"", Answer(answer, "end_turn", Usage(1, 1), "judge"))


def prefers(plan: str) -> list[str | None]:
    def send(body: bytes, timeout: float) -> Reply:
        shown = text(body)
        return said("1" if shown.index(plan) < shown.index("===== Plan 2") else "2")

    return [one.winner for one in judge(PAIR, send)]


def test_the_preferred_plan_wins_in_whichever_order() -> None:
    assert prefers("the plan of ours") == ["first"] * 4
    assert prefers("the plan of theirs") == ["second"] * 4


def test_a_judge_who_always_takes_the_first_one_prefers_none() -> None:
    judgements = judge(PAIR, lambda body, timeout: said("1"))
    assert tally(judgements) == {"first": 2, "second": 2, "tie": 0}


def test_no_answer_counts_for_nobody() -> None:
    judgements = judge(PAIR, lambda body, timeout: Unanswered("overloaded", "too busy"))
    assert tally(judgements) == {"first": 0, "second": 0, "tie": 0}


def test_a_request_holds_the_whole_diff_and_both_plans() -> None:
    for _, body in requests(PAIR):
        assert all(part in text(body) for part in ("@@ -1 +1 @@\n-a\n+b", PAIR.first, PAIR.second))


def test_the_price_grows_with_pairs_and_repeats() -> None:
    assert bound([PAIR, PAIR]) == 2 * bound([PAIR]) == bound([PAIR], repeats=4)
