"""The frozen values that flow through the arrow: request → context → generate → policy → act → audit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final, Literal, get_args

from core.canonical import digest
from core.tasks.names import TASK_TYPES as TASK_TYPES
from core.tasks.names import TaskType as TaskType

ActionType = Literal["add_comment", "change_labels"]
TargetType = Literal["pull_request", "issue"]
Phase = Literal["phase0", "phase1", "phase2", "phase3", "phase4"]
Trigger = Literal["api", "schedule", "webhook"]
Sprint = Literal["current", "next", "backlog"]
Classification = Literal["auto_safe", "requires_approval", "rejected"]
Severity = Literal["refuse", "ask", "note"]
"""`note` is shown and decides nothing."""
ActionState = Literal[
    "pending", "executing", "executed", "failed", "outcome_unknown", "rejected", "expired", "shadowed", "superseded"
]

PHASES: Final[tuple[Phase, ...]] = get_args(Phase)
SPRINTS: Final[tuple[Sprint, ...]] = get_args(Sprint)

Json = Mapping[str, Any]


# --- request ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Target:
    """What on GitHub a task is about. Comes from the request, never from the model."""

    type: TargetType
    number: int


@dataclass(frozen=True)
class Batch:
    """The run that a task is one of several of, and the share of its ceiling that the task may use (micro-dollars)."""

    run_id: str
    share: int


@dataclass(frozen=True)
class TaskRequest:
    """One thing to be drafted."""

    task_type: TaskType
    target: Target
    linked_issue: int | None
    force: bool
    principal: str
    trigger: Trigger
    batch: Batch | None = None
    delivery: str = ""
    """GitHub's id of the delivery that asked for it."""
    trusted_only: bool = False
    """Nobody asked: nothing is drafted from what strangers wrote."""
    issues: tuple[int, ...] = ()
    """Further issues that it reads: of sprint_plan those to plan. Empty: those of the team's queue."""
    capacity: int | None = None
    """How many issues the current sprint takes, of sprint_plan."""
    depends_on: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    """Issue → the issues that have to come no later, of sprint_plan."""


# --- context ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Author:
    """An account that wrote something, as GitHub tells it. A deleted account is `ghost` with id 0."""

    login: str
    id: int = 0
    type: str = "User"
    """`User`, `Bot`, `Organization`, `Mannequin`: only a `User` is a person."""
    association: str = "NONE"
    """GitHub's `author_association`. Says less than `permission`: private members read as CONTRIBUTOR or NONE."""
    permission: str | None = None
    """What the account may do in the repository, from `admin` to `none`. None: not asked, or the token may not ask."""


GHOST: Final = Author("ghost", 0, "User")


@dataclass(frozen=True)
class ChangedFile:
    """A file of a pull request, as GitHub lists it. `patch` is None for binary or very large files."""

    path: str
    status: str
    additions: int
    deletions: int
    patch: str | None
    previous_path: str | None = None


@dataclass(frozen=True)
class Issue:
    """An issue's own text."""

    number: int
    title: str
    body: str
    state: str
    labels: tuple[str, ...]
    is_pull_request: bool = False
    """GitHub answers for a pull request's number too."""
    author: Author = GHOST

    @property
    def text_digest(self) -> str:
        """SHA-256 over title and body: what the approval of a comment on the issue binds to."""
        return digest([self.title, self.body])


@dataclass(frozen=True)
class Tree:
    """The files of the repository's default branch. `whole` is False where GitHub lists only a part."""

    paths: tuple[str, ...]
    whole: bool


@dataclass(frozen=True)
class PullRequest:
    """A pull request with its files, at one head."""

    number: int
    title: str
    body: str
    state: str
    head_sha: str
    author: Author
    labels: tuple[str, ...]
    files: tuple[ChangedFile, ...]
    unlisted_files: int = 0
    """Changed files that GitHub counts and does not list: it lists 3,000 at most."""
    base_ref: str = ""
    """The branch that it is to be merged into."""
    head_repository: str = ""
    """`owner/name` of the repository that its branch is in; empty when that is gone."""
    head_owner_id: int = 0
    """The id of the account that owns that repository."""

    @property
    def target_state(self) -> str:
        """What the approval of a comment binds to: the head, and the branch that it is to be merged into."""
        return f"{self.head_sha}:{self.base_ref}" if self.base_ref else self.head_sha


@dataclass(frozen=True)
class TargetNow:
    """How a target stands at one moment. `state` is what a comment's approval binds to, see Facts.target_state."""

    open: bool
    state: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Comment:
    """A comment on GitHub, for finding our marker."""

    author: str
    body: str
    created_at: str
    id: int = 0
    liked: int = 0
    disliked: int = 0
    """Reactions with a thumb up, and down."""
    url: str = ""


@dataclass(frozen=True)
class Pack:
    """A curated context excerpt, written by us. `sha256` is the hex digest of its text in UTF-8."""

    name: str
    text: str
    sha256: str
    version: int


@dataclass(frozen=True)
class Context:
    """What GitHub said about a task's target."""

    pull: PullRequest | None = None
    issue: Issue | None = None
    """The target, where that is an issue."""
    issues: tuple[Issue, ...] = ()
    """Further issues: those to plan, or those that a pull request is linked to."""
    unread: tuple[str, ...] = ()
    """What was named and not read, in words for the reader."""
    tree: Tree | None = None
    labels: tuple[str, ...] | None = None
    """Those of the repository, where the task changes labels."""


@dataclass(frozen=True)
class Trust:
    """Whether everything that the model reads was written by people who may write to the repository."""

    asks: tuple[str, ...]
    """Why the Captain is asked. Empty: it was."""
    written_by: str
    """Whose words they are, for whoever decides."""


# --- generate --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Prompt:
    """One request to the model, byte for byte, and what is needed to reproduce and bound it."""

    body: bytes
    """The exact request body that goes over the wire."""
    model: str
    max_tokens: int
    template: str
    template_hash: str
    packs: tuple[Pack, ...]
    input_bound: int
    """No prompt of these bytes has more input tokens than this."""
    input_estimate: int
    """A realistic count of input tokens: it stays within the task's limit."""
    facts: Facts


@dataclass(frozen=True)
class Facts:
    """What policy needs to know about the target, apart from the model's answer."""

    task_type: TaskType
    repository: str
    target: Target
    target_state: str
    """What an approval binds to: head SHA and base branch of a pull request, the hash of an issue's text."""
    changed_paths: tuple[str, ...] = ()
    cuts: tuple[str, ...] = ()
    """What of the context the prompt does not hold, in words for the reader."""
    canary: str = ""
    """A random string of the system prompt that no honest answer repeats."""
    extra: Json = field(default_factory=dict)
    """Facts of one task type alone."""
    unread: tuple[str, ...] = ()
    """Those of `changed_paths` of which the prompt holds no line: no plan covers them."""
    material: str = ""
    """What the model was shown, while that is at hand. Not stored with the facts: the prompt is."""
    attempts: int = 0
    """How many attempts the run's ceiling pays for at worst; 0 where nobody counted them."""
    trust: Trust | None = None
    """None: recorded before there was trust."""
    unkept_paths: int = 0
    """Files whose names there was no room to keep."""
    labels: tuple[str, ...] | None = None
    """The team's labels that the repository has, in its spelling. None: nobody looked."""


# --- policy ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Finding:
    """One thing a rule objects to. `excerpt` has been made harmless."""

    rule: str
    field: str
    severity: Severity
    excerpt: str
    why: str

    def as_json(self) -> dict[str, str]:
        return asdict(self)


@dataclass(frozen=True)
class Action:
    """One change to GitHub that policy has looked at. What it would do is fixed by `digest`."""

    id: str
    run_id: str
    task_type: TaskType
    type: ActionType
    repository: str
    target: Target
    payload: Json
    """`{"body": …}` for add_comment; `{"add": […], "remove": […], "before": […]}` for change_labels."""
    target_state: str
    """What an approval binds to: see Facts.target_state; for labels the exclusive groups that the change touches."""
    reason: str
    evidence: str
    classification: Classification
    policy_reason: str
    policy_version: str
    digest: str
    document: list[Json] | None = None
    """The tree of the document that a comment's body was written from, for people to look at: no part of the digest."""


@dataclass(frozen=True)
class Verdict:
    """What policy says of one answer: the worst class of its actions, each of which has its own."""

    classification: Classification
    reason: str
    findings: tuple[Finding, ...]
    actions: tuple[Action, ...]
    """Empty when it is rejected, or proposes nothing."""
    policy_version: str

    def about(self, action: Action) -> Verdict:
        """The verdict on one of its actions. Raises ValueError for an action that it does not judge."""
        if action not in self.actions:
            raise ValueError("the verdict is about other actions")
        return replace(self, classification=action.classification, reason=action.policy_reason, actions=(action,))


# --- act -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Effect:
    """How one attempt at GitHub ended: done, definitely not done, or not known."""

    outcome: Literal["executed", "failed", "outcome_unknown", "shadowed"]
    detail: str
    lingers: bool = False
    """Whether a request of the attempt was left unanswered: it may still land, whatever has been seen since."""
    ill: bool = False
    """Whether a failure says that the service is ill (no answer, no right), rather than something of the target."""
    url: str = ""
    """Where the comment is on GitHub, if the writer was told."""
