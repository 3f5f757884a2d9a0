"""Crowds at the real stack. `make prove` runs the long form."""

from __future__ import annotations

from typing import Any

from local.stack import Stack
from tests.prove.judging_crowds import many_approvals_of_one, many_for_one


def test_several_dispatches_of_one_content_are_carried_out_once(stack: Stack, sample: dict[str, Any]) -> None:
    many_for_one(stack, sample, 8)


def test_several_approvals_of_one_action_execute_it_once(stack: Stack, sample: dict[str, Any]) -> None:
    many_approvals_of_one(stack, sample, 12)
