"""Every guardrail and setting of the service, in one table each.

Guardrails may be lowered by an environment variable of the same name. Raising one past its value
here takes `GUARDRAIL_OVERRIDE=acknowledged`, and every run records that in its audit.
Settings are read from the environment once, by `bootstrap`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final, Literal

from core.callers import oidc
from core.environment import each_like, like, needed, one_of, read_fields, switch, variable
from core.errors import ConfigurationError
from core.tasks.names import NAMED
from core.types import PHASES, TASK_TYPES, Phase, TaskType

VERSION: Final = "0.1.0"

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
    """One limit. `value` is in `unit`, as a deployment writes it; the code computes with `times` as much."""

    limit: str
    """Its field of Limits; empty for a task's input, which goes into `input_tokens`."""
    value: str
    unit: str
    purpose: str
    times: int = 1


GUARDRAILS: Final[Mapping[str, Guardrail]] = {
    "MAX_TASKS_PER_RUN": Guardrail("tasks_per_run", "5", "tasks", "Prevent runaway dispatch"),
    "MAX_TASKS_PER_WINDOW": Guardrail(
        "tasks_per_window", "50", "tasks per 60 minutes", "Bound what a loop of dispatches can start"
    ),
    "MAX_RETRIES": Guardrail("max_retries", "3", "retries", "Exponential backoff of 1 s, 2 s, 4 s, then give up"),
    "DEDUPE_WINDOW_HOURS": Guardrail("dedupe_seconds", "24", "hours", "Do not reprocess the same content", 3600),
    "COMMENT_STORM_HOURS": Guardrail(
        "storm_seconds", "6", "hours", "One posted comment per target and kind, unless it has moved", 3600
    ),
    "MAX_COMMENTS_PER_TARGET_PER_DAY": Guardrail(
        "comments_per_day",
        "3",
        "posted comments of a kind on one target in 24 hours",
        "Whatever the head: a further one asks the Captain",
    ),
    "COST_CEILING_PER_RUN_USD": Guardrail(
        "run_ceiling", "0.50", "dollars", "Per-run cost limit, over all attempts of all tasks", MICRO
    ),
    "MAX_COST_PER_WINDOW_USD": Guardrail(
        "window_ceiling", "5.00", "dollars in any 60 minutes", "Sliding-window cost limit", MICRO
    ),
    "ERROR_RATE_THRESHOLD": Guardrail("error_rate", "0.50", "share of failed tasks", "Trips the circuit breaker"),
    "ERROR_RATE_MIN_TASKS": Guardrail("error_rate_min_tasks", "5", "tasks", "Below this the error rate says nothing"),
    "BREAKER_COOLDOWN_MINUTES": Guardrail(
        "cooldown_seconds", "15", "minutes", "How long an open breaker waits for its probe", 60
    ),
    "EFFECT_SETTLE_SECONDS": Guardrail(
        "settle_seconds", "900", "seconds", "How long an unanswered attempt may still land"
    ),
    "CHECKPOINT_LAG_SECONDS": Guardrail(
        "checkpoint_lag_seconds",
        "300",
        "seconds",
        "How old an event must be to be checkpointed: writes have ended by then",
    ),
    "MAX_SCHEDULED_TASKS_PER_DAY": Guardrail(
        "scheduled_per_day", "20", "tasks of one kind per UTC day", "Bound what schedules start while nobody looks"
    ),
    "APPROVAL_EXPIRY_DAYS": Guardrail("approval_expiry_seconds", "7", "days", "An approval nobody gave lapses", 86_400),
    **{
        f"MAX_INPUT_TOKENS_{task.upper()}": Guardrail("", str(one.input_tokens), "tokens, estimated", one.purpose)
        for task, one in NAMED.items()
    },
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
    task: TaskLimits(one.input_tokens, one.output_tokens, one.model, one.effort) for task, one in NAMED.items()
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


REPOSITORY: Final = like(re.compile(r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}"), "owner/name")
ISSUE: Final = like(re.compile("[1-9][0-9]{0,9}"), "the number of an issue")


@dataclass(frozen=True)
class Settings:
    """The environment, read once. Secrets are not here: `bootstrap` hands them to the clients alone."""

    prerequisites_confirmed: bool
    github_app: AppSettings | None
    """The GitHub App to write as, and to read as where no reader is set; None: GITHUB_TOKEN, if any."""
    reader_app: AppSettings | None
    """The App to read as."""
    own_reader: bool
    """Whether those that read GitHub hold a credential of their own: this App, or GITHUB_READER_TOKEN."""
    oidc: oidc.Rules | None
    """Which workflows of GitHub Actions may call without a secret; None: none."""
    models: Mapping[TaskType, str]
    limits: Limits
    phase: Phase = variable("PHASE", one_of(*PHASES))
    repository: str = variable("GITHUB_REPOSITORY", lambda name, value: needed(name, REPOSITORY(name, value)))
    github_api_url: str = variable("GITHUB_API_URL", lambda name, value: value or "https://api.github.com")
    relay_url: str | None = variable("DFG_RELAY_URL")
    comment_author: str | None = variable("COMMENT_AUTHOR")
    shadow_mode: bool = variable("SHADOW_MODE", switch("off", "on"))
    inference_geo: str = variable("INFERENCE_GEO", one_of("global", "us"))
    """Where the inference is to run: `global`, or `us` for 1.1 times the price."""
    prompt_caching: bool = variable("PROMPT_CACHING", switch("off", "on"))
    """Whether the part of a prompt that is always the same is marked as cacheable."""
    self_approval: bool = variable("SELF_APPROVAL", switch("allowed", "forbidden", yes="allowed"))
    """Whether a principal may approve what it dispatched itself."""
    worker_function: str | None = variable("WORKER_FUNCTION")
    team_files: str | None = variable("TEAM_FILES")
    """The folder of another team's files; None: those of DFG."""
    webhook: bool = variable("WEBHOOK", switch("off", "on"))
    """Whether people may ask for a plan on GitHub itself."""
    webhook_on_open: bool = variable("WEBHOOK_ON_OPEN", switch("off", "on"))
    """Whether a pull request that a trusted author opens, or makes ready for review, gets a plan unasked."""
    webhook_allowed: frozenset[str] = variable("WEBHOOK_ALLOWED", each_like(LOGIN, "logins of persons"))
    """Their logins, in lower case."""
    trusted_authors: frozenset[str] = variable("TRUSTED_AUTHORS", each_like(AUTHOR, "logins or login:id"))
    """Accounts whose words are trusted whatever GitHub says of them: `login` or `login:id`, in lower case."""
    trust_associations: bool = variable("TRUST_ASSOCIATIONS", switch("off", "on"))
    """Whether GitHub's MEMBER and COLLABORATOR count where the token may not ask who may write. Weaker."""
    audit_origin: str = variable("AUDIT_ORIGIN", like(ORIGIN_NAME, "a name without blanks and plus signs"))
    """The name under which checkpoints are signed; empty in the environment: that of the repository."""
    checkpoint_bucket: str | None = variable("CHECKPOINT_BUCKET")
    planning_issue: int | None = variable("PLANNING_ISSUE", lambda name, value: int(ISSUE(name, value) or 0) or None)
    """The issue under which scheduled sprint plans are drafted."""
    audit_table: str = variable("AUDIT_TABLE", needed)
    actions_table: str = variable("ACTIONS_TABLE", needed)
    dedupe_table: str = variable("DEDUPE_TABLE", needed)
    breaker_table: str = variable("BREAKER_TABLE", needed)
    content_table: str = variable("CONTENT_TABLE", needed)


def read_limits(env: Mapping[str, str]) -> Limits:
    """The guardrails in force. Raises ConfigurationError naming the variable that is wrong."""
    values = {name: _amount(name, guardrail, env.get(name, "")) for name, guardrail in GUARDRAILS.items()}
    looser = tuple(sorted(name for name, value in values.items() if _is_looser(name, value)))
    if looser and env.get("GUARDRAIL_OVERRIDE") != "acknowledged":
        raise ConfigurationError(
            f"{looser[0]}={env[looser[0]]} is looser than its guardrail of {GUARDRAILS[looser[0]].value}; "
            "set GUARDRAIL_OVERRIDE=acknowledged if that is meant"
        )
    if values["MAX_TASKS_PER_WINDOW"] > MAX_TASKS_HELD:
        raise ConfigurationError(f"MAX_TASKS_PER_WINDOW must be at most {MAX_TASKS_HELD}")
    limits: dict[str, Any] = {}
    for name, guardrail in GUARDRAILS.items():
        counted = values[name] * guardrail.times
        if guardrail.limit != "error_rate" and counted != counted.to_integral_value():
            raise ConfigurationError(f"{name} is finer than it can be counted")
        limits[guardrail.limit or name] = float(counted) if guardrail.limit == "error_rate" else int(counted)
    input_tokens = {task: limits.pop(f"MAX_INPUT_TOKENS_{task.upper()}") for task in TASK_TYPES}
    return Limits(**limits, input_tokens=input_tokens, overridden=looser)


def read_settings(env: Mapping[str, str]) -> Settings:
    """Settings from the environment. Raises ConfigurationError naming what is missing or wrong."""
    plain = read_fields(Settings, env)
    reader_app = _app_settings(env, "GITHUB_READER", "INSTALLATION_ID")
    reader_token = bool(env.get("GITHUB_READER_TOKEN") or env.get("GITHUB_READER_TOKEN_ARN"))
    if reader_app and reader_token:
        raise ConfigurationError("GITHUB_READER_TOKEN and GITHUB_READER_APP_ID are both set: choose one")
    confirmed = [env.get(name) == "confirmed" for name in ("PRE_006_CI_GATING", "CRIT_001_DEBUG_ENDPOINTS")]
    origin = plain.pop("audit_origin") or f"dfg-orchestrator/{plain['repository']}"
    return Settings(
        **plain,
        audit_origin=origin,
        prerequisites_confirmed=all(confirmed),
        github_app=_app_settings(env, "GITHUB", "APP_INSTALLATION_ID"),
        reader_app=reader_app,
        own_reader=reader_app is not None or reader_token,
        oidc=oidc.read_rules(env),
        models={task: env.get(f"MODEL_{task.upper()}") or TASK_LIMITS[task].model for task in TASK_TYPES},
        limits=read_limits(env),
    )


def _amount(name: str, guardrail: Guardrail, raw: str) -> Decimal:
    try:
        value = Decimal(raw or guardrail.value)
    except InvalidOperation:
        raise ConfigurationError(f"{name} must be a number, not {raw!r}") from None
    if not value.is_finite() or value < 0:
        raise ConfigurationError(f"{name} must be a number of at least 0, not {raw!r}")
    return value


def _is_looser(name: str, value: Decimal) -> bool:
    guard = Decimal(GUARDRAILS[name].value)
    return value < guard if name in LOOSER_WHEN_LOWER else value > guard


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
