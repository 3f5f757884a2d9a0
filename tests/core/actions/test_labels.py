"""One label change against a reader and a sender that do as told: which requests are made, and what is said."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.actions.labels import MOST_DETAIL, Attempt, Fate, LabelStep, change_labels, change_of
from core.context import team
from core.errors import NotFound, UpstreamUnavailable
from core.types import Action, Effect, Target, TargetNow
from tests.support.actions import a_comment

TAXONOMY = team.load().taxonomy
BEFORE = ("bug", "status:triage", "prio:P2")

Reply = tuple[Fate, Callable[[LabelStep], tuple[str, ...]]]
"""What a request says, and what it leaves of the labels."""


def all_of_it(step: LabelStep) -> tuple[str, ...]:
    return step.after


def nothing(step: LabelStep) -> tuple[str, ...]:
    return step.now


def removals(step: LabelStep) -> tuple[str, ...]:
    return tuple(label for label in step.now if label not in step.remove)


def action(
    add: tuple[str, ...] = ("status:ready",),
    remove: tuple[str, ...] = ("status:triage",),
    before: tuple[str, ...] = BEFORE,
) -> Action:
    payload = {"add": list(add), "remove": list(remove), "before": sorted(before)}
    return a_comment(type="change_labels", target=Target("issue", 7), payload=payload)


class Issue:
    """An issue's labels; `replies` says what becomes of each request, `unreadable` which read fails."""

    def __init__(self, *replies: Reply, labels: tuple[str, ...] = BEFORE, unreadable: int = -1) -> None:
        self.labels = labels
        self.replies = list(replies)
        self.steps: list[LabelStep] = []
        self.reads = 0
        self._unreadable = unreadable

    def target(self, target: Target) -> TargetNow:
        assert target == Target("issue", 7)
        self.reads += 1
        if self.reads - 1 == self._unreadable:
            raise UpstreamUnavailable("GitHub answered 502")
        return TargetNow(open=True, state="x", labels=self.labels)

    def send(self, step: LabelStep) -> Attempt:
        self.steps.append(step)
        fate, work = self.replies.pop(0)
        self.labels = work(step)
        return Attempt(fate, f"the answer is {fate}")

    def change(self, wanted: Action | None = None) -> Effect:
        effect = change_labels(wanted or action(), self, TAXONOMY, self.send)
        assert self.replies == []
        assert len(effect.detail) <= MOST_DETAIL
        return effect


def test_one_request_and_a_look() -> None:
    issue = Issue(("done", all_of_it))
    assert issue.change() == Effect("executed", "the labels are as wanted")
    assert issue.steps == [LabelStep(BEFORE, ("status:ready",), ("status:triage",))]
    assert issue.labels == ("bug", "prio:P2", "status:ready")
    assert issue.reads == 2


def test_what_is_as_wanted_already_needs_no_request() -> None:
    issue = Issue(labels=("status:ready", "bug"))
    assert issue.change() == Effect("executed", "the labels are as wanted already")


@pytest.mark.parametrize(
    ("labels", "step"),
    [
        (("status:triage",), LabelStep(("status:triage",), ("status:ready",), ("status:triage",))),
        ((), LabelStep((), ("status:ready",), ())),
        (("status:triage", "status:ready"), LabelStep(("status:triage", "status:ready"), (), ("status:triage",))),
    ],
)
def test_only_what_is_left_to_do_is_asked_for(labels: tuple[str, ...], step: LabelStep) -> None:
    issue = Issue(("done", all_of_it), labels=labels)
    assert issue.change().outcome == "executed"
    assert issue.steps == [step]


@pytest.mark.parametrize("labels", [("status:qa",), ("status:done",), ("status:qa", "status:triage")])
def test_labels_that_have_moved_are_left_alone(labels: tuple[str, ...]) -> None:
    effect = Issue(labels=labels).change()
    assert effect.outcome == "failed"
    assert effect.detail.startswith("the labels have moved: ")
    assert effect.detail.endswith("; nothing was sent")


def test_nothing_is_sent_when_the_labels_cannot_be_read() -> None:
    effect = Issue(unreadable=0).change()
    assert effect == Effect("failed", "the labels cannot be read: GitHub answered 502; nothing was sent", ill=True)


def test_an_issue_that_is_gone_fails() -> None:
    class Gone(Issue):
        def target(self, target: Target) -> TargetNow:
            raise NotFound("issue 7 is not in dfg/app")

    assert Gone().change().outcome == "failed"


@pytest.mark.parametrize("fate", ["stopped", "unclear"])
def test_a_change_that_is_there_counts_whatever_the_answer_was(fate: Fate) -> None:
    effect = Issue((fate, all_of_it)).change()
    assert effect == Effect(
        "executed", f"the labels are as wanted, although the answer is {fate}", lingers=fate == "unclear"
    )


@pytest.mark.parametrize(
    ("fate", "outcome", "said"),
    [
        ("refused", "failed", "the labels are as before; the answer is refused"),
        ("stopped", "failed", "the labels are as before; the answer is stopped"),
        ("unclear", "outcome_unknown", "the labels are as before, as of now; the answer is unclear"),
        ("done", "outcome_unknown", "the labels are as before, as of now; the answer is done"),
    ],
)
def test_a_change_that_is_not_there_is_failed_only_after_a_refusal(fate: Fate, outcome: str, said: str) -> None:
    effect = Issue((fate, nothing)).change()
    assert (effect.outcome, effect.detail) == (outcome, said)


@pytest.mark.parametrize("first", ["stopped", "unclear", "done"])
@pytest.mark.parametrize("second", ["done", "stopped", "unclear"])
def test_half_a_change_is_completed(first: Fate, second: Fate) -> None:
    issue = Issue((first, removals), (second, all_of_it))
    assert issue.change().outcome == "executed"
    assert issue.steps[1] == LabelStep(("bug", "prio:P2"), ("status:ready",), ())
    assert set(issue.labels) == {"bug", "prio:P2", "status:ready"}


@pytest.mark.parametrize("second", ["stopped", "refused"])
def test_half_a_change_that_is_refused_twice_is_undone(second: Fate) -> None:
    issue = Issue(("stopped", removals), (second, nothing), ("done", all_of_it))
    effect = issue.change()
    assert effect.outcome == "failed"
    assert effect.detail == f"half done and undone: the labels are as before; the answer is {second}"
    assert issue.steps[2] == LabelStep(("bug", "prio:P2"), ("status:triage",), ())
    assert set(issue.labels) == set(BEFORE)


@pytest.mark.parametrize(("first", "second"), [("unclear", "stopped"), ("stopped", "unclear"), ("done", "stopped")])
def test_what_may_still_land_is_not_undone(first: Fate, second: Fate) -> None:
    issue = Issue((first, removals), (second, nothing))
    effect = issue.change()
    assert effect.outcome == "outcome_unknown"
    assert effect.detail.startswith("half done: status:triage was removed, status:ready was not added; ")


@pytest.mark.parametrize("third", ["refused", "stopped", "unclear"])
def test_half_a_change_that_can_be_neither_completed_nor_undone_is_named(third: Fate) -> None:
    effect = Issue(("stopped", removals), ("refused", nothing), (third, nothing)).change()
    assert effect.outcome == "outcome_unknown"
    assert effect.detail.startswith("half done: status:triage was removed, status:ready was not added; ")


def test_an_undoing_that_may_land_twice_is_not_called_undone() -> None:
    effect = Issue(("stopped", removals), ("stopped", nothing), ("unclear", all_of_it)).change()
    assert effect.outcome == "outcome_unknown"
    assert effect.detail.startswith("the labels are as before, as of now")


@pytest.mark.parametrize("reading", [1, 2, 3])
def test_labels_that_cannot_be_read_back_are_unknown(reading: int) -> None:
    replies: list[Reply] = [("stopped", removals), ("stopped", nothing), ("done", all_of_it)]
    effect = Issue(*replies[:reading], unreadable=reading).change()
    assert effect.outcome == "outcome_unknown"
    assert effect.detail.startswith("the labels cannot be read back: GitHub answered 502; ")


def test_a_refused_connection_is_definite_even_when_nothing_can_be_read_back() -> None:
    assert Issue(("refused", nothing), unreadable=1).change() == Effect("failed", "the answer is refused")


@pytest.mark.parametrize(("fate", "outcome"), [("done", "outcome_unknown"), ("refused", "failed")])
def test_what_somebody_else_has_set_meanwhile_is_not_repaired(fate: Fate, outcome: str) -> None:
    issue = Issue((fate, lambda step: ("bug", "status:blocked")))
    effect = issue.change()
    assert effect.outcome == outcome
    assert effect.detail.startswith("somebody else has changed the labels: they are bug, status:blocked; ")


def test_labels_that_the_change_is_not_about_may_change_meanwhile() -> None:
    issue = Issue(("done", lambda step: ("status:ready", "prio:P0", "new", "component:dfg-api")))
    assert issue.change().outcome == "executed"


def test_a_later_attempt_undoes_back_to_what_was_drafted_for() -> None:
    """An earlier attempt has removed the status and was lost."""
    issue = Issue(("stopped", nothing), ("stopped", nothing), ("done", all_of_it), labels=("bug", "prio:P2"))
    assert issue.change().outcome == "failed"
    assert set(issue.labels) == set(BEFORE)


def test_a_later_attempt_that_sends_nothing_is_definite_and_names_the_half() -> None:
    refused: Reply = ("refused", nothing)
    issue = Issue(refused, refused, refused, labels=("bug",))
    effect = issue.change()
    assert effect.outcome == "failed"
    assert effect.detail == "half done: status:triage was removed, status:ready was not added; the answer is refused"


def test_the_former_set_is_what_was_there_and_not_what_was_drafted_for() -> None:
    """The Captain approved the change for labels that have moved since."""
    change = change_of(action(("status:blocked",), ("status:ready",)), ("status:ready", "bug"), TAXONOMY)
    assert change.former == frozenset({"status:ready"})
    assert change.intended == frozenset({"status:blocked"})


def test_a_long_detail_is_cut() -> None:
    add = (*sorted(TAXONOMY.free), "status:ready", "prio:P0", "sprint:backlog")
    issue = Issue(("unclear", nothing), labels=())
    issue.replies = [("unclear", lambda step: add[:1]), ("unclear", lambda step: add[:2])]
    effect = issue.change(action(add, (), before=()))
    assert len(effect.detail) == MOST_DETAIL
    assert effect.detail.endswith("…")


def test_others_labels_are_sent_back_as_they_are_even_two_that_read_alike() -> None:
    """That two spellings are one label may be wrong: nobody's label goes for it."""
    now = ("Straße", "status:triage", "strasse")
    assert LabelStep(now, ("status:ready",), ("STATUS:triage",)).after == ("Straße", "strasse", "status:ready")
