"""Label changes against the stand-ins, stopped at every step in every way: where the labels end, and what is said.

The stand-ins answer without sockets here, so that thousands of stories can be told; `test_writer_modes`
sends over real ones.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product

import pytest

from core.actions.labels import change_of
from core.actions.writers import HttpWriter, github_writer, relay_writer
from core.context import team
from core.context.app_token import fixed_token
from core.context.github import GitHubReader
from core.http.wire import NoAnswer, NotSent, Response
from core.types import Action, Effect, Target
from local.faults import Fault
from local.github import GitHubStandIn
from local.relay import RelayStandIn
from local.repository import Repository
from local.web import Answer, HangUp, Request
from tests.support.actions import a_comment

TAXONOMY = team.load().taxonomy
NUMBER = 7
OTHERS = ("bug", "sprint:n")
REMOVED = ("status:triage", "prio:P3", "needs:pm")
SIZES = [(removals, adds) for removals in (0, 1, 2, 3) for adds in (1, 2, 3)]

STEP = "relay.labels.step"
WHOLE = "relay.labels"
Order = tuple[str, Fault]
"""The operation that fails, and how."""

AT_A_STEP: Mapping[str, Fault] = {
    "422": Fault(status=422),
    "404": Fault(status=404),
    "502": Fault(status=502),
    "502 done": Fault(status=502, done=True),
    "dies before": Fault(hang_up=True),
    "dies after": Fault(lose_answer=True),
    "lands later": Fault(land_later=True),
}
AT_ONCE: Mapping[str, Fault] = {
    "400": Fault(status=400),
    "401": Fault(status=401),
    "405": Fault(status=405),
    "hangs up": Fault(hang_up=True),
    "answer lost": Fault(lose_answer=True),
    "all later": Fault(land_later=True),
    "502 at once": Fault(status=502),
    "502 when done": Fault(status=502, done=True),
}
REPAIRS: Mapping[str, Order | None] = {
    "goes well": None,
    "422": (STEP, Fault(status=422)),
    "401": (WHOLE, Fault(status=401)),
    "502 done": (STEP, Fault(status=502, done=True)),
    "hangs up": (WHOLE, Fault(hang_up=True)),
    "lands later": (STEP, Fault(land_later=True)),
    "answer lost": (WHOLE, Fault(lose_answer=True)),
}


class Direct:
    """Http that ends at the stand-ins themselves. `ordered` is done before each request that changes something."""

    def __init__(self, serving: Mapping[str, Callable[[Request], Answer]]) -> None:
        self._serving = serving
        self.ordered: Iterator[Callable[[], None]] = iter(())
        self.writes = 0
        self.refusing = False

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout: float) -> Response:
        if method != "GET":
            self.writes += 1
            if self.refusing:
                raise NotSent("refused")
            next(self.ordered, lambda: None)()
        host, _, path = url.removeprefix("http://").partition("/")
        path, _, query = f"/{path}".partition("?")
        try:
            answer = self._serving[host](Request(method, path, query, headers, body or b""))
        except HangUp:
            raise NoAnswer("hung up") from None
        return Response(answer.status, answer.headers, answer.body)


@dataclass
class Side:
    """One issue, and both writers to it."""

    repository: Repository
    github: GitHubStandIn
    relay: RelayStandIn
    http: Direct
    through_relay: HttpWriter
    directly: HttpWriter

    def begin(self, labels: tuple[str, ...]) -> None:
        self.github.faults.clear()
        self.relay.faults.clear()
        self.http.ordered, self.http.writes, self.http.refusing = iter(()), 0, False
        self.repository.put_issue(NUMBER, labels=[{"name": name} for name in labels])

    def labels(self) -> frozenset[str]:
        return frozenset(label["name"] for label in self.repository.labels(NUMBER))

    def fail(self, order: Order | None, after: int = 0) -> Callable[[], None]:
        """Has the next request fail, at its step number `after`."""

        def now() -> None:
            self.relay.faults.forget_orders()
            if order is not None:
                if after:
                    self.relay.faults.order(order[0], Fault(), times=after)
                self.relay.faults.order(*order)

        return now


@pytest.fixture(scope="module")
def side() -> Iterator[Side]:
    repository = Repository("dfg/app")
    github, relay = GitHubStandIn(repository), RelayStandIn(repository)
    http = Direct({"github": github.answer, "relay": relay.answer})
    reader = GitHubReader(http, "http://github", "dfg/app", fixed_token(github.token))
    yield Side(
        repository,
        github,
        relay,
        http,
        relay_writer(http, "http://relay", fixed_token(relay.token), reader, TAXONOMY),
        github_writer(http, "http://github", fixed_token(github.token), reader, TAXONOMY),
    )
    github.close()
    relay.close()


def action(add: tuple[str, ...], remove: tuple[str, ...], before: tuple[str, ...]) -> Action:
    payload = {"add": list(add), "remove": list(remove), "before": sorted(before)}
    return a_comment(type="change_labels", target=Target("issue", NUMBER), payload=payload)


def sized(removals: int, adds: int) -> tuple[Action, tuple[str, ...]]:
    """A change of so many labels, and the labels that it begins with."""
    before = (*OTHERS, *REMOVED[:removals])
    add = ("status:ready", "needs:dev", "prio:P1" if removals != 1 else "component:dfg-api")
    return action(add[:adds], REMOVED[:removals], before), before


def require_truth(side: Side, wanted: Action, before: tuple[str, ...], effect: Effect) -> None:
    """What the effect says is how the labels are; labels of others are as they were."""
    change = change_of(wanted, before, TAXONOMY)
    there = side.labels() & change.touched
    assert side.labels() - change.touched == frozenset(OTHERS)
    assert len(effect.detail) <= 300
    match effect.outcome:
        case "executed":
            assert there == change.intended, effect
            assert effect.detail.startswith("the labels are as wanted")
        case "failed":
            assert there == change.former, effect
            assert "the labels are as before" in effect.detail or "was refused" in effect.detail
        case _ if there in (change.intended, change.former):
            assert effect.detail.startswith("the labels are as before, as of now"), effect
        case _:
            assert effect.detail.startswith(f"half done: {change.progress(there)}; "), effect


def landed(side: Side, wanted: Action, before: tuple[str, ...], effect: Effect) -> None:
    """Once all that was under way has landed, a definite outcome is still true."""
    side.relay.faults.land()
    change = change_of(wanted, before, TAXONOMY)
    there = side.labels() & change.touched
    if effect.outcome == "executed":
        assert there == change.intended, effect
    if effect.outcome == "failed":
        assert there == change.former, effect


@pytest.mark.parametrize(("removals", "adds"), SIZES)
def test_a_change_through_either_writer(side: Side, removals: int, adds: int) -> None:
    wanted, before = sized(removals, adds)
    for writer in (side.through_relay, side.directly):
        side.begin(before)
        effect = writer.write(wanted)
        assert effect == Effect("executed", "the labels are as wanted")
        require_truth(side, wanted, before, effect)
        assert side.http.writes == 1


def stops(removals: int) -> list[tuple[Order, int]]:
    """Every way for the first request to end, at every step: k removals done, or all of them, or everything."""
    at_steps = [((STEP, fault), step) for fault, step in product(AT_A_STEP.values(), range(removals + 1))]
    return [*at_steps, *(((WHOLE, fault), 0) for fault in AT_ONCE.values())]


@pytest.mark.parametrize(("removals", "adds"), SIZES)
def test_the_relays_partial_failures_end_in_the_wanted_or_the_former_set(side: Side, removals: int, adds: int) -> None:
    wanted, before = sized(removals, adds)
    change = change_of(wanted, before, TAXONOMY)
    for order, step in stops(removals):
        side.begin(before)
        side.http.ordered = iter([side.fail(order, step), side.fail(None)])
        effect = side.through_relay.write(wanted)
        require_truth(side, wanted, before, effect)
        assert side.labels() & change.touched in (change.intended, change.former), (order, step, effect)
        assert side.http.writes <= 2
        landed(side, wanted, before, effect)


@pytest.mark.parametrize(("removals", "adds"), [(1, 1), (2, 2), (3, 3)])
def test_what_the_repairs_cannot_mend_is_named(side: Side, removals: int, adds: int) -> None:
    """Every way to stop × every way for the completion × every way for the undoing."""
    wanted, before = sized(removals, adds)
    ends = set()
    for (order, step), second, third in product(stops(removals), REPAIRS.values(), REPAIRS.values()):
        side.begin(before)
        side.http.ordered = iter([side.fail(order, step), side.fail(second), side.fail(third)])
        effect = side.through_relay.write(wanted)
        require_truth(side, wanted, before, effect)
        assert side.http.writes <= 3
        ends.add((effect.outcome, effect.detail.split(":")[0].split(",")[0]))
        landed(side, wanted, before, effect)
    assert {outcome for outcome, _ in ends} == {"executed", "failed", "outcome_unknown"}
    assert ("failed", "half done and undone") in ends
    assert ("outcome_unknown", "half done") in ends


def test_a_label_that_github_does_not_take_is_undone(side: Side) -> None:
    """No fault is ordered once: the relay's last step fails whenever the new status is added."""
    wanted, before = sized(2, 2)
    side.begin(before)
    add_refused = side.fail((STEP, Fault(status=422)), after=2)
    again_refused = side.fail((STEP, Fault(status=422)))
    side.http.ordered = iter([add_refused, again_refused, side.fail(None)])
    effect = side.through_relay.write(wanted)
    assert effect.outcome == "failed"
    assert effect.detail.startswith(
        "half done and undone: the labels are as before; dfg-relay answered 500: GitHub API 422"
    )
    assert side.labels() == frozenset(before)


def test_a_refused_connection_changes_nothing(side: Side) -> None:
    wanted, before = sized(1, 1)
    side.begin(before)
    side.http.refusing = True
    for writer in (side.through_relay, side.directly):
        effect = writer.write(wanted)
        assert effect.outcome == "failed"
        require_truth(side, wanted, before, effect)


def test_a_second_attempt_finishes_what_a_first_one_left_half_done(side: Side) -> None:
    wanted, before = sized(2, 2)
    side.begin(before)
    side.http.ordered = iter([side.fail((STEP, Fault(hang_up=True)), 1), side.fail((WHOLE, Fault(hang_up=True)))])
    first = side.through_relay.write(wanted)
    assert first.outcome == "outcome_unknown"
    side.http.ordered = iter([side.fail(None)])
    second = side.through_relay.write(wanted)
    assert second.outcome == "executed"
    require_truth(side, wanted, before, second)


DIRECT: Mapping[str, tuple[Fault, str, bool]] = {
    "refused": (Fault(status=422), "failed", False),
    "forbidden": (Fault(status=403), "failed", False),
    "502": (Fault(status=502), "outcome_unknown", False),
    "502 when done": (Fault(status=502, done=True), "executed", True),
    "hangs up": (Fault(hang_up=True), "outcome_unknown", False),
    "answer lost": (Fault(lose_answer=True), "executed", True),
    "lands later": (Fault(land_later=True), "outcome_unknown", False),
}


@pytest.mark.parametrize(("fault", "outcome", "done"), DIRECT.values(), ids=DIRECT)
def test_github_itself_sets_all_labels_or_none(side: Side, fault: Fault, outcome: str, done: bool) -> None:
    for removals, adds in SIZES:
        wanted, before = sized(removals, adds)
        change = change_of(wanted, before, TAXONOMY)
        side.begin(before)
        side.github.faults.order("change_labels", fault)
        effect = side.directly.write(wanted)
        assert effect.outcome == outcome
        require_truth(side, wanted, before, effect)
        assert (side.labels() & change.touched == change.intended) == done
        assert side.http.writes == 1


def test_the_direct_request_keeps_the_labels_of_others_in_their_order(side: Side) -> None:
    wanted, before = sized(1, 1)
    side.begin(("zeta", *before, "alpha"))
    side.directly.write(wanted)
    [call] = [call for call in side.github.faults.calls.entries() if call.operation == "change_labels"]
    assert (call.method, call.path) == ("PUT", f"/repos/dfg/app/issues/{NUMBER}/labels")
    assert json.loads(call.body) == {"labels": ["zeta", "bug", "sprint:n", "alpha", "status:ready"]}


def test_the_relays_request_is_its_contract(side: Side) -> None:
    wanted, before = sized(2, 1)
    side.begin(before)
    side.through_relay.write(wanted)
    [call] = [call for call in side.relay.faults.calls.entries() if call.operation == WHOLE]
    assert json.loads(call.body) == {
        "issue": NUMBER,
        "repo": "dfg/app",
        "add": ["status:ready"],
        "remove": ["prio:P3", "status:triage"],
    }
