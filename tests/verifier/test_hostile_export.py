"""What a liar may put into an export, or sign with the log's own key: it is found, or said not to show."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.audit import note
from core.audit.note import LocalSigner
from tests.support.forge import KEY, ORIGIN, SIGNER, Forged, at, chain, judged, posted, refusal, rehashed, salted
from verifier.dfg_verify import Report, Unreadable, read_export, verify


def faults(report: Report) -> str:
    return "\n".join(report.faults)


def log_of(*chains: Any) -> Forged:
    """One checkpoint over all of these chains."""
    return Forged().add(*chains).covers([event for events in chains for event in events])


def text_of(forged: Forged) -> list[str]:
    return [json.dumps(record) for record in forged.records]


def test_an_honest_log_passes() -> None:
    report = log_of(posted("a", 0), refusal("b", 1), posted("c", 2)).verify()
    assert report.faults == []
    assert report.counts == {"chains": 3, "events": 11, "checkpoints": 1, "contents": 0}


# --- lines that two readers would read in two ways, or that would read themselves into the report ---

SPOILT = {
    "a name twice in an event": ('"type": "request.refused"', '"type": "request.refused", "type": "request.refused"'),
    "a name twice in its data": ('"principal": "ci"', '"principal": "mallory", "principal": "ci"'),
    "a field more in an event": ('"seq": 0', '"seq": 0, "approvedBy": "captain"'),
    "a field more beside an event": ('{"type": "event",', '{"type": "event", "verified": true,'),
    "a number that is no whole one": ('"seq": 0', '"seq": 0.0'),
    "a number with an exponent": ('"seq": 0', '"seq": 0e0'),
    "a number that is none": ('"principal": "ci"', '"principal": NaN'),
    "a truth for a number": ('"seq": 0', '"seq": false'),
    "half a character": ('"principal": "ci"', '"principal": "\\ud800"'),
    "a chain that moves the cursor": ('"chain": "b"', '"chain": "\\u001b[2K\\rnothing wrong"'),
    "a type that moves the cursor": ('"request.refused"', '"request.refused\\u001b[1A"'),
    "a time of another form": ('"at": "2026', '"at": "9999-2026'),
    "a hash in capitals": ('"prev": "0', '"prev": "F'),
    "a record of an unknown type": ('"type": "event"', '"type": "evidence"'),
    "no object": ('{"type": "event"', '["event", {"type": "event"'),
    "data that is a list": ('"data": {"kind": "refusal", "principal": "ci"}', '"data": []'),
    "nesting without end": ('"principal": "ci"', '"principal": ' + "[" * 100_000 + "]" * 100_000),
}


@pytest.mark.parametrize("how", SPOILT)
def test_a_line_that_can_be_read_in_two_ways_is_not_read(how: str) -> None:
    before, after = SPOILT[how]
    lines = text_of(log_of(posted("a", 0), refusal("b", 1)))
    number = next(n for n, line in enumerate(lines) if '"chain": "b"' in line)
    assert before in lines[number]
    lines[number] = lines[number].replace(before, after, 1)
    with pytest.raises(Unreadable, match=f"line {number + 1}:") as refused:
        read_export(lines)
    assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    "change",
    [
        {"name": "notes"},
        {"data_b64": "not base64"},
        {"salt": "xyz"},
        {"run": "../../etc"},
        {"digest": "0" * 64},
    ],
)
def test_a_content_record_of_another_form_is_not_read(change: dict[str, str]) -> None:
    forged = log_of(posted("a", 0)).content("a", "prompt", "text")
    forged.records[-1].update(change)
    with pytest.raises(Unreadable):
        forged.verify()


# --- chains ----------------------------------------------------------------------------------


def test_a_line_given_twice_is_named() -> None:
    forged = log_of(posted("a", 0), refusal("b", 1))
    forged.records.insert(3, forged.records[2])
    assert "event 2 of chain a (action.intended) stands in the export twice" in faults(forged.verify())


def test_two_tellings_of_one_event_are_named() -> None:
    forged = log_of(posted("a", 0))
    other = rehashed({**forged.records[1]["event"], "data": {"classification": "auto_safe", "by": "somebody"}})
    forged.records.insert(2, {"type": "event", "event": other})
    told = faults(forged.verify())
    assert "event 1 of chain a (policy.judged) stands in the export twice" in told
    assert "was altered, inserted or back-dated" in told


def test_one_chain_in_pieces_over_the_export_is_one_chain() -> None:
    forged = log_of(posted("a", 0), refusal("b", 1))
    forged.records.insert(1, forged.records.pop(5))
    assert forged.verify().faults == []


def test_an_altered_event_under_its_old_hash_is_named_once_and_not_called_dropped_elsewhere() -> None:
    forged = log_of(posted("a", 0), refusal("b", 1))
    forged.records[1]["event"]["data"]["classification"] = "rejected"
    told = faults(forged.verify())
    assert "event 1 of chain a (policy.judged) was altered" in told
    assert "chain b" not in told.replace("before event 0 of chain b", "")


def test_a_run_that_starts_twice_or_goes_on_after_its_end_is_named() -> None:
    twice = chain("a", 0, ("run.started", {}), ("run.started", {}), ("run.finished", {}))
    assert "does not lead from one start to one end" in faults(log_of(twice).verify())
    beyond = chain("a", 0, ("run.started", {}), ("run.finished", {}), ("charge.settled", {}))
    assert "does not lead from one start to one end" in faults(log_of(beyond).verify())
    unbegun = chain("a", 0, ("breaker.reset", {}), ("run.finished", {}))
    assert "an end and no start" in faults(log_of(unbegun).verify())


def test_a_chain_that_begins_in_the_middle_of_a_story_is_named() -> None:
    assert "begins a chain that it cannot begin" in faults(log_of(chain("a", 0, ("charge.settled", {}))).verify())


def test_an_unknown_type_of_event_is_said() -> None:
    report = log_of(chain("a", 0, ("request.refused", {}), ("action.teleported", {}))).verify()
    assert report.faults == []
    assert "chain a: what action.teleported means is not known to this verifier" in report.unchecked


# --- effects ---------------------------------------------------------------------------------


def effect(*entries: tuple[str, dict[str, Any]]) -> str:
    return faults(log_of(chain("a", 0, *entries)).verify())


ATTEMPT = {"actionId": "x", "attempt": "1"}
STARTED = ("run.started", {})
JUDGED = ("policy.judged", judged("x"))
INTENDED = ("action.intended", ATTEMPT)
EXECUTED = ("action.executed", ATTEMPT)


def test_an_effect_that_nobody_let_through_is_named() -> None:
    nobody = "was let through by nobody"
    assert nobody in effect(STARTED, INTENDED, EXECUTED)
    assert nobody in effect(STARTED, ("policy.judged", judged("x", "requires_approval")), INTENDED, EXECUTED)
    assert nobody in effect(STARTED, ("policy.judged", judged("another")), INTENDED, EXECUTED)
    assert nobody in effect(STARTED, ("policy.judged", {"classification": "auto_safe"}), INTENDED, EXECUTED)
    assert nobody in effect(("approval.granted", {"actionId": "another"}), INTENDED, EXECUTED)
    assert nobody in effect(STARTED, INTENDED, JUDGED, EXECUTED)


def test_an_outcome_needs_its_own_intent_in_its_own_chain() -> None:
    assert "has no intent before it" in effect(STARTED, JUDGED, EXECUTED, INTENDED)
    assert "has no intent before it" in effect(STARTED, JUDGED, INTENDED, ("action.executed", {"actionId": "x"}))
    assert "of another action than its intent" in effect(
        STARTED, JUDGED, INTENDED, ("action.executed", {**ATTEMPT, "actionId": "y"})
    )
    assert "second outcome of one attempt" in effect(STARTED, JUDGED, INTENDED, EXECUTED, EXECUTED)
    elsewhere = log_of(
        posted("a", 0), chain("b", 1, ("run.started", {}), ("action.executed", {"attempt": "attempt-a"}))
    )
    assert "event 1 of chain b (action.executed) has no intent before it" in faults(elsewhere.verify())


def test_one_attempt_cannot_be_two_intents() -> None:
    again = chain(
        "b",
        1,
        ("approval.granted", {"actionId": "action-a"}),
        ("action.intended", {"actionId": "action-a", "attempt": "attempt-a"}),
    )
    assert "has the attempt of another intent: event 2 of chain a" in faults(log_of(posted("a", 0), again).verify())


def test_an_action_carried_out_by_two_attempts_is_named() -> None:
    entry = {"actionId": "action-a", "attempt": "other"}
    again = chain("b", 1, ("approval.granted", entry), ("action.intended", entry), ("action.executed", entry))
    assert "action 'action-a' was executed by 2 attempts" in faults(log_of(posted("a", 0), again).verify())


def test_a_look_or_an_approval_speaks_of_what_is_on_record() -> None:
    look = chain("b", 1, ("action.executed", {"kind": "look", "actionId": "x", "attempt": "nobody's"}))
    assert "speaks of an attempt that nobody intended" in faults(log_of(posted("a", 0), look).verify())
    entry = {"actionId": "unheard-of", "attempt": "1"}
    free = chain("b", 1, ("approval.granted", entry), ("action.intended", entry), ("action.executed", entry))
    assert "approves an action that no run has made" in faults(log_of(posted("a", 0), free).verify())


@pytest.mark.parametrize("kind", ["action.superseded", "action.landed"])
def test_what_a_look_found_is_of_an_attempt_that_was_intended(kind: str) -> None:
    seen = {"kind": "look", "actionId": "action-a", "attempt": "attempt-a"}
    assert log_of(posted("a", 0), chain("b", 5, (kind, seen))).verify().faults == []
    nobody = log_of(posted("a", 0), chain("b", 5, (kind, {**seen, "attempt": "nobody's"})))
    assert "speaks of an attempt that nobody intended" in faults(nobody.verify())
    other = log_of(posted("a", 0), chain("b", 5, (kind, {**seen, "actionId": "action-b"})))
    assert "is of another action than its intent" in faults(other.verify())
    unseen = log_of(posted("a", 0), chain("b", 5, (kind, {**seen, "kind": "run"})))
    assert "begins a chain that it cannot begin" in faults(unseen.verify())


def test_what_became_of_a_plan_is_a_chain_of_its_own_and_names_the_action() -> None:
    seen = {"kind": "observation", "actionId": "action-a", "runId": "a"}
    assert log_of(posted("a", 0), chain("b", 5, ("outcome.observed", seen))).verify().faults == []
    nameless = log_of(posted("a", 0), chain("b", 5, ("outcome.observed", {"kind": "observation"})))
    assert "does not name its action" in faults(nameless.verify())


def test_an_intent_without_outcome_is_said() -> None:
    report = log_of(chain("a", 0, STARTED, JUDGED, INTENDED)).verify()
    assert "event 2 of chain a (action.intended) has no outcome: it may have been sent" in report.unchecked


# --- checkpoints: what does not take the key -------------------------------------------------


SAYS_ANOTHER = {
    "number": "checkpoint 1 is missing (found 2)",
    "key": "checkpoint 1: its record names another key",
    **{name: f"checkpoint 1: its record says {name} " for name in ("events", "size", "root", "prev", "through")},
}


@pytest.mark.parametrize("name", SAYS_ANOTHER)
def test_a_record_that_says_another_thing_than_its_note_is_named(name: str) -> None:
    forged = log_of(posted("a", 0)).add(refusal("b", 9)).covers(refusal("b", 9))
    value = forged.checkpoint[name]
    forged.checkpoint[name] = value + 1 if isinstance(value, int) else value[:-1] + "7"
    assert SAYS_ANOTHER[name] in faults(forged.verify())


def test_a_checkpoint_left_out_is_named() -> None:
    forged = log_of(posted("a", 0)).add(refusal("b", 9)).covers(refusal("b", 9))
    del forged.records[5]
    assert "checkpoint 0 is missing (found 1)" in faults(forged.verify())


def test_leaves_exchanged_dropped_or_added_do_not_lead_to_the_root() -> None:
    for spoil in (lambda leaves: leaves[::-1], lambda leaves: leaves[:-1], lambda leaves: [*leaves, leaves[0]]):
        forged = log_of(posted("a", 0))
        forged.checkpoint["leaves"] = spoil(forged.checkpoint["leaves"])
        assert "do not lead to the signed root" in faults(forged.verify())


def test_a_note_of_another_log_with_the_same_key_is_refused() -> None:
    """The signature line is not part of what is signed: it could be made to name this log."""
    forged = Forged().add(posted("a", 0)).covers(posted("a", 0), origin="dfg-orchestrator/somebody/else")
    text, _, line = forged.checkpoint["note"].partition("\n\n")
    import base64

    raw = base64.b64decode(line.split()[-1])
    moved = base64.b64encode(note.key_id(ORIGIN, SIGNER.public_key) + raw[4:]).decode()
    forged.checkpoint["note"] = f"{text}\n\n— {ORIGIN} {moved}\n"
    assert "it is of another log" in faults(forged.verify())


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda text: text.replace("events 5", "events 4"), "its signature is false"),
        (lambda text: text.replace("\n\n", "\nwitness yes\n\n"), "its signature is false"),
        (lambda text: text.replace("checkpoint/v1", "checkpoint/v2"), "it is not a note of the form"),
        (lambda text: text.replace("\n\n", "\n"), "it is not a note of the form"),
        (lambda text: text.replace("— ", "- "), "it is not signed by this key"),
        (lambda text: text[:-20] + "!\n", "its signature line cannot be read"),
    ],
)
def test_a_note_that_was_touched_is_refused(spoil: Any, why: str) -> None:
    forged = log_of(posted("a", 0))
    forged.checkpoint["note"] = spoil(forged.checkpoint["note"])
    assert f"checkpoint 0: {why}" in faults(forged.verify())


def test_a_log_signed_by_another_key_is_refused() -> None:
    other = note.verifier_key(ORIGIN, LocalSigner("22" * 32).public_key)
    assert "checkpoint 0: it is not signed by this key" in faults(log_of(posted("a", 0)).verify(key=other))


@pytest.mark.parametrize(
    "key",
    [
        "",
        "dfg",
        KEY[:-4],
        KEY.replace("+", "-", 1),
        KEY[: len(ORIGIN) + 9] + "-" + KEY[len(ORIGIN) + 10 :],
        KEY.replace(ORIGIN, ORIGIN + "x"),
        note.verifier_key("two words", SIGNER.public_key),
    ],
)
def test_a_key_of_another_form_is_refused(key: str) -> None:
    with pytest.raises(Unreadable, match="key"):
        log_of(posted("a", 0)).verify(key=key)


def test_without_a_checkpoint_nothing_is_proven() -> None:
    report = Forged().add(posted("a", 0)).verify()
    assert report.counts["checkpoints"] == 0
    assert any("there is no checkpoint" in gap for gap in report.unchecked)


def test_what_is_newer_than_the_newest_checkpoint_is_named_as_unproven() -> None:
    report = log_of(posted("a", 0)).add(posted("mallory", 100)).verify()
    assert report.faults == []
    assert "5 events are newer than the newest checkpoint, in chains mallory" in report.unchecked


# --- checkpoints: what takes the key ---------------------------------------------------------


def test_an_event_back_dated_into_a_later_checkpoint_is_named() -> None:
    late = refusal("late", 1)
    forged = log_of(posted("a", 0), refusal("b", 2)).add(late, refusal("c", 9)).covers([*late, *refusal("c", 9)])
    assert "event 0 of chain late (request.refused) stands in checkpoint 1, which does not cover its time" in faults(
        forged.verify()
    )


def test_events_signed_in_another_order_are_named() -> None:
    first, second, last = refusal("a", 1), refusal("b", 2), refusal("c", 3)
    leaves = [second[0].hash, first[0].hash, last[0].hash]
    forged = Forged().add(first, second, last).covers([*first, *second, *last], leaves=leaves)
    assert "does not stand in its place" in faults(forged.verify())


def test_a_checkpoint_that_claims_to_reach_further_than_its_last_event_is_named() -> None:
    """Otherwise the time in between would stay open for events made later."""
    forged = Forged().add(refusal("a", 1)).covers(refusal("a", 1), through=f"{at(5000)}#a#000000")
    assert "does not end where it says" in faults(forged.verify())


def test_a_checkpoint_that_reaches_back_is_named() -> None:
    forged = log_of(refusal("a", 5)).add(refusal("b", 1)).covers(refusal("b", 1))
    assert "does not reach further than the checkpoint before it" in faults(forged.verify())


def test_one_event_in_two_checkpoints_is_named() -> None:
    forged = log_of(refusal("a", 1)).add(refusal("b", 5)).covers([*refusal("a", 1), *refusal("b", 5)])
    assert "stands in the checkpoints twice" in faults(forged.verify())


def test_false_counts_and_links_are_named() -> None:
    second = refusal("b", 5)
    for change, words in (
        ({"events": 7}, "counts 7 events"),
        ({"size": 99}, "99 in all"),
        ({"prev": "f" * 64}, "does not follow"),
    ):
        forged = log_of(refusal("a", 1)).add(second).covers(second, **change)
        assert words in faults(forged.verify())


# --- against a checkpoint from elsewhere -----------------------------------------------------


def test_a_log_written_anew_with_the_key_shows_only_against_a_known_checkpoint() -> None:
    honest, rewritten = log_of(posted("a", 0), refusal("b", 1)), log_of(posted("a", 0))
    assert rewritten.verify().faults == []
    assert any("rewritten as a whole would not show" in gap for gap in rewritten.verify().unchecked)
    assert "the log was forked: checkpoint 0" in faults(rewritten.verify(honest.notes[0]))
    assert honest.verify(honest.notes[0]).faults == []


def test_a_known_checkpoint_may_have_lost_its_last_line_end() -> None:
    honest = log_of(posted("a", 0))
    assert honest.verify(honest.notes[0].rstrip("\n")).faults == []


def test_a_log_cut_short_shows_against_a_known_checkpoint() -> None:
    honest = log_of(refusal("a", 1)).add(refusal("b", 5)).covers(refusal("b", 5))
    short = log_of(refusal("a", 1))
    assert "cut short: checkpoint 1 is known, and 1 are here" in faults(short.verify(honest.notes[1]))


def test_a_wrong_checkpoint_here_is_not_called_a_log_cut_short() -> None:
    honest = log_of(refusal("a", 1)).add(refusal("b", 5)).covers(refusal("b", 5))
    honest.records[1]["size"] = 5
    report = honest.verify(honest.notes[1])
    assert "cut short" not in faults(report)
    assert any("comes after one that is wrong here" in gap for gap in report.unchecked)


def test_a_known_checkpoint_that_is_not_signed_by_the_key_is_no_evidence() -> None:
    other = LocalSigner("22" * 32)
    with pytest.raises(Unreadable, match="known checkpoint cannot be used"):
        log_of(posted("a", 0)).verify(log_of(posted("a", 0)).notes[0].replace("size 5", "size 6"))
    with pytest.raises(Unreadable, match="known checkpoint cannot be used"):
        log_of(posted("a", 0)).verify(*log_of(posted("a", 0)).notes, key=note.verifier_key(ORIGIN, other.public_key))


# --- contents --------------------------------------------------------------------------------


def with_contents() -> Forged:
    stored = ("prompt.stored", {"prompt": salted("what was asked"), "context": salted("the facts")})
    charge = ("charge.requested", {"attempt": 1, "amount": 50})
    answered = ("generation.answered", {"answer": salted("what was said"), "attempt": 1, "cost": 0})
    forged = log_of(chain("a", 0, STARTED, stored, charge, answered, ("run.finished", {})), refusal("b", 1))
    return (
        forged.content("a", "prompt", "what was asked")
        .content("a", "context", "the facts")
        .content("a", "answer", "what was said")
    )


def test_contents_that_fit_pass() -> None:
    assert with_contents().verify().faults == []


def test_contents_exchanged_among_each_other_are_named() -> None:
    forged = with_contents()
    prompt, answer = forged.records[-3], forged.records[-1]
    prompt["data_b64"], answer["data_b64"] = answer["data_b64"], prompt["data_b64"]
    told = faults(forged.verify())
    assert "content prompt of run a was altered" in told
    assert "content answer of run a was altered" in told


def test_a_content_of_no_run_and_one_given_twice_are_named() -> None:
    assert "was inserted" in faults(with_contents().content("b", "prompt", "x").verify())
    assert "stands in the export twice" in faults(with_contents().content("a", "prompt", "what was asked").verify())


def test_content_that_is_gone_needs_an_erasure_on_record() -> None:
    forged = with_contents()
    del forged.records[-1]
    assert "content answer of run a is gone, and no erasure of it is on record" in faults(forged.verify())
    erasure = chain("e", 5, ("content.erased", {"kind": "erase", "runId": "a", "names": ["answer"]}))
    assert forged.add(erasure).covers(erasure).verify().faults == []


# --- an export of a part ---------------------------------------------------------------------


def declared(forged: Forged, **changes: Any) -> Forged:
    forged.records.insert(0, {"type": "export", "since": None, "until": None, "content": True, **changes})
    return forged


def test_a_partial_export_says_what_does_not_show() -> None:
    forged = declared(log_of(posted("a", 0), refusal("b", 1)), since="2026-09-22")
    forged.records = [r for r in forged.records if r.get("event", {}).get("chain") != "a"]
    report = forged.verify()
    assert report.faults == []
    assert any("declared partial" in gap and "5 events" in gap for gap in report.unchecked)


def test_a_partial_export_still_proves_what_it_holds() -> None:
    forged = declared(log_of(posted("a", 0), refusal("b", 1)), since="2026-09-22")
    del forged.records[3]
    assert "event 2 is missing" in faults(forged.verify())


def test_a_whole_export_cannot_leave_anything_out() -> None:
    forged = declared(log_of(posted("a", 0), refusal("b", 1)))
    forged.records = [r for r in forged.records if r.get("event", {}).get("chain") != "a"]
    assert "checkpoint 0 holds 5 events that are not in the export" in faults(forged.verify())
    assert "before event 0 of chain b" in faults(forged.verify())


def test_an_export_without_contents_says_so() -> None:
    forged = declared(with_contents(), content=False)
    forged.records = [record for record in forged.records if record["type"] != "content"]
    report = forged.verify()
    assert report.faults == []
    assert "the export was made without contents" in report.unchecked


def test_the_report_of_a_hostile_export_cannot_move_a_terminal() -> None:
    forged = declared(log_of(posted("a", 0)), since="\x1b[2K\rnothing wrong")
    del forged.records[2]
    report = forged.verify()
    assert all(line.isprintable() for line in report.faults + report.unchecked)
    entry = {"actionId": "\x1b[2J", "attempt": "1"}
    twice = {**entry, "attempt": "2"}
    acts = [
        ("policy.judged", judged("\x1b[2J")),
        ("action.intended", entry),
        ("action.executed", entry),
        ("action.intended", twice),
        ("action.executed", twice),
    ]
    report = verify(read_export(text_of(log_of(chain("a", 0, STARTED, *acts)))), KEY)
    assert all(line.isprintable() for line in report.faults + report.unchecked)
