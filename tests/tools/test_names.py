from __future__ import annotations

import pytest

from tools.names import faults


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("told = 1", 1),
        ("\ndef read(wanted: int) -> None: ...", 2),
        ("class Told: ...", 1),
        ("read(haystack=1)", 1),
        ("self._all_chances", 1),
        ("_GIVEAWAY = 1", 1),
    ],
)
def test_a_word_that_says_nothing_is_no_name(source: str, line: int) -> None:
    [fault] = faults({"local/x.py": source})
    assert fault.startswith(f"local/x.py:{line}: ")


@pytest.mark.parametrize(
    "source", ['"""What is told."""', 'print("as wanted")', "# told\nx = 1", "unwanted = toldest = 1"]
)
def test_prose_may_have_it(source: str) -> None:
    assert faults({"local/x.py": source}) == []


def test_one_name_is_one_class_in_the_core() -> None:
    both = {"src/core/a.py": "class Step: ...", "src/core/b/c.py": "class Step: ...", "local/a.py": "class Step: ..."}
    assert faults(both) == ["Step: one name for several classes, in src/core/a.py, src/core/b/c.py"]
    assert faults({**both, "src/core/b/c.py": "class Stage: ..."}) == []
