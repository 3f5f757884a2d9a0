"""One label by all its spellings: no decision about labels differs by how GitHub, a team or a model writes them."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.actions.labels import change_of
from core.context import team
from core.context.labels import Labels
from core.policy.engine import new_labels
from core.policy.transitions import label_faults, outcome_faults
from core.tasks.drafted import label_change
from core.types import Facts, Target
from tests.support.actions import a_comment

Spell = Callable[[str], str]
NORMAL: Final[tuple[Spell, ...]] = (
    partial(unicodedata.normalize, "NFC"),
    partial(unicodedata.normalize, "NFD"),
)
SPELLINGS: Final[tuple[Spell, ...]] = (
    *NORMAL,
    str.lower,
    str.casefold,
    lambda name: "".join(char.swapcase() if char.isascii() else char for char in name),
)
"""What GitHub may take for one: it tells no more than that case does not count."""
spellings = st.lists(st.sampled_from(SPELLINGS), max_size=4)
names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
TEAM: Final = team.load()
DFG: Final = TEAM.taxonomy


def spelled(name: str, ways: list[Spell]) -> str:
    for way in ways:
        name = way(name)
    return name


@given(names, spellings)
def test_no_two_spellings_of_one_label_count_as_two(name: str, ways: list[Spell]) -> None:
    other = spelled(name, ways)
    both = Labels([name, other])
    assert list(both) == [name]
    assert both == Labels([other])
    assert other in Labels([name])
    assert Labels([name]).isdisjoint([other]) is False
    assert Labels([name]) <= Labels([other])
    assert Labels([name]) - [other] == Labels()
    assert list(Labels([name]) & [other]) == list(Labels([name]) | [other]) == [name]
    assert Labels([name]).spelled(other) == name


@given(names, names)
def test_what_no_case_makes_the_same_is_two(one: str, two: str) -> None:
    folded = {unicodedata.normalize("NFD", unicodedata.normalize("NFD", name).casefold()) for name in (one, two)}
    assert len(Labels([one, two])) == len(folded)


@pytest.mark.parametrize(
    ("one", "two"),
    [("status:qa", "status:qa "), ("status:qa", "status-qa"), ("größe", "grosse"), ("é", "e"), ("①", "1"), ("A", "А")],
)
def test_other_names_stay_others(one: str, two: str) -> None:
    assert len(Labels([one, two])) == 2


def test_a_label_is_spelled_as_it_came_first() -> None:
    assert list(Labels(["Status:Ready", "bug", "status:ready"])) == ["Status:Ready", "bug"]
    assert Labels(["Bug"]).spelled("feature") == "feature"
    assert list(Labels(["Status:Ready", "bug"]) & Labels(["status:ready"])) == ["Status:Ready"]


@given(st.data())
def test_no_decision_depends_on_the_spelling(data: st.DataObject) -> None:
    """Random labels of the taxonomy, and the same in any spelling: the same draft, faults, state and standing."""
    known = sorted(DFG.labels)
    some = st.lists(st.sampled_from(known), unique=True, max_size=4)
    before, wanted = data.draw(some), data.draw(some)
    odd = [spelled(label, data.draw(spellings)) for label in before]
    repository = tuple(spelled(label, data.draw(spellings)) for label in known)
    assert decisions(odd, wanted, repository) == decisions(before, wanted, tuple(known))


def decisions(before: list[str], wanted: list[str], repository: tuple[str, ...]) -> tuple[object, ...]:
    """All that is decided of a change of these labels, in the taxonomy's own spelling."""
    told: list[object] = []
    taxonomy, facts = DFG, Facts("triage", "dfg/app", Target("issue", 7), "", labels=repository)
    for part in label_change(facts.target, before, wanted, facts, TEAM, "why"):
        assert set(part.add) <= set(repository)
        change = (part.add, part.remove)
        action = a_comment(
            type="change_labels", payload={"add": list(part.add), "remove": list(part.remove), "before": before}
        )
        whole = change_of(action, before, taxonomy)
        assert [*new_labels(action, facts)] == []
        assert [*new_labels(action, replace(facts, labels=()))] != [] or not part.add
        told += [sorted(taxonomy.labels & names) for names in change]
        told += [taxonomy.state(before, part.add + part.remove), taxonomy.touched(part.add + part.remove)]
        told += [[hit.rule for hit in faults(before, *change, taxonomy)] for faults in (label_faults, outcome_faults)]
        told += [whole.standing(labels) for labels in (before, wanted, [], [*before, *wanted])]
    return tuple(told)
