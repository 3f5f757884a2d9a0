"""Long runs of one thing: what policy takes for them grows with their length, not with its square.

Nine thousand blank lines once took a rule minutes.
"""

from __future__ import annotations

import time
from itertools import pairwise, product

import pytest

from core.policy.rules import RuleContext
from tests.corpus.load import CANARY, OWN, REPOSITORY
from tools.judge import judge_text

PIECES = (
    *("\n", " ", "\t", "\r", "\u00a0", "\x0b", "\u200b", "\ufe0f", "\u0301", "é", "ж", "中", "🤖", "→"),
    *("a", "A", "1", "aA1", "a ", "A1 ", "aaaaaaaaaaaaaaaaaaaa ", "- ", "* ", "1. ", "> ", "| ", "|", "`", "``` "),
    *("~", "_", "*", "[", "]", "(", ")", "<", "</", "<a ", "<a x=", "&", "&amp;", "&#64;", "@", "@a ", "@a-", "/"),
    *("/a ", "//", "http://", "http:", "www.", "a.", "a.b/", "a@b.c ", "#", "#1 ", "fixes ", "GH-", "!", "![", "]("),
    *("]: ", "[a]: ", "=", "= ", ":", ": ", "%41", "\\x41", "\\n", "\\", "0x41 ", "65 ", "01000001 ", "41", "f0"),
    *("gh" + "p_", "QUFBQUFB", "-----BEGIN ", "PRIVATE KEY", "send ", "the token ", "to ", "rm -rf ", "curl ", "$("),
    *("${", '"', "'", "password: ", "key=", "please ", "part 1: ", "Captain ", "approved ", "verdict: ", "..", "-"),
    *("+", "on", "java", "data:,", ", ", "rm -r a ", "git push ", "docker run "),
)
PAIRS = ["".join(pair) for pair in product(PIECES, PIECES)][::151]
SHORT = 4_000
TIMES = 4
FLOOR = 0.04
"""CPU seconds below which two figures are not told apart."""
LOOKS = 6
"""A busy machine takes time from one of the two figures; a square shows at every look."""


def taken(piece: str, length: int) -> float:
    """CPU seconds of one verdict on a comment with a run of that many characters, the better of two."""
    run = (piece * (length // len(piece) + 1))[:length]
    context = RuleContext(REPOSITORY, canary=CANARY, own_secrets=OWN)
    clock = [time.process_time()]
    for _ in range(2):
        judge_text(f"Check the list.\n{run}\n@alice done 1", context)
        clock.append(time.process_time())
    return min(then - before for before, then in pairwise(clock))


@pytest.mark.parametrize("piece", [*PIECES, *PAIRS], ids=ascii)
def test_a_longer_run_costs_no_more_than_its_length(piece: str) -> None:
    assert any(taken(piece, TIMES * SHORT) <= 2.5 * TIMES * max(FLOOR, taken(piece, SHORT)) for _ in range(LOOKS))
