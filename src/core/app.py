"""What the core is given: clients, clock, ids and settings, made once by `bootstrap`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from core.audit.note import Signer
from core.callers.auth import Credential
from core.config import Settings
from core.context.authors import Asked
from core.context.team import Team
from core.dispatcher.ledger import Ledger
from core.dispatcher.reply import Reply
from core.store import Store
from core.types import Action, Author, Comment, Effect, Issue, Json, PullRequest, Target, TargetNow, Tree

Thunk = Callable[[], Any]


class Reader(Protocol):
    """What the core reads from GitHub. Raises NotFound, UpstreamUnavailable."""

    def pull_request(self, number: int, asked: Asked = ...) -> PullRequest: ...

    def permission(self, author: Author) -> str | None: ...

    def issue(self, number: int) -> Issue: ...

    def target(self, target: Target) -> TargetNow: ...

    def issues(self, label: str, limit: int) -> tuple[Issue, ...]: ...

    def labels(self) -> tuple[str, ...]: ...

    def tree(self) -> Tree: ...

    def comments(self, number: int, since: str = "") -> tuple[Comment, ...]: ...


class Model(Protocol):
    """One attempt at the model. Never raises for what the other side does."""

    def send(self, body: bytes, timeout: float) -> Reply: ...


class Writer(Protocol):
    """One way to reach GitHub. Only `perform` calls it."""

    @property
    def name(self) -> str:
        """What the audit calls it."""
        ...

    def write(self, action: Action) -> Effect:
        """One attempt at an action. Says how it ended; raises nothing for what the other side does."""
        ...


@dataclass(frozen=True)
class App:
    """Everything with a side effect, by name."""

    settings: Settings
    credentials: Callable[[], tuple[Credential, ...]]
    """The accepted tokens, read again from time to time."""
    webhook_secret: Callable[[], str]
    """What GitHub signs its deliveries with, read again from time to time."""
    own_secrets: Callable[[], tuple[str, ...]]
    """What must never appear in a comment."""
    now: Callable[[], int]
    """Milliseconds since the epoch."""
    sleep: Callable[[float], None]
    new_id: Callable[[], str]
    random_hex: Callable[[], str]
    """128 random bits."""
    together: Callable[[Sequence[Thunk]], list[Any]]
    """Runs all, answers in order, raises the first error once all have ended."""
    team: Team
    store: Store
    ledger: Ledger
    github: Callable[[], Reader]
    writer: Callable[[], Writer]
    model: Callable[[], Model]
    """Imports the SDK at the first call."""
    start_worker: Callable[[Json], None] | None
    """Starts the worker with {"runId": …} or {"delivery": …}; None: what it would do is done inline."""
    signer: Callable[[], Signer]
    """The key that signs checkpoints."""
    publish: Callable[[int, str], None]
    """Puts a checkpoint's note where it cannot be changed; the same again is harmless."""
    measure: Callable[[str, int], None]
    """Adds to a metric."""
