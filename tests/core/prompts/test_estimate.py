"""The estimate against counts of the tokenizer that Anthropic published (in `anthropic` 0.34), taken once."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.prompts.tokens import byte_weight, estimate, units

COUNTED = [
    ("我们需要测试这个拍卖列表的功能是否正常工作,", 15),
    ("경매 목록 기능이 정상적으로 작동하는지 테스트해야 합니다. ", 32),
    ("オークションの一覧が正しく表示されることを確認する。", 24),
    ("Нужно проверить, что список аукционов работает правильно. ", 25),
    ("يجب اختبار أن قائمة المزاد تعمل بشكل صحيح. ", 41),
    ("हमें जांचना चाहिए कि नीलामी सूची सही काम करती है। ", 49),
    ("Il faut vérifier que la liste des enchères fonctionne déjà très bien. ", 19),
    ("WE NEED TO TEST THE AUCTION LIST BEHAVIOUR PROPERLY ", 18),
    ("👩‍👩‍👧‍👦🚀✅🇩🇪", 24),
    ("\ufdfa" * 5, 75),
]


@pytest.mark.parametrize(("text", "tokens"), COUNTED)
def test_at_least_what_the_published_tokenizer_counts(text: str, tokens: int) -> None:
    assert tokens <= estimate(text) <= 3 * tokens


def test_never_below_a_quarter_of_the_characters_and_never_above_the_money_bound() -> None:
    for text in ("    return x\n" * 99, " " * 99, "\n" * 99, "{}();" * 99, "0123456789", "Zz" * 50, "日本" * 50):
        assert len(text) / 4 <= estimate(text) <= byte_weight(text)


@settings(deadline=None)
@given(st.text(), st.text())
def test_costs_add_up(first: str, second: str) -> None:
    assert units(first + second) == units(first) + units(second)


@settings(deadline=None)
@given(st.text())
def test_the_money_bound_is_above_the_estimate_and_at_most_four_times_it(text: str) -> None:
    assert estimate(text) <= byte_weight(text) <= 4 * estimate(text)
