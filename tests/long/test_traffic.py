"""What `make bench` counts on the wire, for both sides."""

from __future__ import annotations

from bench.traffic import measure
from bench.yard import Yard


def test_both_are_counted_on_the_wire() -> None:
    with Yard() as yard:
        counted = measure(yard)
    assert counted["ours", "health"].requests == counted["naive", "health"].requests == 1
    assert counted["ours", "a comment, inline"].requests < counted["naive", "a comment, inline"].requests / 2
    assert counted["ours", "a comment, inline"].write_units > 0
