"""Changing an issue's labels: read, check, send, verify, and repair what was left half done.

GitHub has no conditional write, so whoever calls this holds the lease on the issue's labels. Seen after each request:

    as wanted                    → executed, whatever the answer was
    as before                    → failed after refusals, otherwise unknown: it may still land
    half done                    → what is missing is sent once more
    still half done              → after refusals alone it is undone by one more request, otherwise unknown
    changed by somebody else     → nothing more is sent

With four reads and three requests of 8 s each, and 3 s for a token, this ends within `states.ATTEMPT_MS`.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final, Literal, Protocol

from core.context.labels import Labels
from core.context.team import Taxonomy
from core.errors import NotFound, UpstreamUnavailable
from core.policy.transitions import outcome_faults
from core.types import Action, Effect, Target, TargetNow

MOST_DETAIL: Final = 300
"""Characters of an effect's detail, which goes into events and answers."""

Fate = Literal["done", "refused", "stopped", "unclear"]
"""done: so it says. refused: nothing was done. stopped: it has ended, maybe half-way. unclear: it may still land."""

Standing = Literal["wanted", "former", "half", "moved"]


@dataclass(frozen=True)
class Attempt:
    """What became of one request."""

    fate: Fate
    detail: str
    ill: bool = False
    """Whether it says that the service is ill, rather than something of the target."""
    url: str = ""
    """Of what was made, where the other side tells."""

    @property
    def effect(self) -> Effect:
        """The outcome of an action that is this one request."""
        if self.fate == "done":
            return Effect("executed", self.detail, url=self.url)
        return Effect("outcome_unknown" if self.fate == "unclear" else "failed", self.detail, ill=self.ill)


class LabelReader(Protocol):
    """What is needed of GitHub. Raises NotFound, UpstreamUnavailable."""

    def target(self, target: Target) -> TargetNow: ...


@dataclass(frozen=True)
class LabelStep:
    """One request's worth: what to add to the labels `now` and to remove from them."""

    now: tuple[str, ...]
    add: tuple[str, ...]
    remove: tuple[str, ...]

    @property
    def after(self) -> tuple[str, ...]:
        """All labels of the issue afterwards, those that stay in their order."""
        gone = Labels(self.remove)
        return (*(label for label in self.now if label not in gone), *self.add)


@dataclass(frozen=True)
class Change:
    """From one set of labels to another, of those that the change is about."""

    former: Labels
    intended: Labels
    touched: Labels
    """The labels that are named, and the exclusive groups that they are of. All others are left alone."""

    def standing(self, labels: Iterable[str]) -> Standing:
        """How far the issue's labels are. Half: they hold nothing that neither set holds, and lack nothing of both."""
        view = self.touched & labels
        if view == self.intended:
            return "wanted"
        if view == self.former:
            return "former"
        return "half" if self.former & self.intended <= view <= self.former | self.intended else "moved"

    def towards(self, goal: Labels, labels: tuple[str, ...]) -> LabelStep:
        """What is still to be done to reach one of the two sets."""
        view = Labels(labels) & self.touched
        return LabelStep(labels, tuple(sorted(goal - view)), tuple(sorted(view - goal)))

    def progress(self, labels: Iterable[str]) -> str:
        """Which of its steps are done, in words."""
        there = Labels(labels)
        left = [f"{name} was {'not ' if name in there else ''}removed" for name in sorted(self.former - self.intended)]
        come = [f"{name} was {'' if name in there else 'not '}added" for name in sorted(self.intended - self.former)]
        return ", ".join(left + come)


def change_of(action: Action, labels: Iterable[str], taxonomy: Taxonomy) -> Change:
    """The change that an action asks for, of an issue with these labels.

    Where an earlier attempt has emptied an exclusive group, the former set is that of the draft: undoing restores it.
    """
    add, remove = Labels(action.payload["add"]), Labels(action.payload["remove"])
    groups = [taxonomy.exclusive[name] for name in taxonomy.touched(add | remove)]
    touched = Labels(chain(add, remove, *groups))
    former = Labels(labels) & touched
    for group in groups:
        if not former & group:
            former |= remove & group & action.payload["before"]
    return Change(former, (former - remove) | add, touched)


def change_labels(
    action: Action, reader: LabelReader, taxonomy: Taxonomy, send: Callable[[LabelStep], Attempt]
) -> Effect:
    """One attempt at a label change: at most three requests. Never raises for what the other side does."""
    seen = _look(reader, action.target)
    if isinstance(seen, str):
        return _effect("failed", f"the labels cannot be read: {seen}; nothing was sent", ill=True)
    add, remove = tuple(action.payload["add"]), tuple(action.payload["remove"])
    for fault in outcome_faults(seen, add, remove, taxonomy):
        return _effect("failed", f"the labels have moved: {fault.text} {fault.why}; nothing was sent")
    change = change_of(action, seen, taxonomy)
    if change.standing(seen) == "wanted":
        return _effect("executed", "the labels are as wanted already")
    attempts: list[Attempt] = []
    for goal in (change.intended, change.intended, change.former):
        if len(attempts) == 2 and not _definite(attempts):
            break  # what was not refused may still land: undoing it could meet it
        attempts.append(send(change.towards(goal, seen)))
        seen = _look(reader, action.target)
        if isinstance(seen, str) or change.standing(seen) != "half":
            break
    return _described(change, attempts, seen)


def _look(reader: LabelReader, target: Target) -> tuple[str, ...] | str:
    """The labels now, or why they cannot be read."""
    try:
        return reader.target(target).labels
    except (UpstreamUnavailable, NotFound) as error:
        return error.message


def _definite(attempts: Sequence[Attempt]) -> bool:
    """Whether all were refused, so that none of them can still be under way."""
    return all(attempt.fate in ("refused", "stopped") for attempt in attempts)


def _described(change: Change, attempts: Sequence[Attempt], labels: tuple[str, ...] | str) -> Effect:
    """The effect, by how the labels stand at the end, or why they cannot be read, and what the requests came to."""
    last, refused = attempts[-1].detail, all(attempt.fate == "refused" for attempt in attempts)
    if isinstance(labels, str) and refused:
        return _effect("failed", last, ill=attempts[-1].ill)
    if isinstance(labels, str):
        return _effect("outcome_unknown", f"the labels cannot be read back: {labels}; {last}", ill=True)
    standing, undone = change.standing(labels), len(attempts) == 3
    if standing == "wanted":
        trouble = next((attempt.detail for attempt in attempts if attempt.fate != "done"), "")
        although = f", although {trouble}" if trouble else ""
        return _effect("executed", f"the labels are as wanted{although}", attempts)
    if standing == "former" and undone and _definite(attempts[:2]) and attempts[2].fate != "unclear":
        return _effect("failed", f"half done and undone: the labels are as before; {attempts[1].detail}", attempts)
    if standing == "former" and _definite(attempts):
        return _effect("failed", f"the labels are as before; {last}", attempts)
    if standing == "former":
        return _effect("outcome_unknown", f"the labels are as before, as of now; {last}", attempts)
    where = (
        f"half done: {change.progress(labels)}"
        if standing == "half"
        else f"somebody else has changed the labels: they are {', '.join(sorted(labels)) or 'none'}"
    )
    return _effect("failed" if refused else "outcome_unknown", f"{where}; {last}", attempts)


def _effect(
    outcome: Literal["executed", "failed", "outcome_unknown"],
    detail: str,
    attempts: Sequence[Attempt] = (),
    ill: bool = False,
) -> Effect:
    lingers, ill = any(one.fate == "unclear" for one in attempts), ill or any(one.ill for one in attempts)
    detail = detail if len(detail) <= MOST_DETAIL else f"{detail[: MOST_DETAIL - 1]}…"
    return Effect(outcome, detail, lingers=lingers, ill=ill)
