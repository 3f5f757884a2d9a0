"""The policy's version, told without loading what it is the version of."""

from __future__ import annotations

import hashlib
from typing import Final

from core.context.team import Team
from core.policy.data_files import fingerprint

NUMBER: Final = 11
"""Raise when a rule, the engine, the renderer or a schema judges differently."""

OWN_SECRETS: Final = "secret.own"
"""The one rule that needs what is stored nowhere: the service's secrets of that day."""


def version(team: Team) -> str:
    """The policy's version: its number, its data files and the team's own."""
    return f"{NUMBER}-{hashlib.sha256(f'{fingerprint()};{team.digest}'.encode()).hexdigest()[:16]}"


def is_older(policy_version: str) -> bool:
    """Whether this is the version of a policy that judged by other rules: what it let pass is judged by its bytes."""
    number = policy_version.partition("-")[0]
    return number.isdecimal() and int(number) < NUMBER
