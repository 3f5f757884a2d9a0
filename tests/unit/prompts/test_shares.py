from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from core.prompts.estimate import UNITS, units
from core.prompts.patches import cut_patch
from core.prompts.shares import LONG_LINE, cut_lines, cut_prose, fair_shares, lines_demand, prose_demand, rough_demand

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


def test_lines_are_kept_whole() -> None:
    text = "first line\nsecond line\nthird line"
    cut = cut_lines(text, units("first line\nsecond line\n") + 5)
    assert (cut.text, cut.shown, cut.total, cut.whole) == ("first line\nsecond line", 2, 3, False)
    assert cut_lines(text, lines_demand(text, ENOUGH)).whole


def test_a_line_of_data_is_shortened_and_not_called_whole() -> None:
    cut = cut_lines("+" + "x" * 100_000 + "\n+next", ENOUGH)
    assert "(a line of 100,001 characters)" in cut.text
    assert "+next" in cut.text
    assert len(cut.text) < LONG_LINE + 60
    assert not cut.whole


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


def hunk(start: int, lines: int) -> str:
    return f"@@ -{start},0 +{start},{lines} @@\n" + "".join(f"+line {start + i}\n" for i in range(lines))


def test_a_cut_patch_shows_something_of_each_large_hunk() -> None:
    text = (hunk(1, 100) + hunk(500, 100) + hunk(900, 100)).removesuffix("\n")
    cut = cut_patch(text, units(text) // 3)
    for start in (1, 500, 900):
        assert f"+line {start}\n" in cut.text + "\n"
    assert "lines not shown)" in cut.text
    assert units(cut.text) <= units(text) // 3


def test_a_licence_header_goes_first() -> None:
    licence = "+/*\n+Copyright 2025 Somebody\n+Licensed under some licence\n+*/\n"
    text = f"@@ -0,0 +1,104 @@\n{licence}" + "".join(f"+code {i}\n" for i in range(100)).removesuffix("\n")
    cut = cut_patch(text, units(text) // 2)
    assert "Copyright" not in cut.text
    assert "+code 0" in cut.text
    assert "Copyright" in cut_patch(text, ENOUGH).text


def test_code_after_a_comment_is_not_taken_for_a_licence() -> None:
    text = "@@ -0,0 +1,9 @@\n+/* copyright */ steal();\n" + "+code\n" * 200
    assert "steal()" in cut_patch(text, units(text) // 2).text


@settings(deadline=None)
@given(st.text(alphabet="@ +-a\n\r\u200b\ufdfa/*c", max_size=400), st.integers(-10, 3_000))
def test_a_cut_never_passes_its_room_and_counts_its_lines(text: str, room: int) -> None:
    cut = cut_patch(text, room)
    assert units(cut.text) <= max(room, 0)
    assert 0 <= cut.shown <= cut.total
    marked = sum(
        int(line.split()[0][1:].replace(",", "")) for line in cut.text.split("\n") if line.endswith("lines not shown)")
    )
    assert not cut.shown or cut.to_the_end or marked + cut.shown in (cut.total, cut.total - 1)


@settings(deadline=None)
@given(st.text(alphabet="a\u200b\u200d👩‍\r\n\x00 ", max_size=200).map(lambda text: text * 60), st.integers(0, 60_000))
def test_a_rough_demand_is_never_less_than_the_need(text: str, room: int) -> None:
    rough = rough_demand(text, room)
    assert rough > room or rough >= prose_demand(text, room)
