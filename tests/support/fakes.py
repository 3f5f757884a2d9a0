"""Hand-written stand-ins for what `bootstrap` makes, and an App over the real engine with them."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from core.app import App, Thunk
from core.audit.note import LocalSigner
from core.callers.auth import parse_secret
from core.config import read_settings
from core.context import team
from core.context.authors import Asked, unasked
from core.dispatcher.ledger import Ledger
from core.dispatcher.reply import Reply, read_reply
from core.errors import NotFound
from core.policy.transitions import outcome_faults
from core.store import Store
from core.types import (
    GHOST,
    Action,
    Author,
    ChangedFile,
    Comment,
    Effect,
    Issue,
    Json,
    PullRequest,
    Target,
    TargetNow,
    Tree,
)
from tests.support.plans import a_plan

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

START = 1_790_000_000_000
"""Where the tests' clock begins, in milliseconds."""
TOKEN = "captain-token-for-tests-0123456789"  # noqa: S105 - opens nothing
WEBHOOK_SECRET = "github-signs-with-this-in-tests"  # noqa: S105 - opens nothing
AUTHOR = "dfg-bot"


@dataclass
class Clock:
    """Time that moves only when told; `sleep` moves it."""

    at: int = START
    slept: list[float] = field(default_factory=list)

    def now(self) -> int:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += int(seconds * 1000)

    def forward(self, seconds: float) -> None:
        self.at += int(seconds * 1000)


WRITER = Author("contributor", 5, permission="write")
"""Who may write to the repository."""

PATCH = "@@ -1,3 +1,4 @@\n def price(listing):\n-    return listing.price\n+    return max(listing.price, 0)\n"


def pull_request(number: int = 42, **changes: Any) -> PullRequest:
    """A small open pull request."""
    pull = PullRequest(
        number=number,
        title="Clamp negative listing prices",
        body="Prices below zero broke the ranking.",
        state="open",
        head_sha="a" * 40,
        author=WRITER,
        labels=(),
        files=(
            ChangedFile("dfg_api/pricing.py", "modified", 1, 1, PATCH),
            ChangedFile("tests/test_pricing.py", "modified", 1, 1, PATCH),
        ),
        head_repository="dfg/app",
        head_owner_id=9,
    )
    return replace(pull, **changes)


class FakeGitHub:
    """Pull requests, issues and comments in memory: what the reader reads and the writer writes."""

    def __init__(self) -> None:
        self.pulls = {42: pull_request()}
        self.known = {100: Issue(100, "Prices must not be negative", "AC1: a negative price shows as 0", "open", ())}
        self.posted: list[tuple[int, Comment]] = []
        self.reading: Exception | None = None
        self._lock = threading.Lock()

    def pull_request(self, number: int, asked: Asked = unasked) -> PullRequest:
        self._read()
        if number not in self.pulls:
            raise NotFound(f"pull request {number} was not found")
        return replace(self.pulls[number], author=asked(self.pulls[number].author))

    def permission(self, author: Author) -> str | None:
        """Who has none of its own may write, where it is a person."""
        return author.permission or ("write" if author.type == "User" and author != GHOST else None)

    def issue(self, number: int) -> Issue:
        self._read()
        if number not in self.known:
            raise NotFound(f"issue {number} was not found")
        return _written(self.known[number])

    def target(self, target: Target) -> TargetNow:
        self._read()
        if target.type == "pull_request":
            pull = self.pull_request(target.number)
            return TargetNow(pull.state == "open", pull.target_state, pull.labels)
        issue = self.issue(target.number)
        return TargetNow(issue.state == "open", issue.text_digest, issue.labels)

    def issues(self, label: str, limit: int) -> tuple[Issue, ...]:
        self._read()
        listed = [i for _, i in sorted(self.known.items()) if label.lower() in _lower(i.labels) and i.state == "open"]
        return tuple(map(_written, listed[:limit]))

    def labels(self) -> tuple[str, ...]:
        self._read()
        return tuple(team.load().taxonomy.labels)

    def tree(self) -> Tree:
        self._read()
        return Tree(("dfg_api/pricing.py", "dfg_api/ranking.py", "tests/test_pricing.py"), whole=True)

    def comments(self, number: int, since: str = "") -> tuple[Comment, ...]:
        self._read()
        return tuple(comment for target, comment in self.posted if target == number)

    def post(self, number: int, body: str, at: str) -> None:
        with self._lock:
            self.posted.append((number, Comment(AUTHOR, body, at)))

    def relabel(self, number: int, add: Sequence[str], remove: Sequence[str]) -> None:
        with self._lock:
            issue = self.known[number]
            kept = [label for label in issue.labels if label.lower() not in _lower(remove)]
            added = [label for label in add if label.lower() not in _lower(kept)]
            self.known[number] = replace(issue, labels=(*kept, *added))

    def _read(self) -> None:
        if self.reading is not None:
            raise self.reading


def _lower(labels: Sequence[str]) -> set[str]:
    """GitHub knows no case of labels."""
    return {label.lower() for label in labels}


def _written(issue: Issue) -> Issue:
    """An issue of which a test does not say who wrote it is by who may write."""
    return replace(issue, author=WRITER) if issue.author is GHOST else issue


class FakeWriter:
    """Writes to a FakeGitHub as told: `outcomes` holds what the next attempts come to; then all succeed.

    "denied" lacks a right; "lost" does the work and loses the answer; "late" loses it and keeps the comment in
    `landing`.
    """

    name = "fake"

    def __init__(self, github: FakeGitHub) -> None:
        self._github = github
        self.outcomes: list[str] = []
        self.landing: list[Callable[[], None]] = []
        self.before: Callable[[], None] = lambda: None
        self.sent: list[str] = []

    def write(self, action: Action) -> Effect:
        self.before()
        self.sent.append(action.id)
        outcome = self.outcomes.pop(0) if self.outcomes else "executed"
        if action.type == "change_labels" and self._misfit(action):
            return Effect("failed", "the labels have moved")

        def land() -> None:
            if action.type == "change_labels":
                self._github.relabel(action.target.number, action.payload["add"], action.payload["remove"])
            else:
                self._github.post(action.target.number, action.payload["body"], "2026-11-22T12:00:00Z")

        if outcome in ("executed", "lost"):
            land()
        if outcome == "late":
            self.landing.append(land)
        if outcome in ("executed", "failed", "denied"):
            ended = "executed" if outcome == "executed" else "failed"
            return Effect(ended, f"as told: {outcome}", ill=outcome == "denied")
        return Effect("outcome_unknown", "no answer", ill=True)

    def _misfit(self, action: Action) -> bool:
        """As a writer does, the labels are read again before anything is sent."""
        labels = self._github.known[action.target.number].labels
        add, remove = (tuple(action.payload[name]) for name in ("add", "remove"))
        return any(outcome_faults(labels, add, remove, team.load().taxonomy))


PLAN = a_plan("dfg_api/pricing.py", general_checks=["The ranking page loads"])
ASKS = {**PLAN, "general_checks": ["Open https://elsewhere.example.org/x and look"]}
"""A plan that waits: it points outside the repository."""


def message(answer: Any = None, *, stop_reason: str = "end_turn", usage: tuple[int, int] = (1200, 400)) -> Reply:
    """A 200 of the Messages API with `answer` (JSON, or raw text) in it."""
    text = answer if isinstance(answer, str) else json.dumps(PLAN if answer is None else answer)
    body = {
        "id": "msg_fake",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-5-5",
        "content": [{"type": "text", "text": text}],
        "stop_reason": stop_reason,
        "usage": {"input_tokens": usage[0], "output_tokens": usage[1]},
    }
    return read_reply(200, json.dumps(body).encode(), None)


def trouble(status: int, retry_after: str | None = None) -> Reply:
    """An error answer of the Messages API."""
    return read_reply(status, b'{"error": {"type": "as_told"}}', retry_after)


class FakeModel:
    """Answers as told; then with a good plan. Keeps what it was sent."""

    def __init__(self) -> None:
        self.replies: list[Reply] = []
        self.received: list[bytes] = []
        self.before: Callable[[], None] = lambda: None

    def send(self, body: bytes, timeout: float) -> Reply:
        self.received.append(body)
        self.before()
        return self.replies.pop(0) if self.replies else message()


@dataclass
class World:
    """An App and everything behind it."""

    app: App
    clock: Clock
    github: FakeGitHub
    writer: FakeWriter
    model: FakeModel
    started: list[str]
    """Runs, and deliveries of GitHub, handed to the worker."""
    metrics: list[tuple[str, int]]
    published: dict[int, str]


def in_turn(thunks: Sequence[Thunk]) -> list[Any]:
    """`together` without threads: every interleaving point is where the test puts it."""
    return [thunk() for thunk in thunks]


def make_world(client: DynamoDBClient, tables: dict[str, str], *, worker: bool = False, **settings: str) -> World:
    """A world on empty tables, with a closed breaker. `settings` are environment variables."""
    clock = Clock()
    github = FakeGitHub()
    writer = FakeWriter(github)
    model = FakeModel()
    started: list[str] = []
    metrics: list[tuple[str, int]] = []
    published: dict[int, str] = {}
    read = read_settings(
        {"GITHUB_REPOSITORY": "dfg/app", "COMMENT_AUTHOR": AUTHOR, "PHASE": "phase0", **tables, **settings}
    )
    store = Store(client, sleep=clock.sleep, new_id=_new_id)
    ledger = Ledger(store, read.breaker_table, read.limits)
    ledger.create_if_missing()

    def start_worker(event: Json) -> None:
        started.append(event.get("runId") or event["delivery"])

    app = App(
        settings=read,
        credentials=lambda: parse_secret(TOKEN),
        webhook_secret=lambda: WEBHOOK_SECRET,
        own_secrets=lambda: (TOKEN,),
        now=clock.now,
        sleep=clock.sleep,
        new_id=_new_id,
        random_hex=lambda: uuid.uuid4().hex,
        together=in_turn,
        team=team.load(),
        store=store,
        ledger=ledger,
        github=lambda: github,
        writer=lambda: writer,
        model=lambda: model,
        start_worker=start_worker if worker else None,
        signer=lambda: LocalSigner("11" * 32),
        publish=published.setdefault,
        measure=lambda name, value: metrics.append((name, value)),
    )
    return World(app, clock, github, writer, model, started, metrics, published)


def _new_id() -> str:
    return str(uuid.uuid4())
