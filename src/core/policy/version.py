"""The policy's data files, each entry of which names its source, and the version that all of them go into."""

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any, Final

from core.context.team import Team

FILES: Final = ("credentials", "harm")
_FOLDER: Final = Path(__file__).parent / "data"
NUMBER: Final = 12
"""Raise when a rule, the engine, the renderer or a schema judges differently: tests/core/test_verdicts.py notices."""

OWN_SECRETS: Final = "secret.own"
"""The one rule that needs what is stored nowhere: the service's secrets of that day."""


@cache
def load(name: str) -> Any:
    """The content of `data/NAME.json`."""
    return json.loads((_FOLDER / f"{name}.json").read_text("utf-8"))


@cache
def fingerprint() -> str:
    """SHA-256 over the data files."""
    files = (name.encode() + b"\0" + (_FOLDER / f"{name}.json").read_bytes() + b"\0" for name in FILES)
    return hashlib.sha256(b"".join(files)).hexdigest()


def version(team: Team) -> str:
    """The policy's version: its number, its data files and the team's own."""
    return f"{NUMBER}-{hashlib.sha256(f'{fingerprint()};{team.digest}'.encode()).hexdigest()[:16]}"


def is_older(policy_version: str) -> bool:
    """Whether this is the version of a policy that judged by other rules: what it let pass is judged by its bytes."""
    number = policy_version.partition("-")[0]
    return number.isdecimal() and int(number) < NUMBER
