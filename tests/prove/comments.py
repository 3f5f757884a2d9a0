"""Random histories of one pull request's comments: answers lost and late, pushes, edits by others, approvals.

Whatever happens, no action has two comments on GitHub at once. The assumption is the service's own: what has not
landed when `EFFECT_SETTLE_SECONDS` are over does not land any more.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from core.actions.states import SUPERSEDED, WAITING, read
from core.actions.writers import github_writer, relay_writer
from core.approvals.approve import approve, reject
from core.approvals.reconcile import look_at_waiting
from core.context.github import GitHubReader
from core.errors import Conflict, OrchestratorError
from core.http.wire import FixedToken
from core.runs.arrow import dispatch
from core.types import Json, Target, TaskRequest
from local.faults import Fault
from local.github import GitHubStandIn
from local.relay import RelayStandIn
from local.repository import Repository
from tests.http.test_labels import Direct
from tests.prove.rig import REPOSITORY, case
from tests.support.fakes import AUTHOR, World, make_world
from tests.support.rejudging import judge_again

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

FAR: Final = 10**15
MARKER: Final = re.compile("dfg-orchestrator action=([0-9a-f-]{36})")
SETTLED: Final = 901
FAULTS: Final = (
    Fault(lose_answer=True),
    Fault(land_later=True),
    Fault(hang_up=True),
    Fault(status=502),
    Fault(status=502, done=True),
    Fault(status=422),
)
EDITS: Final = ("{}\n\nEdit: thanks!", "> quoted\n\n{}", "{}\r\n- [x] done\r\n", "{} {}")


class History:
    """One pull request, one writer, and a sequence of random steps."""

    def __init__(self, seed: int, client: DynamoDBClient, tables: Mapping[str, str], *, direct: bool) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - reproducible
        self.tally: Counter[str] = Counter()
        world = make_world(client, dict(tables), GITHUB_REPOSITORY=REPOSITORY, COMMENT_STORM_HOURS="0", **LOOSE)
        self.repository = Repository(REPOSITORY, lambda: datetime.fromtimestamp(world.clock.at / 1000, UTC))
        self.repository.load(case())
        self.github, self.relay = GitHubStandIn(self.repository), RelayStandIn(self.repository)
        self.github.login = self.relay.login = AUTHOR
        http = Direct({"github": self.github.answer, "relay": self.relay.answer})
        reader = GitHubReader(http, "http://github", REPOSITORY, FixedToken(self.github.token))
        taxonomy = world.app.team.taxonomy
        writer = (
            github_writer(http, "http://github", FixedToken(self.github.token), reader, taxonomy)
            if direct
            else relay_writer(http, "http://relay", FixedToken(self.relay.token), reader, taxonomy)
        )
        self.world: World = replace(world, app=replace(world.app, github=lambda: reader, writer=lambda: writer))
        self.pushes = 0

    def run(self, steps: int) -> None:
        """Raises AssertionError at the first step after which an action has two comments."""
        told: list[str] = []
        for _ in range(steps):
            step: Callable[[], str] = self.chance.choice(
                (*(self.draft, self.decide, self.trap) * 2, self.push, self.edit, self.delete, self.wait, self.look)
            )
            what = step()
            told.append(what)
            self.tally[what] += 1
            comments = self.repository.comments(42)
            seen = Counter(action for comment in comments for action in set(MARKER.findall(comment["body"])))
            assert not seen or max(seen.values()) == 1, f"{seen.most_common(1)} after {told}"

    def draft(self) -> str:
        self._maybe_fail()
        result = self._dispatch(force=self.chance.random() < 0.3)
        return f"drafted: {result.get('state') or result['status']}"

    def trap(self) -> str:
        """An answer is lost, somebody edits the comment, and the Captain approves once the settle time is over."""
        self._order(self.chance.choice((Fault(lose_answer=True), Fault(land_later=True))))
        self._dispatch(force=True)
        self._land()
        self.edit()
        self.world.clock.forward(SETTLED)
        return self.decide()

    def push(self) -> str:
        self.pushes += 1
        self.repository.push(42, f"{self.pushes:040x}")
        return "pushed"

    def edit(self) -> str:
        comments = self.repository.comments(42)
        if comments:
            comment = comments[-1] if self.chance.random() < 0.7 else self.chance.choice(comments)
            change = self.chance.choice(EDITS)
            if len(comment["body"]) < 20_000:
                self.repository.edit_comment(comment["id"], change.format(comment["body"], "ok"))
        return "edited"

    def delete(self) -> str:
        comments = self.repository.comments(42)
        if comments and self.chance.random() < 0.3:
            self.repository.delete_comment(self.chance.choice(comments)["id"])
            return "deleted"
        return "left"

    def wait(self) -> str:
        seconds = self.chance.choice((1, 61, 300, SETTLED, 6 * 3600, 86_400))
        if seconds >= SETTLED or self.chance.random() < 0.3:
            self._land()
        self.world.clock.forward(seconds)
        return "waited"

    def look(self) -> str:
        counts = look_at_waiting(self.world.app, FAR)
        return "looked: " + ", ".join(name for name, count in counts.items() if count and name != "looked")

    def decide(self) -> str:
        action_id = self._any_action()
        if not action_id:
            return "nothing to decide"
        self._maybe_fail()
        try:
            if self.chance.random() < 0.15:
                return str(reject(self.world.app, action_id, "captain", "")["status"])
            return f"approved: {self._approve(action_id)}"
        except OrchestratorError as error:
            return f"refused: {error.detail.get('state', error.code)}"

    def _dispatch(self, *, force: bool) -> Json:
        request = TaskRequest("qa_plan", Target("pull_request", 42), 100, force, "ci", "api")
        return dispatch(self.world.app, request, wait_until=0, deadline=FAR)

    def _approve(self, action_id: str) -> str:
        try:
            return str(approve(self.world.app, action_id, "captain", None)["status"])
        except Conflict as moved:
            if "digest" not in moved.detail:
                raise
            return str(approve(self.world.app, action_id, "captain", moved.detail["digest"])["status"])

    def _any_action(self) -> str:
        app = self.world.app
        pages = [
            app.store.query(app.settings.actions_table, equals=("queue", queue), index="queue")
            for queue in (WAITING, SUPERSEDED)
        ]
        items = [read(item).action.id for page in pages for item in page.items]
        return self.chance.choice(items) if items else ""

    def _maybe_fail(self) -> None:
        self._order(self.chance.choice(FAULTS) if self.chance.random() < 0.6 else None)

    def _order(self, fault: Fault | None) -> None:
        for stand_in, operation in ((self.github, "comment"), (self.relay, "relay.comment")):
            stand_in.faults.forget_orders()
            if fault is not None:
                stand_in.faults.order(operation, fault)

    def _land(self) -> None:
        self.github.faults.land()
        self.relay.faults.land()


LOOSE: Final = {
    "GUARDRAIL_OVERRIDE": "acknowledged",
    "MAX_COMMENTS_PER_TARGET_PER_DAY": "1000",
    "MAX_COST_PER_WINDOW_USD": "500",
    "MAX_TASKS_PER_WINDOW": "100",
}
"""Whatever would keep histories short."""


def explore(client: DynamoDBClient, tables: Mapping[str, str], *, seeds: range, steps: int) -> Counter[str]:
    """How often what happened, over histories with either writer."""
    tally: Counter[str] = Counter()
    for seed in seeds:
        history = History(seed, client, tables, direct=bool(seed % 2))
        history.run(steps)
        tally += history.tally
        judge_again(client, tables)
        _empty(client, tables)
    return tally


KEYS: Final = {
    "ACTIONS_TABLE": ("id",),
    "DEDUPE_TABLE": ("key",),
    "BREAKER_TABLE": ("id",),
    "AUDIT_TABLE": ("chain", "seq"),
    "CONTENT_TABLE": ("run", "name"),
}


def _empty(client: DynamoDBClient, tables: Mapping[str, str]) -> None:
    """The engine copies a table whole for each transaction on it: histories would wait for those before them."""
    for variable, keys in KEYS.items():
        for item in client.scan(TableName=tables[variable])["Items"]:
            client.delete_item(TableName=tables[variable], Key={name: item[name] for name in keys})
