"""Which parts of the stack are real: every stand-in gives way when its variable is set. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.context.team import TEAMS
from core.errors import ConfigurationError

Relay = Literal["real", "stand-in", "none"]


class Contradiction(ConfigurationError):
    """The environment asks for something that cannot be; the message says what to set."""


@dataclass(frozen=True)
class Choice:
    """What is real."""

    engine: bool
    model: bool
    github: bool
    relay: Relay
    """`none`: comments go to GitHub directly, with GITHUB_TOKEN or as a GitHub App."""
    notices: tuple[str, ...]
    """What the user should know about it."""

    @property
    def anything_real(self) -> bool:
        return self.engine or self.model or self.github or self.relay == "real"


def choose(env: Mapping[str, str]) -> Choice:
    """Reads which parts the environment provides. Raises Contradiction."""

    def given(name: str) -> bool:
        return bool(env.get(name))

    github = given("GITHUB_REPOSITORY") or given("GITHUB_API_URL")
    notices: list[str] = []
    if github and not given("GITHUB_REPOSITORY"):
        raise Contradiction("GITHUB_API_URL is set, so GITHUB_REPOSITORY must name the repository as owner/name")
    known = given("GITHUB_TOKEN") or given("GITHUB_APP_ID")
    if github and not known:
        notices.append("no GITHUB_TOKEN: GitHub allows 60 reads an hour without one")
    unused = [name for name in ("GITHUB_TOKEN", "GITHUB_APP_ID") if given(name) and not github]
    notices += [f"{name} is not used: GITHUB_REPOSITORY does not name a repository" for name in unused]
    relay: Relay = "real" if given("DFG_RELAY_URL") else "none" if github else "stand-in"
    if relay == "real" and not given("DFG_RELAY_TOKEN"):
        raise Contradiction("DFG_RELAY_URL is set, so DFG_RELAY_TOKEN must hold its token")
    if relay == "real" and not github:
        notices.append("comments on the stand-in's pull requests are posted through your relay, to its repository")
    if relay == "none" and not known:
        notices.append("no DFG_RELAY_URL and no GITHUB_TOKEN: nothing can be posted")
    if (github or relay == "real") and not given("COMMENT_AUTHOR"):
        notices.append("no COMMENT_AUTHOR: lost comments cannot be recognised by their marker")
    return Choice(
        engine=given("AWS_ENDPOINT_URL_DYNAMODB"),
        model=given("ANTHROPIC_API_KEY") or given("ANTHROPIC_BASE_URL"),
        github=github,
        relay=relay,
        notices=tuple(notices),
    )


def team_folder(env: Mapping[str, str], usual: str = "") -> str:
    """The folder of the team's files: TEAM_FILES, or TEAM, a name of `core/context/teams` or a path; or the usual.

    Empty where nothing is said: the service then takes its own. Raises Contradiction.
    """
    if env.get("TEAM_FILES"):
        return env["TEAM_FILES"]
    name = env.get("TEAM") or usual
    known = sorted(folder.name for folder in TEAMS.iterdir() if folder.is_dir())
    folder = TEAMS / name if name in known else Path(name)
    if name and not folder.is_dir():
        raise Contradiction(f"there is no team {name!r}: choose one of {', '.join(known)}, or give a folder's path")
    return str(folder.absolute()) if name else ""
