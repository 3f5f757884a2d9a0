from __future__ import annotations

from dataclasses import replace

import pytest

from core.approvals.binding import bind
from core.context import team
from core.policy.approved import digest_of
from core.types import TargetNow
from tests.support.actions import a_comment

OLD, NEW = "a" * 40, "b" * 40
TAXONOMY = team.load().taxonomy


def digest(state: str) -> str:
    return digest_of(replace(ACTION, target_state=state))


ACTION = a_comment(target_state=OLD, classification="requires_approval")
ACTION = replace(ACTION, digest=digest(OLD))


@pytest.mark.parametrize(
    ("state", "if_match", "verdict"),
    [
        (OLD, None, "unmoved"),
        (OLD, digest(OLD), "unmoved"),
        (OLD, digest(NEW), "mismatch"),
        (OLD, "", "mismatch"),
        (OLD, "*", "mismatch"),
        (NEW, None, "moved"),
        (NEW, digest(OLD), "moved"),
        (NEW, digest(NEW), "stale"),
        (NEW, digest("c" * 40), "mismatch"),
    ],
)
def test_what_a_digest_means_on_a_target_as_it_stands(state: str, if_match: str | None, verdict: str) -> None:
    binding = bind(ACTION, TargetNow(True, state), if_match, TAXONOMY)
    assert binding.verdict == verdict
    assert binding.digest == digest(state)


@pytest.mark.parametrize("if_match", [None, digest(OLD), digest(NEW)])
def test_a_closed_target_ends_it_whatever_the_digest(if_match: str | None) -> None:
    assert bind(ACTION, TargetNow(False, OLD), if_match, TAXONOMY).verdict == "closed"


def test_the_message_says_what_moved() -> None:
    assert (
        "pull request 42 has moved from aaaaaaaaaaaa to bbbbbbbbbbbb"
        in bind(ACTION, TargetNow(True, NEW), None, TAXONOMY).message
    )
