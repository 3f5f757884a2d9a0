"""The table, and what got better or worse."""

from __future__ import annotations

import json

from evals.metrics import UNKNOWN, Metric, compare, read_rows, table


def test_a_table_has_sums() -> None:
    text = table({"a": {"faults": Metric(1, 3, "more"), "words": Metric(400)}, "b": {"faults": UNKNOWN}})
    assert [line.split() for line in text.split("\n")] == [
        ["case", "faults", "words"],
        ["a", "1/3", "400"],
        ["b", "-", "-"],
        ["all", "1/3", "400"],
    ]


def test_worse_is_told_before_better() -> None:
    before = {"a": {"faults": Metric(1, 3, "more"), "false": Metric(0, better="less")}}
    after = {"a": {"faults": Metric(2, 3, "more"), "false": Metric(1, better="less")}}
    assert compare(before, after) == ["worse   a: false 0 → 1", "better  a: faults 1/3 → 2/3"]


def test_what_is_neither_good_nor_bad_is_not_compared() -> None:
    assert compare({"a": {"words": Metric(1)}}, {"a": {"words": Metric(2)}}) == []


def test_cases_come_and_go() -> None:
    assert compare({"a": {}}, {"b": {}}) == ["new     b", "gone    a"]


def test_a_report_is_read_back() -> None:
    rows = {"a": {"faults": Metric(1, 3, "more", details=("F2",))}}
    written = json.dumps({"cases": {name: {k: m.as_json() for k, m in row.items()} for name, row in rows.items()}})
    assert read_rows(json.loads(written)) == rows
