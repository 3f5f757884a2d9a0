"""One JSON object, each key once, nothing repaired; and why not, in our own words."""

from __future__ import annotations

import json

import pytest

from core.text.strict_json import Fault, read

DEEP = '{"a":' * 16 + "1" + "}" * 16


@pytest.mark.parametrize(
    ("raw", "path", "why"),
    [
        ('{"a": 1, "a": 2}', "", "the key 'a' appears twice"),
        ('{"z": 1, "z": 2}', "", "a key appears twice"),
        ('{"a": {"z": 1, "\\u007a": 2}}', "", "a key appears twice"),
        ('{"a": NaN}', "", "not JSON at line 1 column 7"),
        ('{"a": -Infinity}', "", "not JSON"),
        ('{"a": [1, 1e999]}', "a[1]", "holds a number without end"),
        ('{"a": {"z": -1e999}}', "a.<unknown field>", "holds a number without end"),
        (f'{{"a": {"9" * 5_000}}}', "", "holds a number of absurd length"),
        ('{"a": ["x", "\\ud800"]}', "", "holds half of a surrogate pair"),
        ('{"a": {"\\udc00": 1}}', "", "holds half of a surrogate pair"),
        ('{"a": "\ud800"}', "", "holds half of a surrogate pair"),
        ('{"a": 1} x', "", "text follows the JSON value"),
        ('{"a": 1}{"a": 1}', "", "text follows the JSON value"),
        ("[1]", "", "not a JSON object"),
        ("null", "", "not a JSON object"),
        ("", "", "not JSON"),
        ('{"a": 1,}', "", "not JSON"),
        ("{'a': 1}", "", "not JSON"),
        ('{"a": "\x01"}', "", "not JSON"),
        ('\ufeff{"a": 1}', "", "begins with a byte order mark"),
        ('\u00a0{"a": 1}', "", "not JSON"),
        (f'{{"a": {DEEP}}}', "", "nested deeper than 16 levels"),
        ("[" * 100_000 + "]" * 100_000, "", "nested deeper than 16 levels"),
        (b'{"a": "\xff"}', "", "not UTF-8 at byte 7"),
        (b'{"a": "\xed\xa0\x80"}', "", "not UTF-8"),
        ('{"a": "' + "x" * 262_144 + '"}', "", "longer than 262144 bytes"),
        ('{"a": "' + "é" * 140_000 + '"}', "", "longer than 262144 bytes"),
    ],
)
def test_fault_has_a_path_and_a_reason(raw: str | bytes, path: str, why: str) -> None:
    fault = read(raw, {"a"})
    assert isinstance(fault, Fault)
    assert (fault.path, fault.why[: len(why)]) == (path, why)


@pytest.mark.parametrize(
    "value", [{}, {"a": [1, -2.5, True, None, "é\n👩"]}, {"a": "[" * 100}, json.loads(DEEP), {"a": 10**60}]
)
def test_what_is_json_is_read_as_it_is(value: object) -> None:
    assert read(f" {json.dumps(value)}\n") == value
    assert read(json.dumps(value, ensure_ascii=False).encode()) == value


def test_numbers_keep_their_type() -> None:
    value = read('{"a": 1, "b": 1.0}')
    assert isinstance(value, dict)
    assert [type(number) for number in value.values()] == [int, float]
