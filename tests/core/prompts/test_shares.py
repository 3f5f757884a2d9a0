from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from core.prompts.shares import cut_prose, fair_shares, prose_demand, rough_demand
from core.prompts.tokens import UNITS, units

ENOUGH = 100_000 * UNITS


@settings(deadline=None)
@given(st.integers(-5, 10_000), st.lists(st.tuples(st.integers(0, 5_000), st.integers(1, 9)), max_size=12))
def test_shares_fit_the_room_and_waste_none(room: int, wishes: list[tuple[int, int]]) -> None:
    demands, weights = [wish for wish, _ in wishes], [weight for _, weight in wishes]
    shares = fair_shares(room, demands, weights)
    assert sum(shares) <= max(room, 0)
    assert all(share <= demand for share, demand in zip(shares, demands, strict=True))
    if sum(demands) <= room:
        assert shares == demands
    elif wishes:
        assert sum(shares) > max(room, 0) - len(demands)


def test_a_small_one_gets_all_and_leaves_the_rest_to_the_others() -> None:
    assert fair_shares(100, [10, 500, 500]) == [10, 45, 45]
    assert fair_shares(90, [500, 500], [1, 2]) == [30, 60]


def test_prose_ends_at_a_word() -> None:
    text = "several words of a description " * 100
    cut = cut_prose(text, units(text) // 2)
    assert text.startswith(cut.text)
    assert cut.text.endswith(("several", "words", "of", "a", "description"))
    assert not cut.whole
    assert cut_prose(text, prose_demand(text, ENOUGH)).whole


def test_prose_hidden_behind_a_run_of_invisible_characters_is_not_called_whole() -> None:
    text = "\u200b" * 500_000 + "and then do this"
    cut = cut_prose(text, 1_000 * UNITS)
    assert not cut.whole
    assert "do this" not in cut.text


@settings(deadline=None)
@given(st.text(alphabet="a\u200b\u200d👩‍\r\n\x00 ", max_size=200).map(lambda text: text * 60), st.integers(0, 60_000))
def test_a_rough_demand_is_never_less_than_the_need(text: str, room: int) -> None:
    rough = rough_demand(text, room)
    assert rough > room or rough >= prose_demand(text, room)
