"""The clauses that `make mutate` removes: which are found, and what is left without them."""

from __future__ import annotations

import ast
import contextlib
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from local.child import ROOT
from tests.prove_mutation.clauses import always_true, mutants, never_true
from tests.prove_mutation.mutate import TESTS, find

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

CONDITIONAL_WRITES = {
    "_count",
    "_extension",
    "_leave",
    "_reservation",
    "_set_state",
    "_take",
    "_update",
    "advance",
    "cancel",
    "claim",
    "count_failure",
    "create_if_missing",
    "erase",
    "give_back_lease",
    "hand_over",
    "hold_key",
    "keep_key",
    "leaves",
    "move",
    "observed",
    "passes",
    "release_key",
    "settle",
    "take_lease",
    "unqueue",
}


def without(body: str) -> dict[str, str]:
    """Clause → what stands there without it."""
    source = f"def write():\n    return {body}\n"
    return {m.clause: m.source.removeprefix("def write():\n    return ").strip() for m in mutants("f.py", source)}


def test_each_attribute_of_a_transactions_condition_is_left_out_once() -> None:
    assert without("Update(table, key, change={'a': 1}, where={'x': one, 'y': two})") == {
        "'x' = one": "Update(table, key, change={'a': 1}, where={'y': two})",
        "'y' = two": "Update(table, key, change={'a': 1}, where={'x': one})",
    }


def test_each_clause_of_an_expression_is_made_true_and_keeps_its_names_and_values() -> None:
    assert without("store.update(condition='#a = :a AND #b < :b')") == {
        "#a = :a": "store.update(condition='(#a = :a OR NOT (#a = :a)) AND #b < :b')",
        "#b < :b": "store.update(condition='#a = :a AND (#b < :b OR NOT (#b < :b))')",
    }


def test_each_case_of_an_alternative_is_left_out_too() -> None:
    assert without("store.update(condition='p OR q')") == {
        "p OR q": f"store.update(condition='{always_true('p OR q')}')",
        "p (as one of the cases)": f"store.update(condition='{never_true('p')} OR q')",
        "q (as one of the cases)": f"store.update(condition='p OR {never_true('q')}')",
    }


def test_a_clause_in_parentheses_gets_no_second_ones() -> None:
    """DynamoDB refuses them."""
    assert always_true("(p OR q)") == "((p OR q) OR NOT (p OR q))"
    assert never_true("(p OR q)") == "((p OR q) AND NOT (p OR q))"
    assert always_true("(p) OR (q)") == "((p) OR (q) OR NOT ((p) OR (q)))"


def test_clauses_are_found_at_any_depth() -> None:
    assert without("store.update(condition='p OR (q AND f(#r, (1)))')") == {
        "p OR (q AND f(#r, (1)))": f"store.update(condition='{always_true('p OR (q AND f(#r, (1)))')}')",
        "p (as one of the cases)": f"store.update(condition='{never_true('p')} OR (q AND f(#r, (1)))')",
        "(q AND f(#r, (1))) (as one of the cases)": (
            f"store.update(condition='p OR {never_true('(q AND f(#r, (1)))')}')"
        ),
        "q": f"store.update(condition='p OR ({always_true('q')} AND f(#r, (1)))')",
        "f(#r, (1))": f"store.update(condition='p OR (q AND {always_true('f(#r, (1))')})')",
    }


def test_a_list_of_clauses_loses_each_in_turn_and_keeps_its_fields() -> None:
    [changed] = without("_Change(clauses=[*others, f'#d{n} = :d{n}'])").values()
    clauses = eval(changed, {"_Change": lambda clauses: clauses, "others": ["#a = :a"], "n": 7})  # noqa: S307
    assert clauses == ["#a = :a", always_true("#d7 = :d7")]


@pytest.mark.parametrize("source", ["Insert(table, {'where': 1})", "query(where={'a': 1})", "condition('a AND b')"])
def test_what_is_no_conditional_write_is_left_alone(source: str) -> None:
    assert without(source) == {}


def test_a_condition_that_is_not_written_out_is_told() -> None:
    with pytest.raises(TypeError, match="written out"):
        without("Update(table, key, change={'a': 1}, where=elsewhere)")


def test_every_conditional_write_of_the_core_is_found_and_stays_python() -> None:
    found = find()
    assert {mutant.function for mutant in found} == CONDITIONAL_WRITES
    for mutant in found:
        ast.parse(mutant.source)


def test_every_file_with_a_conditional_write_has_tests_that_know_it() -> None:
    assert set(TESTS) == {mutant.path for mutant in find()}
    for test in {test for tests in TESTS.values() for test in tests}:
        assert (ROOT / test).is_file()


def test_dynamodb_takes_what_is_left_of_every_condition(sdk_client: DynamoDBClient, tables: dict[str, str]) -> None:
    """A condition that it refused would be missed for the wrong reason."""
    left = {condition for mutant in find() for condition in conditions(mutant.source)}
    assert len(left) > 20
    for condition in left:
        names = sorted(set(re.findall(r"#\w+", condition)))
        values = sorted(set(re.findall(r":\w+", condition)))
        with contextlib.suppress(sdk_client.exceptions.ConditionalCheckFailedException):
            sdk_client.update_item(
                TableName=tables["DEDUPE_TABLE"],
                Key={"key": {"S": "of no record"}},
                UpdateExpression="REMOVE #other",
                ConditionExpression=condition,
                ExpressionAttributeNames={**{name: name.strip("#") for name in names}, "#other": "other"},
                **({"ExpressionAttributeValues": {value: {"N": "1"} for value in values}} if values else {}),  # type: ignore[arg-type]
            )


def conditions(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.keyword) and node.arg == "condition" and isinstance(node.value, ast.Constant):
            yield str(node.value.value)
