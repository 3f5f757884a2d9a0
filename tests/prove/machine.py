"""The service as hypothesis drives it: requests, deaths at any step, requests amid requests, time, lost answers.

After each step the laws must hold in the tables and outside. What an attempt without an answer did is
known here: it landed at once, or it lands later, within the settle time, or never; the service may
assume no more than that.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from core import approvals, breaker_reset
from core.actions import states
from core.actions.writer import Writer
from core.app import App
from core.binding import bind
from core.dispatcher.reply import Reply, Unanswered
from core.errors import OrchestratorError
from core.pipeline import dispatch, work
from core.reconcile import look_at_waiting
from core.types import Action, Effect, Target, TaskRequest
from local.engine import TABLE_VARIABLES, create_tables
from tests.fakes import PLAN, World, make_world, message, pull_request, trouble
from tests.prove.evidence import Asked, Landed, Outside, Tables, action_of, broken_laws, intents, read_tables
from tests.prove.fuse import Fuse, FusedModel, FusedStoreClient, in_turn, last_first
from tests.prove.rig import COST, INPUT_TOKENS, OUTPUT_TOKENS

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

    from local.template import Template

FAR: Final = 10**15
TIMEOUT_MS: Final = 282_000
SETTLE_MS: Final = 900_000
USAGE: Final = (INPUT_TOKENS, OUTPUT_TOKENS)
SUSPECT: Final = "Open https://elsewhere.example.org/x and look"

REPLIES: Final[dict[str, Callable[[], Reply]]] = {
    "plan": lambda: message(usage=USAGE),
    "suspicious": lambda: message({**PLAN, "general_checks": [SUSPECT]}, usage=USAGE),
    "no plan": lambda: message("not json", usage=USAGE),
    "cut short": lambda: message(stop_reason="max_tokens", usage=USAGE),
    "overloaded": lambda: trouble(529),
    "server error": lambda: trouble(500),
    "refused": lambda: trouble(400),
    "no answer": lambda: Unanswered("no_answer", "as told"),
}
COMMANDS: Final = st.tuples(
    st.sampled_from(
        (
            "dispatch",
            "dispatch",
            "hand over",
            "hand over",
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
OUTCOMES: Final = ("executed", "failed", "lost", "late", "never")


class Killed(BaseException):
    """The process died here."""


def die() -> None:
    raise Killed


@dataclass(frozen=True)
class Late:
    """A comment that is still under way."""

    action: Action
    sent_at: int


class Machine(RuleBasedStateMachine):
    """One service, two pull requests, and a world that misbehaves."""

    def __init__(self, client: DynamoDBClient, template: Template, tally: Counter[str]) -> None:
        super().__init__()
        self._client = client
        self._tally = tally
        prefix = f"m{uuid.uuid4().hex[:8]}"
        self._names = {v: f"{prefix}-{v.removesuffix('_TABLE').lower()}" for v in TABLE_VARIABLES.values()}
        create_tables(client, template, self._names)
        self._fuse = Fuse()
        fused: Any = FusedStoreClient(client, self._fuse)
        self._world: World = make_world(fused, self._names)
        self._world.github.pulls[43] = pull_request(43)
        self._together: Callable[..., list[Any]] = in_turn
        self._replies: list[str] = []
        self._outcomes: list[str] = []
        self._landed: list[Landed] = []
        self._late: list[Late] = []
        self._asked: list[Asked] = []
        self._living: list[int] = []
        self._callers: dict[str, list[tuple[int, tuple[int, ...]]]] = {}
        self._doubled: list[str] = []
        self._requests = 0
        self._heads = 0

    @initialize()
    def something_waits(self) -> None:
        """An action that waits for approval, and a run that waits for the worker."""
        self._replies = ["suspicious"]
        self._carry_out(("dispatch", 0))
        self._carry_out(("hand over", 1))

    # --- what is asked of the service ----------------------------------------------------------

    @rule(
        command=COMMANDS,
        fate=st.sampled_from(("lives", "dies", "dies", "is interrupted")),
        moment=MOMENTS,
        backwards=st.booleans(),
        other=st.one_of(st.none(), COMMANDS),
        replies=st.lists(st.sampled_from(sorted(REPLIES)), max_size=3),
        outcomes=st.lists(st.sampled_from(OUTCOMES), max_size=2),
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
        self._replies, self._outcomes = replies, outcomes
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
        """What is under way lands before its settle time is over, or never."""
        clock = self._world.clock
        overdue = [late for late in self._late if late.sent_at + SETTLE_MS <= clock.at + seconds * 1000]
        for late in overdue:
            self._late.remove(late)
            if lands:
                self._land(late.action)
        clock.forward(seconds)

    @rule(number=st.sampled_from((42, 43)), moves=st.booleans())
    def github_moves_on(self, number: int, moves: bool) -> None:
        """What is under way lands; a head may move."""
        late, self._late = self._late, []
        for one in late:
            self._land(one.action)
        if moves:
            self._heads += 1
            self._world.github.pulls[number] = pull_request(number, head_sha=f"{self._heads:040x}")

    # --- what must hold ------------------------------------------------------------------------

    @invariant()
    def laws_hold(self) -> None:
        wrong = [*broken_laws(*self._look()), *self._doubled]
        assert not wrong, wrong

    def teardown(self) -> None:
        """Everything is delivered again, looked at and left alone: the laws at rest."""
        self._replies, self._outcomes = [], []
        self.time_passes(601, lands=True)
        app = self._app(worker=True)
        self._living.append(0)
        for run, item in self._look()[0].runs.items():
            if item["stage"] != "finished":
                work(app, run, FAR)
        look_at_waiting(app, FAR)
        wrong = broken_laws(*self._look(), at_rest=True)
        for name in self._names.values():
            self._client.delete_table(TableName=name)
        assert not wrong, wrong

    # --- the service ---------------------------------------------------------------------------

    def _carry_out(self, command: Command) -> None:
        self._requests += 1
        self._living.append(self._requests)
        try:
            answer = str(self._answer(command))
        except OrchestratorError as error:
            note(f"{command}: {error.message}")
            answer = error.code
        finally:
            self._living.pop()
        note(f"{command}: {answer}")
        self._tally[f"{command[0]}: {answer}" if command[0] != "look" else "look"] += 1

    def _answer(self, command: Command) -> Any:
        kind, which = command
        app = self._app(worker=kind == "hand over")
        match kind:
            case "dispatch" | "hand over" | "force":
                request = TaskRequest(
                    "qa_plan", Target("pull_request", 42 + which % 2), 100, kind == "force", "ci", "api"
                )
                return dispatch(app, request, wait_until=0, deadline=FAR)["status"]
            case "reset":
                return breaker_reset.reset(app, "captain")["status"]
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
            return approvals.reject(app, action, "captain", "as told")["status"]
        digest = self._digest_now(action) if kind == "approve as it is now" else None
        return approvals.approve(app, action, "captain", digest)["status"]

    def _undelivered(self) -> list[str]:
        return [run for run, item in self._tables().runs.items() if item["stage"] != "finished"]

    def _digest_now(self, action: str) -> str:
        stored = states.read(self._tables().actions[action])
        return bind(stored.action, self._world.github.target(stored.action.target), "another").digest

    def _app(self, *, worker: bool) -> App:
        reader = FusedReader(self._world.github, self._fuse)
        writer = FusedWriter(self, self._fuse)
        return replace(
            self._world.app,
            together=lambda thunks: self._together(thunks),
            github=lambda: reader,
            writer=lambda: writer,
            model=lambda: FusedModel(self, self._fuse),
            start_worker=(lambda event: self._fuse.around("the worker's start", lambda: None)) if worker else None,
        )

    def _note(self, fate: str) -> None:
        moment = self._fuse.passed[-1] if self._fuse.passed else "at once"
        note(f"{fate} after: {moment}")
        self._tally[fate] += 1

    # --- the world -----------------------------------------------------------------------------

    def send(self, body: bytes, timeout: float) -> Reply:
        """The model."""
        told = self._replies.pop(0) if self._replies else "plan"
        reply = REPLIES[told]()
        now = self._world.clock.at
        tables = self._tables()
        run = tables.prompts.get(body, "without a stored prompt")
        stored = run in tables.answered
        self._note_caller(run)
        cost = 0 if isinstance(reply, Unanswered) and not reply.may_have_been_billed else COST
        billed_at = now + TIMEOUT_MS if told == "no answer" else now
        self._tally["calls of the model"] += 1
        self._asked.append(Asked(body, cost, billed_at, stored))
        return reply

    def _note_caller(self, run: str) -> None:
        """Two requests that are alive at the same time must not both ask for one run."""
        me = self._living[-1]
        for caller, amid in self._callers.get(run, ()):
            if caller != me and (caller in self._living or me in amid):
                self._doubled.append(f"two deliveries of run {run} asked at once")
        self._callers.setdefault(run, []).append((me, tuple(self._living)))

    def post(self, action: Action) -> Effect:
        """The relay."""
        outcome = self._outcomes.pop(0) if self._outcomes else "executed"
        if outcome in ("executed", "lost"):
            self._land(action)
        if outcome == "late":
            self._late.append(Late(action, self._world.clock.at))
        match outcome:
            case "executed":
                return Effect("executed", "as told")
            case "failed":
                return Effect("failed", "as told")
        return Effect("outcome_unknown", "no answer")

    def _land(self, action: Action) -> None:
        body = action.payload["body"]
        self._tally["comments"] += 1
        self._landed.append(Landed(action.target.number, body, action_of(body) in intents(self._tables())))
        self._world.github.post(action.target.number, body, "2026-11-22T12:00:00Z")

    def _tables(self) -> Tables:
        return read_tables(self._client, self._names)

    def _look(self) -> tuple[Tables, Outside]:
        return self._tables(), Outside(tuple(self._landed), tuple(self._asked), self._world.clock.at)


class FusedReader:
    """GitHub's reads, through the fuse."""

    def __init__(self, github: Any, fuse: Fuse) -> None:
        self._github = github
        self._fuse = fuse

    def __getattr__(self, name: str) -> Any:
        read = getattr(self._github, name)
        return lambda *arguments: self._fuse.around(f"GET {name}", lambda: read(*arguments))


class FusedWriter(Writer):
    """The machine's relay, through the fuse."""

    name = "fake"

    def __init__(self, machine: Machine, fuse: Fuse) -> None:
        self._machine = machine
        self._fuse = fuse

    def write(self, action: Action) -> Effect:
        return self._fuse.around("POST comment", lambda: self._machine.post(action))


def _pick(known: Any, which: int) -> str | None:
    names = sorted(known)
    return names[which % len(names)] if names else None
