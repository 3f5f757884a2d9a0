"""The policy's version, told without loading what it is the version of."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final

from core.context.team import Team
from core.policy.data_files import fingerprint

_NUMBER: Final = 10
"""Raise when the engine, the renderer or a schema judges differently."""

OWN_SECRETS: Final = "secret.own"
"""The one rule that needs what is stored nowhere: the service's secrets of that day."""

RULES: Final[Mapping[str, int]] = {
    "text.invisible": 3,
    "markup.comment": 3,
    "markup.image": 4,
    "markup.script": 3,
    "command.slash": 6,
    "command.words": 5,
    "command.agent": 4,
    OWN_SECRETS: 3,
    "secret.vendor": 4,
    "secret.keylike": 4,
    "provenance.forged": 5,
    "provenance.canary": 3,
    "link.outside": 4,
    "reference.closing": 3,
    "harm": 7,
}
"""Each rule's version. Raise it when the rule judges differently."""


def version(team: Team) -> str:
    """The policy's version: the engine's, each rule's, its data files' and the team's own."""
    rules = ";".join(f"{name}={number}" for name, number in RULES.items())
    return f"{_NUMBER}-{hashlib.sha256(f'{rules};{fingerprint()};{team.digest}'.encode()).hexdigest()[:16]}"
