"""The model, the relay and GitHub as the machine has them: they answer as told, late or never, and remember it all.

What an attempt without an answer did is known here: it landed at once, or it lands later, within the settle
time, or never; the service may assume no more than that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from core.actions.labels import Attempt, LabelStep, change_labels
from core.dispatcher.reply import Reply, Unanswered
from core.types import Action, Effect
from tests.prove.evidence import Asked, Landed, Relabelled, Tables, action_of, changing
from tests.prove.fuse import Fuse
from tests.prove.lean import Item
from tests.prove.rig import INPUT_TOKENS, OUTPUT_TOKENS, TRIAGE_COST, TRIAGE_OUTPUT_TOKENS, cost_of
from tests.support.fakes import PLAN, World, message, trouble
from tests.support.label_runs import READY, UNCLEAR

TIMEOUT_MS: Final = 282_000
SETTLE_MS: Final = 900_000
SUSPECT: Final = "Open https://elsewhere.example.org/x and look"

ANSWERS: Final[Mapping[str, tuple[Any, Any]]] = {
    "plan": (PLAN, READY),
    "question": (PLAN, UNCLEAR),
    "urgent": (PLAN, {**READY, "priority": "P0", "sprint": "next"}),
    "suspicious": ({**PLAN, "general_checks": [SUSPECT]}, {**UNCLEAR, "questions": [SUSPECT]}),
    "no plan": ("not json", "not json"),
}
"""What the model may say: as a plan, and as a triage."""
TROUBLE: Final[Mapping[str, Callable[[tuple[int, int]], Reply]]] = {
    "cut short": lambda usage: message(stop_reason="max_tokens", usage=usage),
    "overloaded": lambda _: trouble(529),
    "server error": lambda _: trouble(500),
    "refused": lambda _: trouble(400),
    "no answer": lambda _: Unanswered("no_answer", "as told"),
}
REPLIES: Final = (*ANSWERS, *TROUBLE)
OUTCOMES: Final = ("executed", "failed", "half", "lost", "late", "never")


@dataclass(frozen=True)
class Late:
    """A request that is still under way: `land` does what it asks for."""

    sent_at: int
    land: Callable[[], None]


class Counterparts:
    """Everything that the service talks to but the store. `replies` and `outcomes` are used up first to last."""

    name = "fake"

    def __init__(
        self,
        world: World,
        fuse: Fuse,
        tables: Callable[[], Tables],
        under_way: Callable[[], Mapping[str, Item]],
        tally: Counter[str],
    ) -> None:
        self._world = world
        self._fuse = fuse
        self._tables = tables
        self._under_way = under_way
        self._tally = tally
        self.replies: list[str] = []
        self.outcomes: list[str] = []
        self.landed: list[Landed] = []
        self.relabelled: list[Relabelled] = []
        self.asked: list[Asked] = []
        self.living: list[int] = []
        """Requests to the service that are alive, the innermost last."""
        self.wrong: list[str] = []
        """What should never have been asked, or told."""
        self._late: list[Late] = []
        self._callers: dict[str, list[tuple[int, tuple[int, ...]]]] = {}

    # --- the model -----------------------------------------------------------------------------

    def send(self, body: bytes, timeout: float) -> Reply:
        told = self.replies.pop(0) if self.replies else "plan"
        cost, now = cost_of(body), self._world.clock.at
        triage = cost == TRIAGE_COST
        usage = (INPUT_TOKENS, TRIAGE_OUTPUT_TOKENS if triage else OUTPUT_TOKENS)
        reply = TROUBLE[told](usage) if told in TROUBLE else message(ANSWERS[told][triage], usage=usage)
        tables = self._tables()
        run = tables.prompts.get(body, "without a stored prompt")
        self._note_caller(run)
        if isinstance(reply, Unanswered) and not reply.may_have_been_billed:
            cost = 0
        self._tally["calls of the model"] += 1
        billed_at = now + TIMEOUT_MS if told == "no answer" else now
        self.asked.append(Asked(body, cost, billed_at, stored=run in tables.answered))
        return reply

    def _note_caller(self, run: str) -> None:
        """Two requests that are alive at the same time must not both ask for one run."""
        me = self.living[-1]
        for caller, amid in self._callers.get(run, ()):
            if caller != me and (caller in self.living or me in amid):
                self.wrong.append(f"two deliveries of run {run} asked at once")
        self._callers.setdefault(run, []).append((me, tuple(self.living)))

    # --- the relay -----------------------------------------------------------------------------

    def write(self, action: Action) -> Effect:
        """One attempt at an action, as a writer makes it."""
        if action.type == "add_comment":
            return self._fuse.around("POST comment", lambda: self._post(action))
        before = self._labels(action)
        reader = FusedReader(self._world.github, self._fuse)
        effect = change_labels(action, reader, self._world.app.team.taxonomy, lambda step: self._request(action, step))
        labels = self._labels(action)
        add, remove = set(action.payload["add"]), set(action.payload["remove"])
        if effect.outcome == "executed" and (not add <= labels or remove & labels):
            self.wrong.append(f"action {action.id} is told as executed with {sorted(labels)}")
        if effect.outcome == "failed" and labels != before:
            self.wrong.append(f"action {action.id} is told as failed, from {sorted(before)} to {sorted(labels)}")
        return effect

    def _post(self, action: Action) -> Effect:
        outcome = self._outcome()
        if outcome in ("executed", "lost"):
            self._land_comment(action)
        if outcome == "late":
            self._later(lambda: self._land_comment(action))
        match outcome:
            case "executed":
                return Effect("executed", "as told")
            case "failed" | "half":
                return Effect("failed", "as told")
        return Effect("outcome_unknown", "no answer")

    def _request(self, action: Action, step: LabelStep) -> Attempt:
        return self._fuse.around("POST labels", lambda: self._relabel(action, step))

    def _relabel(self, action: Action, step: LabelStep) -> Attempt:
        outcome = self._outcome()
        if outcome in ("executed", "lost"):
            self._land_labels(action, step)
        if outcome == "half":
            self._land_labels(action, replace(step, add=()))
        if outcome == "late":
            self._later(lambda: self._land_labels(action, step))
        match outcome:
            case "executed":
                return Attempt("done", "as told")
            case "failed":
                return Attempt("refused", "as told")
            case "half":
                return Attempt("stopped", "as told")
        return Attempt("unclear", "no answer")

    def _outcome(self) -> str:
        return self.outcomes.pop(0) if self.outcomes else "executed"

    # --- GitHub --------------------------------------------------------------------------------

    def pass_time(self, seconds: int, *, lands: bool) -> None:
        """What is under way lands before its settle time is over, or never."""
        clock = self._world.clock
        overdue = [late for late in self._late if late.sent_at + SETTLE_MS <= clock.at + seconds * 1000]
        for late in overdue:
            self._late.remove(late)
            if lands:
                late.land()
        clock.forward(seconds)

    def land_all(self) -> None:
        """Nothing is under way any more."""
        late, self._late = self._late, []
        for one in late:
            one.land()

    def _later(self, land: Callable[[], None]) -> None:
        self._late.append(Late(self._world.clock.at, land))

    def _land_comment(self, action: Action) -> None:
        body = action.payload["body"]
        self._tally["comments"] += 1
        self.landed.append(Landed(action.target.number, body, action_of(body) in self._under_way()))
        self._world.github.post(action.target.number, body, "2026-11-22T12:00:00Z")

    def _land_labels(self, action: Action, step: LabelStep) -> None:
        """As the relay does it: one label after the other is removed, until one is not there; then the others come."""
        before = self._labels(action)
        gone = next((at for at, label in enumerate(step.remove) if label not in before), len(step.remove))
        add = step.add if gone == len(step.remove) else ()
        self._world.github.relabel(action.target.number, add, step.remove[:gone])
        labels = self._labels(action)
        if labels != before:
            self._tally["label changes"] += 1
            intended = changing(self._under_way(), action.target.number)
            self.relabelled.append(Relabelled(action.target.number, labels, intended))

    def _labels(self, action: Action) -> frozenset[str]:
        return frozenset(self._world.github.known[action.target.number].labels)


class FusedReader:
    """GitHub's reads, through the fuse."""

    def __init__(self, github: Any, fuse: Fuse) -> None:
        self._github = github
        self._fuse = fuse

    def __getattr__(self, name: str) -> Any:
        read = getattr(self._github, name)
        return lambda *arguments: self._fuse.around(f"GET {name}", lambda: read(*arguments))
