from __future__ import annotations

from dataclasses import replace

import pytest

from core.audit.log import Event, Head, extend, fault
from core.canonical import iso


def chain(length: int) -> list[Event]:
    events, _ = extend(Head.new("run-1"), iso(0), [("step.done", {"number": n}) for n in range(length)])
    return list(events)


def test_an_untouched_chain_has_no_fault() -> None:
    assert fault(chain(5)) is None


def test_a_chain_may_be_extended_in_parts() -> None:
    first, head = extend(Head.new("run-1"), iso(0), [("a", {}), ("b", {})])
    second, _ = extend(head, iso(5), [("c", {})])
    assert fault([*first, *second]) is None


@pytest.mark.parametrize(
    "change",
    [
        {"data": {"number": 9}},
        {"type": "step.undone"},
        {"at": iso(1)},
        {"chain": "run-2"},
        {"prev": "f" * 64},
        {"hash": "f" * 64},
    ],
)
@pytest.mark.parametrize("position", [0, 2, 4])
def test_any_altered_field_shows(change: dict[str, object], position: int) -> None:
    events = chain(5)
    events[position] = replace(events[position], **change)  # type: ignore[arg-type]
    assert f"event {position}" in (fault(events) or "")


def test_a_dropped_event_shows() -> None:
    events = chain(5)
    del events[2]
    assert "event 2 is missing" in (fault(events) or "")


def test_swapped_events_show() -> None:
    events = chain(5)
    events[1], events[2] = events[2], events[1]
    assert fault(events) is not None


def test_an_inserted_event_shows() -> None:
    events = chain(3)
    events.insert(1, events[1])
    assert fault(events) is not None
