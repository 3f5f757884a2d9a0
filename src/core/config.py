"""Every guardrail and setting of the service, in one table each.

Guardrails may be lowered by an environment variable of the same name. Raising one past its value
here takes `GUARDRAIL_OVERRIDE=acknowledged`, and every run records that in its audit.
Settings are read from the environment once, by `bootstrap`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final, Literal

from core import oidc
from core.errors import ConfigurationError
from core.types import PHASES, TASK_TYPES, Phase, TaskType

VERSION: Final = "0.1.0"

REPOSITORY_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}")

APP_NAME: Final = re.compile(r"[A-Za-z0-9]{1,40}")
"""A GitHub App's id or client id, and an installation's id."""

ORIGIN_NAME: Final = re.compile(r"[!-*,-~]{1,200}")
"""The name of a signer in a signed note: see https://c2sp.org/signed-note."""

LOGIN: Final = re.compile("[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
"""A person's login on GitHub. An app's ends in `[bot]`, and is none."""

Effort = Literal["low", "medium", "high"]

AUTHOR: Final = re.compile(rf"{LOGIN.pattern}(?:\[bot\])?(?::[0-9]{{1,20}})?")
"""An account that may be trusted: a person's or an app's login, or that with the account's id."""

MICRO: Final = 1_000_000
"""Micro-dollars per dollar."""


@dataclass(frozen=True)
class Guardrail:
    """One limit. `value` is in `unit`, as a deployment writes it."""

    value: str
    unit: str
    purpose: str


GUARDRAILS: Final[Mapping[str, Guardrail]] = {
    "MAX_TASKS_PER_RUN": Guardrail("5", "tasks", "Prevent runaway dispatch"),
    "MAX_TASKS_PER_WINDOW": Guardrail("50", "tasks per 60 minutes", "Bound what a loop of dispatches can start"),
    "MAX_RETRIES": Guardrail("3", "retries", "Exponential backoff of 1 s, 2 s, 4 s, then give up"),
    "DEDUPE_WINDOW_HOURS": Guardrail("24", "hours", "Do not reprocess the same content"),
    "COMMENT_STORM_HOURS": Guardrail("6", "hours", "One posted comment per target and kind, unless it has moved"),
    "MAX_COMMENTS_PER_TARGET_PER_DAY": Guardrail(
        "3", "posted comments of a kind on one target in 24 hours", "Whatever the head: a further one asks the Captain"
    ),
    "COST_CEILING_PER_RUN_USD": Guardrail("0.50", "dollars", "Per-run cost limit, over all attempts of all tasks"),
    "MAX_COST_PER_WINDOW_USD": Guardrail("5.00", "dollars in any 60 minutes", "Sliding-window cost limit"),
    "ERROR_RATE_THRESHOLD": Guardrail("0.50", "share of failed tasks", "Trips the circuit breaker"),
    "ERROR_RATE_MIN_TASKS": Guardrail("5", "tasks", "Below this the error rate says nothing"),
    "BREAKER_COOLDOWN_MINUTES": Guardrail("15", "minutes", "How long an open breaker waits for its probe"),
    "EFFECT_SETTLE_SECONDS": Guardrail("900", "seconds", "How long an unanswered attempt may still land"),
    "CHECKPOINT_LAG_SECONDS": Guardrail(
        "300", "seconds", "How old an event must be to be checkpointed: writes have ended by then"
    ),
    "MAX_SCHEDULED_TASKS_PER_DAY": Guardrail(
        "20", "tasks of one kind per UTC day", "Bound what schedules start while nobody looks"
    ),
    "APPROVAL_EXPIRY_DAYS": Guardrail("7", "days", "An approval nobody gave lapses"),
    "MAX_INPUT_TOKENS_QA_PLAN": Guardrail("60000", "tokens, estimated", "How much of a pull request is read"),
    "MAX_INPUT_TOKENS_TRIAGE": Guardrail("6000", "tokens, estimated", "How much of an issue is read"),
    "MAX_INPUT_TOKENS_AGENT_BRIEF": Guardrail("16000", "tokens, estimated", "How much of issue and tree is read"),
    "MAX_INPUT_TOKENS_SPRINT_PLAN": Guardrail("32000", "tokens, estimated", "How much of all planned issues is read"),
}

LOOSER_WHEN_LOWER: Final = {
    "DEDUPE_WINDOW_HOURS",
    "COMMENT_STORM_HOURS",
    "BREAKER_COOLDOWN_MINUTES",
    "EFFECT_SETTLE_SECONDS",
    "CHECKPOINT_LAG_SECONDS",
}
"""Guardrails that protect more the larger they are."""

WINDOW_SECONDS: Final = 3600
CLOCK_SKEW_SECONDS: Final = 2
"""How far two clocks of the service may disagree. A charge counts this much longer than the window."""

BILLING_MARGIN_SECONDS: Final = 60
"""How long after an attempt without an answer has ended its provider may still bill for it. This is an assumption:
nothing that is billed later than this is seen by the window it is counted in."""

MAX_TASKS_HELD: Final = 100
"""Charges the breaker's item can drop in one update: DynamoDB's expressions end at 4 KB."""

RETRY_DELAYS_SECONDS: Final = (1.0, 2.0, 4.0)
GITHUB_TIMEOUT_SECONDS: Final = 8.0
GATEWAY_WAIT_SECONDS: Final = 25.0
"""API Gateway gives up at 30 s; a dispatch answers 202 before that."""
DISPATCH_SLACK_SECONDS: Final = 120.0
"""How long after the reservation the worker may still begin without charging again."""
MAX_SPRINT_ISSUES: Final = 20
"""Issues in one sprint plan: its label changes are recorded in one transaction, and more
would leave each too little room in the prompt to be understood."""
MAX_BODY_BYTES: Final = 16 * 1024
MAX_WEBHOOK_BYTES: Final = 1_000_000
"""Larger than a pull request with its repository and people comes to, as GitHub delivers it."""
MAX_COMMENT_CHARACTERS: Final = 65_536
MAX_ANSWER_BYTES: Final = 256 * 1024


@dataclass(frozen=True)
class TaskLimits:
    """What one task may use. Tokens are the model's; `model` is the default."""

    input_tokens: int
    """Estimated."""
    output_tokens: int
    """Thinking is among them."""
    model: str
    effort: Effort = "low"
    input_bound: int = 10_000_000
    """Tokens that the money bound on the input may come to: what the run's ceiling leaves beside the output."""
    inference_geo: str | None = "global"
    """Where the inference is to run; None for a model that takes no such wish."""

    @property
    def timeout_seconds(self) -> float:
        """Time one attempt may take: it follows from what it may write."""
        return 15.0 + self.output_tokens / 30


TASK_LIMITS: Final[Mapping[TaskType, TaskLimits]] = {
    "qa_plan": TaskLimits(60_000, 12_000, "claude-sonnet-5-5", "medium"),
    "triage": TaskLimits(6_000, 4_000, "claude-haiku-5-5"),
    "agent_brief": TaskLimits(16_000, 8_000, "claude-sonnet-5-5"),
    "sprint_plan": TaskLimits(32_000, 8_000, "claude-sonnet-5-5"),
}
"""Input is a guardrail's; a deployment may lower it."""


@dataclass(frozen=True)
class Limits:
    """The guardrails in force, in the units the code computes with."""

    tasks_per_run: int
    tasks_per_window: int
    max_retries: int
    dedupe_seconds: int
    storm_seconds: int
    comments_per_day: int
    """Posted comments of one kind on one target in 24 hours."""
    run_ceiling: int
    """Micro-dollars."""
    window_ceiling: int
    """Micro-dollars in any 60 minutes."""
    error_rate: float
    error_rate_min_tasks: int
    cooldown_seconds: int
    settle_seconds: int
    approval_expiry_seconds: int
    checkpoint_lag_seconds: int
    scheduled_per_day: int
    input_tokens: Mapping[TaskType, int]
    """Estimated, of each task's prompt."""
    overridden: tuple[str, ...]
    """Guardrails looser than their table value, by explicit override."""


@dataclass(frozen=True)
class AppSettings:
    """A GitHub App where it is installed. `kms_key_id` signs for it in AWS; None: its private key is a secret."""

    app_id: str
    installation_id: str
    kms_key_id: str | None


@dataclass(frozen=True)
class Settings:
    """The environment, read once. Secrets are not here: `bootstrap` hands them to the clients alone."""

    phase: Phase
    prerequisites_confirmed: bool
    repository: str
    github_api_url: str
    github_app: AppSettings | None
    """The GitHub App to write as, and to read as where no reader is set; None: GITHUB_TOKEN, if any."""
    reader_app: AppSettings | None
    """The App to read as."""
    own_reader: bool
    """Whether those that read GitHub hold a credential of their own: this App, or GITHUB_READER_TOKEN."""
    relay_url: str | None
    comment_author: str | None
    shadow_mode: bool
    inference_geo: str
    """Where the inference is to run: `global`, or `us` for 1.1 times the price."""
    prompt_caching: bool
    """Whether the part of a prompt that is always the same is marked as cacheable."""
    self_approval: bool
    """Whether a principal may approve what it dispatched itself."""
    worker_function: str | None
    team_files: str | None
    """The folder of another team's files; None: those of DFG."""
    webhook: bool
    """Whether people may ask for a plan on GitHub itself."""
    webhook_on_open: bool
    """Whether a pull request that a trusted author opens, or makes ready for review, gets a plan unasked."""
    webhook_allowed: frozenset[str]
    """Their logins, in lower case."""
    trusted_authors: frozenset[str]
    """Accounts whose words are trusted whatever GitHub says of them: `login` or `login:id`, in lower case."""
    trust_associations: bool
    """Whether GitHub's MEMBER and COLLABORATOR count where the token may not ask who may write. Weaker."""
    oidc: oidc.Rules | None
    """Which workflows of GitHub Actions may call without a secret; None: none."""
    audit_origin: str
    """The name under which checkpoints are signed."""
    checkpoint_bucket: str | None
    planning_issue: int | None
    """The issue under which scheduled sprint plans are drafted."""
    audit_table: str
    actions_table: str
    dedupe_table: str
    breaker_table: str
    content_table: str
    models: Mapping[TaskType, str]
    limits: Limits


def read_limits(env: Mapping[str, str]) -> Limits:
    """The guardrails in force. Raises ConfigurationError naming the variable that is wrong."""
    overridden: set[str] = set()

    def number(name: str) -> Decimal:
        default = Decimal(GUARDRAILS[name].value)
        raw = env.get(name, "")
        if not raw:
            return default
        try:
            value = Decimal(raw)
        except InvalidOperation:
            raise ConfigurationError(f"{name} must be a number, not {raw!r}") from None
        if not value.is_finite() or value < 0:
            raise ConfigurationError(f"{name} must be a number of at least 0, not {raw!r}")
        looser = value < default if name in LOOSER_WHEN_LOWER else value > default
        if looser:
            if env.get("GUARDRAIL_OVERRIDE") != "acknowledged":
                raise ConfigurationError(
                    f"{name}={raw} is looser than its guardrail of {default}; "
                    "set GUARDRAIL_OVERRIDE=acknowledged if that is meant"
                )
            overridden.add(name)
        return value

    def whole(name: str, factor: int = 1) -> int:
        value = number(name) * factor
        if value != value.to_integral_value():
            raise ConfigurationError(f"{name} is finer than it can be counted")
        return int(value)

    if number("MAX_TASKS_PER_WINDOW") > MAX_TASKS_HELD:
        raise ConfigurationError(f"MAX_TASKS_PER_WINDOW must be at most {MAX_TASKS_HELD}")
    return Limits(
        tasks_per_run=whole("MAX_TASKS_PER_RUN"),
        tasks_per_window=whole("MAX_TASKS_PER_WINDOW"),
        max_retries=whole("MAX_RETRIES"),
        dedupe_seconds=whole("DEDUPE_WINDOW_HOURS", 3600),
        storm_seconds=whole("COMMENT_STORM_HOURS", 3600),
        comments_per_day=whole("MAX_COMMENTS_PER_TARGET_PER_DAY"),
        run_ceiling=whole("COST_CEILING_PER_RUN_USD", MICRO),
        window_ceiling=whole("MAX_COST_PER_WINDOW_USD", MICRO),
        error_rate=float(number("ERROR_RATE_THRESHOLD")),
        error_rate_min_tasks=whole("ERROR_RATE_MIN_TASKS"),
        cooldown_seconds=whole("BREAKER_COOLDOWN_MINUTES", 60),
        settle_seconds=whole("EFFECT_SETTLE_SECONDS"),
        approval_expiry_seconds=whole("APPROVAL_EXPIRY_DAYS", 86_400),
        checkpoint_lag_seconds=whole("CHECKPOINT_LAG_SECONDS"),
        scheduled_per_day=whole("MAX_SCHEDULED_TASKS_PER_DAY"),
        input_tokens={task: whole(f"MAX_INPUT_TOKENS_{task.upper()}") for task in TASK_TYPES},
        overridden=tuple(sorted(overridden)),
    )


def read_settings(env: Mapping[str, str]) -> Settings:
    """Settings from the environment. Raises ConfigurationError naming what is missing or wrong."""

    def need(name: str) -> str:
        value = env.get(name, "")
        if not value:
            raise ConfigurationError(f"{name} is not set")
        return value

    phase = env.get("PHASE", "phase0")
    if phase not in PHASES:
        raise ConfigurationError(f"PHASE must be one of {', '.join(PHASES)}, not {phase!r}")
    repository = need("GITHUB_REPOSITORY")
    if not REPOSITORY_NAME.fullmatch(repository):
        raise ConfigurationError(f"GITHUB_REPOSITORY must be owner/name, not {repository!r}")

    def one_of(name: str, default: str, *others: str) -> str:
        value = env.get(name) or default
        if value not in (default, *others):
            raise ConfigurationError(f"{name} must be {' or '.join((default, *others))}, not {value!r}")
        return value

    def issue_number(name: str) -> int | None:
        value = env.get(name) or ""
        if value and not re.fullmatch("[1-9][0-9]{0,9}", value):
            raise ConfigurationError(f"{name} must be the number of an issue, not {value!r}")
        return int(value) if value else None

    reader_app = _app_settings(env, "GITHUB_READER", "INSTALLATION_ID")
    reader_token = bool(env.get("GITHUB_READER_TOKEN") or env.get("GITHUB_READER_TOKEN_ARN"))
    if reader_app and reader_token:
        raise ConfigurationError("GITHUB_READER_TOKEN and GITHUB_READER_APP_ID are both set: choose one")
    origin = env.get("AUDIT_ORIGIN") or f"dfg-orchestrator/{repository}"
    if not ORIGIN_NAME.fullmatch(origin):
        raise ConfigurationError(f"AUDIT_ORIGIN must be a name without blanks and plus signs, not {origin!r}")
    logins = [login.strip() for login in (env.get("WEBHOOK_ALLOWED") or "").split(",") if login.strip()]
    for login in logins:
        if not LOGIN.fullmatch(login):
            raise ConfigurationError(f"WEBHOOK_ALLOWED must be logins of persons, with commas between, not {login!r}")
    authors = [author.strip() for author in (env.get("TRUSTED_AUTHORS") or "").split(",") if author.strip()]
    for author in authors:
        if not AUTHOR.fullmatch(author):
            raise ConfigurationError(f"TRUSTED_AUTHORS must be logins or login:id, with commas between, not {author!r}")
    return Settings(
        phase=phase,
        prerequisites_confirmed=all(
            env.get(name) == "confirmed" for name in ("PRE_006_CI_GATING", "CRIT_001_DEBUG_ENDPOINTS")
        ),
        repository=repository,
        github_api_url=env.get("GITHUB_API_URL", "") or "https://api.github.com",
        github_app=_app_settings(env, "GITHUB", "APP_INSTALLATION_ID"),
        reader_app=reader_app,
        own_reader=reader_app is not None or reader_token,
        relay_url=env.get("DFG_RELAY_URL") or None,
        comment_author=env.get("COMMENT_AUTHOR") or None,
        shadow_mode=one_of("SHADOW_MODE", "off", "on") == "on",
        inference_geo=one_of("INFERENCE_GEO", "global", "us"),
        prompt_caching=one_of("PROMPT_CACHING", "off", "on") == "on",
        self_approval=one_of("SELF_APPROVAL", "allowed", "forbidden") == "allowed",
        worker_function=env.get("WORKER_FUNCTION") or None,
        team_files=env.get("TEAM_FILES") or None,
        webhook=one_of("WEBHOOK", "off", "on") == "on",
        webhook_on_open=one_of("WEBHOOK_ON_OPEN", "off", "on") == "on",
        webhook_allowed=frozenset(login.lower() for login in logins),
        trusted_authors=frozenset(author.lower() for author in authors),
        trust_associations=one_of("TRUST_ASSOCIATIONS", "off", "on") == "on",
        oidc=oidc.read_rules(env),
        audit_origin=origin,
        checkpoint_bucket=env.get("CHECKPOINT_BUCKET") or None,
        planning_issue=issue_number("PLANNING_ISSUE"),
        audit_table=need("AUDIT_TABLE"),
        actions_table=need("ACTIONS_TABLE"),
        dedupe_table=need("DEDUPE_TABLE"),
        breaker_table=need("BREAKER_TABLE"),
        content_table=need("CONTENT_TABLE"),
        models={task: env.get(f"MODEL_{task.upper()}") or TASK_LIMITS[task].model for task in TASK_TYPES},
        limits=read_limits(env),
    )


def _app_settings(env: Mapping[str, str], prefix: str, installation: str) -> AppSettings | None:
    app_name, installation_name = f"{prefix}_APP_ID", f"{prefix}_{installation}"
    app_id, installation_id = env.get(app_name), env.get(installation_name)
    key_id = env.get(f"{prefix}_APP_KMS_KEY_ID") or None
    if bool(app_id) != bool(installation_id):
        raise ConfigurationError(f"{app_name} and {installation_name} must be set together")
    if not app_id or not installation_id:
        return None
    if not APP_NAME.fullmatch(app_id) or not APP_NAME.fullmatch(installation_id):
        raise ConfigurationError(f"{app_name} and {installation_name} are ids, without blanks or slashes")
    return AppSettings(app_id, installation_id, key_id)
