"""The service as hypothesis drives it: requests, deaths at any step, requests amid requests, time, lost answers.

After each step the laws must hold in the tables and outside.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from core.actions import states
from core.app import App
from core.approvals import approve
from core.approvals.binding import bind
from core.approvals.reconcile import look_at_waiting
from core.dispatcher import tripping
from core.errors import OrchestratorError
from core.runs.arrow import dispatch, work
from core.types import Issue, Target, TaskRequest
from tests.prove.counterparts import OUTCOMES, REPLIES, Counterparts, FusedReader
from tests.prove.evidence import Outside, Tables, read_tables, read_under_way
from tests.prove.fuse import Fuse, FusedModel, FusedStoreClient, in_turn, last_first
from tests.prove.laws import broken_laws
from tests.prove.lean import Item, LeanClient
from tests.prove.rig import TEXT
from tests.support.fakes import World, make_world, pull_request
from tests.support.label_runs import PHASE3

FAR: Final = 10**15
PULLS, ISSUES = (42, 43), (7, 8)
FORMER: Final = ("status:triage", "prio:P3", "good first issue")
LABELS: Final = (FORMER, ("status:ready", "prio:P2"), ("status:blocked", "prio:P0", "needs:qa"), ())
"""What people label issues with."""
COMMANDS: Final = st.tuples(
    st.sampled_from(
        (
            "dispatch",
            "dispatch",
            "hand over",
            "hand over",
            "triage",
            "triage",
            "triage handed over",
            "triage by force",
            "deliver",
            "deliver",
            "approve",
            "approve",
            "approve as it is now",
            "reject",
            "look",
            "force",
            "reset",
        )
    ),
    st.integers(0, 5),
)
Command = tuple[str, int]
MOMENTS: Final = st.one_of(st.integers(0, 8), st.integers(6, 36))
"""A dispatch has some thirty, an approval ten."""
JUMPS: Final = (1, 61, 130, 410, 600, 901, 3_602, 6 * 3_600, 24 * 3_600, 7 * 86_400)


class Killed(BaseException):
    """The process died here."""


def die() -> None:
    raise Killed


class Machine(RuleBasedStateMachine):
    """One service, two pull requests, two issues, and a world that misbehaves."""

    def __init__(self, url: str, tables: Mapping[str, str], tally: Counter[str]) -> None:
        super().__init__()
        self._names = tables
        self._tally = tally
        self._client = LeanClient(url)
        self._client.empty(tables.values())
        self._fuse = Fuse()
        fused: Any = FusedStoreClient(self._client, self._fuse)
        self._world: World = make_world(fused, dict(tables), worker=False, **PHASE3)
        self._github = self._world.github
        self._github.pulls[43] = pull_request(43)
        for number in ISSUES:
            self._github.known[number] = Issue(number, f"Price {number} is wrong", TEXT, "open", FORMER)
        self._others = Counterparts(self._world, self._fuse, self._tables, self._under_way, tally)
        self._together: Callable[..., list[Any]] = in_turn
        self._requests = 0
        self._changes = 0

    @initialize()
    def something_waits(self) -> None:
        """A comment and labels that wait for approval, and a run that waits for the worker."""
        self._others.replies = ["suspicious", "suspicious"]
        self._carry_out(("dispatch", 0))
        self._carry_out(("triage", 0))
        self._carry_out(("hand over", 1))

    # --- what is asked of the service ----------------------------------------------------------

    @rule(
        command=COMMANDS,
        fate=st.sampled_from(("lives", "dies", "dies", "is interrupted")),
        moment=MOMENTS,
        backwards=st.booleans(),
        other=st.one_of(st.none(), COMMANDS),
        replies=st.lists(st.sampled_from(sorted(REPLIES)), max_size=3),
        outcomes=st.lists(st.sampled_from(OUTCOMES), max_size=3),
    )
    def request(
        self,
        command: Command,
        fate: str,
        moment: int,
        backwards: bool,
        other: Command | None,
        replies: list[str],
        outcomes: list[str],
    ) -> None:
        """A request that ends, or dies at some moment, or amid which another is made (None: the same once more)."""
        self._others.replies, self._others.outcomes = replies, outcomes
        self._together = last_first if backwards else in_turn

        def interrupt() -> None:
            self._note("interrupted")
            self._carry_out(other or command)

        if fate != "lives":
            self._fuse.arm(moment, die if fate == "dies" else interrupt)
        try:
            self._carry_out(command)
        except Killed:
            self._note("killed")
        self._fuse.disarm()

    # --- what the world does -------------------------------------------------------------------

    @rule(seconds=st.sampled_from(JUMPS), lands=st.booleans())
    def time_passes(self, seconds: int, lands: bool) -> None:
        self._others.pass_time(seconds, lands=lands)

    @rule(number=st.sampled_from(PULLS), moves=st.booleans())
    def a_head_moves(self, number: int, moves: bool) -> None:
        """What is under way lands; a head may move."""
        self._others.land_all()
        if moves:
            self._changes += 1
            self._github.pulls[number] = pull_request(number, head_sha=f"{self._changes:040x}")

    @rule(number=st.sampled_from(ISSUES), labels=st.sampled_from(LABELS), edited=st.booleans())
    def somebody_edits_an_issue(self, number: int, labels: tuple[str, ...], edited: bool) -> None:
        """What is under way lands; then its labels are others, and its text may be."""
        self._others.land_all()
        self._changes += edited
        title = f"Price {number} is wrong, {self._changes}" if edited else self._github.known[number].title
        self._github.known[number] = replace(self._github.known[number], labels=labels, title=title)

    # --- what must hold ------------------------------------------------------------------------

    @invariant()
    def laws_hold(self) -> None:
        wrong = [*broken_laws(*self._look()), *self._others.wrong]
        assert not wrong, wrong

    def teardown(self) -> None:
        """Everything is delivered again, looked at and left alone: the laws at rest."""
        self._others.replies, self._others.outcomes = [], []
        self.time_passes(601, lands=True)
        app = self._app(worker=True)
        self._others.living.append(0)
        for run, item in self._look()[0].runs.items():
            if item["stage"] != "finished":
                work(app, run, FAR)
        look_at_waiting(app, FAR)
        wrong = broken_laws(*self._look(), at_rest=True)
        assert not wrong, wrong

    # --- the service ---------------------------------------------------------------------------

    def _carry_out(self, command: Command) -> None:
        self._requests += 1
        self._others.living.append(self._requests)
        try:
            answer = str(self._answer(command))
        except OrchestratorError as error:
            note(f"{command}: {error.message}")
            answer = error.code
        finally:
            self._others.living.pop()
        note(f"{command}: {answer}")
        self._tally[f"{command[0]}: {answer}" if command[0] != "look" else "look"] += 1

    def _answer(self, command: Command) -> Any:
        kind, which = command
        app = self._app(worker=kind in ("hand over", "triage handed over"))
        match kind:
            case "dispatch" | "hand over" | "force":
                target = Target("pull_request", PULLS[which % 2])
                request = TaskRequest("qa_plan", target, 100, kind == "force", "ci", "api")
                return dispatch(app, request, wait_until=0, deadline=FAR)["status"]
            case "triage" | "triage handed over" | "triage by force":
                target = Target("issue", ISSUES[which // 4])
                request = TaskRequest("triage", target, None, kind == "triage by force", "ci", "api")
                return dispatch(app, request, wait_until=0, deadline=FAR)["status"]
            case "reset":
                return tripping.reset(app, "captain")["status"]
            case "look":
                return look_at_waiting(app, FAR)
            case "deliver":
                run = _pick(self._undelivered() if which < 4 else self._tables().runs, which)
                # Lambda gives up waiting for another invocation's lease long before that one's end.
                return run and work(app, run, self._world.clock.at + 1_000)["status"]
        action = _pick(self._tables().actions, which)
        if action is None:
            return None
        if kind == "reject":
            return approve.reject(app, action, "captain", "as told")["status"]
        digest = self._digest_now(action) if kind == "approve as it is now" else None
        return approve.approve(app, action, "captain", digest)["status"]

    def _undelivered(self) -> list[str]:
        return [run for run, item in self._tables().runs.items() if item["stage"] != "finished"]

    def _digest_now(self, action: str) -> str:
        stored = states.read(self._tables().actions[action])
        now = self._github.target(stored.action.target)
        return bind(stored.action, now, "another", self._world.app.team.taxonomy).digest

    def _app(self, *, worker: bool) -> App:
        reader = FusedReader(self._github, self._fuse)
        return replace(
            self._world.app,
            together=lambda thunks: self._together(thunks),
            github=lambda: reader,
            writer=lambda: self._others,
            model=lambda: FusedModel(self._others, self._fuse),
            start_worker=(lambda event: self._fuse.around("the worker's start", lambda: None)) if worker else None,
        )

    def _note(self, fate: str) -> None:
        moment = self._fuse.passed[-1] if self._fuse.passed else "at once"
        note(f"{fate} after: {moment}")
        self._tally[fate] += 1

    # --- what there is -------------------------------------------------------------------------

    def _tables(self) -> Tables:
        return read_tables(self._client, self._names)

    def _under_way(self) -> Mapping[str, Item]:
        return read_under_way(self._client, self._names)

    def _look(self) -> tuple[Tables, Outside]:
        others = self._others
        now = self._world.clock.at
        return self._tables(), Outside(others.landed, others.asked, now, relabelled=others.relabelled)


def _pick(known: Any, which: int) -> str | None:
    names = sorted(known)
    return names[which % len(names)] if names else None
