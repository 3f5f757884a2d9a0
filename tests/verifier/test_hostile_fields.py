"""Whatever stands in a field, signed by the log's own key: the verifier says what is wrong, and does not break."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from core.audit.log import Event, Head, extend
from tests.support.forge import KEY, Forged, at, chain, judged, posted, refusal, salted
from verifier.dfg_verify import Report, Unreadable, main, read_export, verify

STRANGE: list[Any] = [None, True, -1, 10**30, "", "\x1b[2J", [], [[]], {}, {"a": []}, ["x"], "0" * 5000]

ATTEMPT = {"actionId": "x", "attempt": "1", "digest": "d"}
RUN: list[tuple[str, dict[str, Any]]] = [
    ("run.started", {"kind": "dispatch"}),
    ("prompt.stored", {"prompt": salted("p"), "context": salted("c")}),
    ("charge.requested", {"attempt": 1, "amount": 50, "until": 9}),
    ("generation.answered", {"attempt": 1, "answer": salted("a"), "cost": 7}),
    ("charge.settled", {"attempt": 1, "reserved": 50, "charged": 7}),
    ("policy.judged", judged("x")),
    ("action.intended", ATTEMPT),
    ("action.outcome_unknown", ATTEMPT),
    ("run.finished", {"status": "success", "charged": 7}),
]
AGAIN: list[tuple[str, dict[str, Any]]] = [
    ("approval.granted", {"actionId": "x", "digest": "d"}),
    ("action.intended", {**ATTEMPT, "attempt": "2"}),
    ("action.executed", {**ATTEMPT, "attempt": "2"}),
]
LOOK: list[tuple[str, dict[str, Any]]] = [("action.executed", {"kind": "look", "actionId": "x", "attempt": "2"})]
ERASE: list[tuple[str, dict[str, Any]]] = [("content.erased", {"runId": "run", "names": ["answer"]})]
STORY = {"run": RUN, "again": AGAIN, "look": LOOK, "erase": ERASE}


def log_of(story: dict[str, list[tuple[str, dict[str, Any]]]]) -> Forged:
    chains = [chain(name, 10 * number, *entries) for number, (name, entries) in enumerate(story.items())]
    forged = Forged().add(*chains).covers([event for events in chains for event in events])
    return forged.content("run", "prompt", "p").content("run", "context", "c")


def changed(name: str, number: int, **fields: Any) -> Report:
    """The story with fields of one event set, hashed and signed anew; None takes one away."""
    story = {name: list(entries) for name, entries in STORY.items()}
    kind, data = story[name][number]
    story[name][number] = (kind, {k: v for k, v in {**data, **fields}.items() if v is not None})
    return log_of(story).verify()


def said_of(lines: list[str]) -> list[str]:
    """What is wrong with these lines, or why they are not read, in words that do not move a terminal's cursor."""
    try:
        said = verify(read_export(lines), KEY).faults
    except Unreadable as refused:
        said = [str(refused)]
    assert all(line.isprintable() for line in said)
    return said


def fields() -> Iterator[tuple[str, int, str]]:
    for name, entries in STORY.items():
        for number, (_, data) in enumerate(entries):
            yield from ((name, number, field) for field in data)


def test_the_story_itself_is_honest() -> None:
    assert log_of(STORY).verify().faults == []


@pytest.mark.parametrize("place", list(fields()), ids=lambda place: "-".join(map(str, place)))
def test_a_strange_value_is_told_or_means_nothing_and_never_breaks_the_verifier(place: tuple[str, int, str]) -> None:
    name, number, field = place
    for value in STRANGE:
        report = changed(name, number, **{field: value})
        assert all(line.isprintable() for line in report.faults + report.unchecked)
        if field in ("actionId", "attempt", "amount", "cost", "reserved", "charged", "prompt", "context"):
            assert report.faults, value


@pytest.mark.parametrize("field", ["number", "events", "size", "root", "prev", "through", "note", "leaves", "key"])
def test_a_checkpoint_with_a_strange_value_is_not_read_or_is_wrong(field: str) -> None:
    for value in STRANGE:
        forged = log_of(STORY)
        forged.checkpoint[field] = value
        assert said_of([json.dumps(record) for record in forged.records]), value


def test_nesting_as_deep_as_it_can_be_read_does_not_break_the_verifier() -> None:
    for depth in (10, 100, 500, 900, 950, 990):
        lines = [json.dumps(record) for record in log_of(STORY).records]
        deep = "[" * depth + "]" * depth
        number = next(n for n, line in enumerate(lines) if '"prompt.stored"' in line)
        lines[number] = lines[number].replace(json.dumps(salted("p")), deep)
        assert said_of(lines)


# --- charges ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "changes", "words"),
    [
        (2, {"amount": 49}, "settles a charge that is not on record before it"),
        (2, {"amount": "50"}, "does not say attempt, amount in whole numbers"),
        (4, {"attempt": 2}, "settles a charge that is not on record before it"),
        (4, {"reserved": 51}, "settles a charge that is not on record before it"),
        (4, {"charged": 6}, "comes to 6, less than the answer's cost of 7"),
        (4, {"charged": -7}, "does not say attempt, reserved, charged in whole numbers"),
        (3, {"cost": 8}, "comes to 7, less than the answer's cost of 8"),
        (8, {"charged": 0}, "says another charge than was settled"),
        (8, {"charged": None}, "does not say what was settled: 7"),
        (8, {"charged": True}, "says another charge than was settled"),
    ],
)
def test_charges_that_do_not_add_up_are_named(number: int, changes: dict[str, Any], words: str) -> None:
    assert words in "\n".join(changed("run", number, **changes).faults)


def test_an_end_without_a_settlement_may_keep_what_was_reserved_and_nothing_else() -> None:
    def ended(charged: int) -> list[str]:
        reserved = ("charge.requested", {"attempt": 1, "amount": 50})
        events = chain("a", 0, RUN[0], reserved, ("run.finished", {"charged": charged}))
        return Forged().add(events).covers(events).verify().faults

    assert ended(0) == ended(50) == []
    assert ended(49) == ["event 2 of chain a (run.finished) says another charge than was settled"]


# --- what was approved, and what is gone -----------------------------------------------------


def test_an_approval_of_another_content_than_the_run_made_is_named() -> None:
    made = "event 6 of chain run (action.intended)"
    other = f"event 0 of chain again (approval.granted) is of another content than {made}"
    assert other in changed("again", 0, digest="e").faults
    assert changed("again", 0, digest="e", stale="it has moved").faults == []
    sent = f"event 1 of chain again (action.intended) is of another content than {made}"
    assert sent in changed("again", 1, digest="e").faults


def test_an_approval_without_its_intent_is_named() -> None:
    alone = log_of({**STORY, "again": AGAIN[:1]}).verify()
    assert "chain again: the approval is not followed by the intent that is written with it" in alone.faults


def test_content_that_came_back_after_its_erasure_is_named() -> None:
    report = log_of(STORY).content("run", "answer", "a").verify()
    assert report.faults == ["content answer of run run is there, though its erasure is on record"]


# --- lines that stand for the whole file -----------------------------------------------------


def test_an_export_says_once_what_it_holds() -> None:
    forged = log_of(STORY)
    said = {"type": "export", "since": "2026-01-01", "until": None, "content": True}
    forged.records = [said, {**said, "since": None}, *forged.records]
    with pytest.raises(Unreadable, match="line 2: the export says twice what it holds"):
        forged.verify()
    forged.records = [{**said, "content": 1}]
    with pytest.raises(Unreadable, match="content must be true or false"):
        forged.verify()


def test_an_event_of_a_number_beyond_the_order_is_not_read() -> None:
    [event], _ = extend(Head("a", 1_000_000, "0" * 64), at(0), [("request.refused", {})])
    assert isinstance(event, Event)
    with pytest.raises(Unreadable, match="a number from 0 to 999999"):
        Forged().add([event]).verify()


def test_two_checkpoints_of_one_number_are_named_whatever_they_say() -> None:
    forged = Forged().add(posted("a", 0)).covers(posted("a", 0)).add(refusal("b", 9)).covers(refusal("b", 9), number=0)
    assert "checkpoint 0 stands in the export twice" in forged.verify().faults
    negative = Forged().add(refusal("b", 9)).covers(refusal("b", 9), number=-1)
    assert "checkpoint 0 is missing (found -1)" in negative.verify().faults


def test_an_export_that_leaves_out_every_checkpoint_is_no_success(
    tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    forged = log_of(STORY)
    note = tmp_path / "0.note"
    note.write_text(forged.notes[0])
    file = tmp_path / "audit.jsonl"
    file.write_text("".join(json.dumps(r) + "\n" for r in forged.records if r["type"] != "checkpoint"))
    assert main([str(file), "--key", KEY]) == 2
    assert "nothing is proven" in capsys.readouterr().out
    assert main([str(file), "--key", KEY, "--known", str(note)]) == 1
    assert "the log was cut short: checkpoint 0 is known, and 0 are here" in capsys.readouterr().out
