"""Keyless callers: which workflows of GitHub Actions may call, by the claims of their tokens. Pure.

API Gateway has verified signature, issuer, audience and times before a claim gets here; issuer and audience are looked
at once more, since that is free. Source of the claims: "OpenID Connect reference", in GitHub's docs of Actions.
A `pull_request` token has the ref `refs/pull/N/merge`, never a branch. Tokens of `pull_request_target` and
`issue_comment` have the default branch as their ref, whoever set them off: both are let in by name alone.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from core.errors import ConfigurationError

ISSUER: Final = "https://token.actions.githubusercontent.com"
OFF: Final = "off"
"""The audience where there are no keyless callers: API Gateway's authorizer needs a word."""
EVENTS: Final = ("push", "pull_request", "workflow_dispatch", "schedule")
EVENTS_BY_NAME: Final = ("pull_request_target", "issue_comment")
DEFAULT_REFS: Final = ("refs/heads/main",)
PULL: Final = re.compile(r"refs/pull/([1-9][0-9]{0,9})/merge")
WORKFLOW: Final = re.compile(r"[!-~]{1,400}")

Claims = Mapping[str, str]


@dataclass(frozen=True)
class Rules:
    """What a token has to say. A ref or a workflow that ends in `*` stands for all that begin so."""

    audience: str
    repository_id: str
    owner_id: str
    events: tuple[str, ...]
    refs: tuple[str, ...]
    environments: tuple[str, ...]
    """Where any are named, a job must run in one of them, and the ref is not asked for."""
    workflows: tuple[str, ...]
    """Where any are named, the job's workflow must be one of them."""


CHECKS: Final[Mapping[str, Callable[[Rules, str, Claims], bool]]] = {
    "iss": lambda rules, value, claims: value == ISSUER,
    "aud": lambda rules, value, claims: value == rules.audience,
    "repository_id": lambda rules, value, claims: value == rules.repository_id,
    "repository_owner_id": lambda rules, value, claims: value == rules.owner_id,
    "event_name": lambda rules, value, claims: value in rules.events,
    "environment": lambda rules, value, claims: not rules.environments or value in rules.environments,
    "ref": lambda rules, value, claims: _ref_fits(rules, value, claims),
    "job_workflow_ref": lambda rules, value, claims: not rules.workflows or _listed(value, rules.workflows),
    "workflow_ref": lambda rules, value, claims: WORKFLOW.fullmatch(value) is not None,
}
"""By claim, whether its value fits; a claim that is not there is empty, and fits nothing that is asked for."""


def misfit(rules: Rules, claims: Claims) -> str | None:
    """The first claim that does not fit."""
    return next((name for name, fits in CHECKS.items() if not fits(rules, claims.get(name, ""), claims)), None)


def principal(claims: Claims) -> str:
    """The name under which the audit knows a workflow."""
    return f"actions:{claims['workflow_ref']}"


def pull_request(claims: Claims) -> int | None:
    """The pull request whose token this is: it may ask for that one alone."""
    found = PULL.fullmatch(claims.get("ref", ""))
    return int(found[1]) if found else None


def read_rules(env: Mapping[str, str]) -> Rules | None:
    """The rules of this deployment; None where it has no keyless callers. Raises ConfigurationError."""

    def words(name: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        return tuple(word.strip() for word in env.get(f"GITHUB_OIDC_{name}", "").split(",") if word.strip()) or default

    rules = Rules(
        audience=env.get("GITHUB_OIDC_AUDIENCE", "") or OFF,
        repository_id=env.get("GITHUB_OIDC_REPOSITORY_ID", ""),
        owner_id=env.get("GITHUB_OIDC_OWNER_ID", ""),
        events=words("EVENTS", EVENTS),
        refs=words("REFS", DEFAULT_REFS),
        environments=words("ENVIRONMENTS"),
        workflows=words("WORKFLOWS"),
    )
    if rules.audience == OFF:
        return None
    for name, value in (("REPOSITORY_ID", rules.repository_id), ("OWNER_ID", rules.owner_id)):
        if not re.fullmatch("[1-9][0-9]{0,19}", value):
            raise ConfigurationError(f"GITHUB_OIDC_{name} must be GitHub's number, not {value!r}")
    unknown = sorted(set(rules.events) - {*EVENTS, *EVENTS_BY_NAME})
    if unknown:
        raise ConfigurationError(f"GITHUB_OIDC_EVENTS: no workflow may call on {unknown[0]!r}")
    return rules


def _ref_fits(rules: Rules, ref: str, claims: Claims) -> bool:
    of_pull = PULL.fullmatch(ref) is not None
    if of_pull or claims.get("event_name") == "pull_request":
        return of_pull and claims.get("event_name") == "pull_request"
    return bool(rules.environments) or _listed(ref, rules.refs)


def _listed(value: str, patterns: tuple[str, ...]) -> bool:
    return any(value.startswith(p[:-1]) if p.endswith("*") else value == p for p in patterns)
