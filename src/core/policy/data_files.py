"""Reads the policy's data files. Each entry names its source; all of them go into the policy's version."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any, Final

FILES: Final = ("credentials", "harm")
_FOLDER: Final = Path(__file__).parent / "data"


@cache
def load(name: str) -> Any:
    """The content of `data/NAME.json`."""
    return json.loads((_FOLDER / f"{name}.json").read_text("utf-8"))


@cache
def fingerprint() -> str:
    """SHA-256 over the data files."""
    digest = hashlib.sha256()
    for name in FILES:
        digest.update(name.encode() + b"\0" + (_FOLDER / f"{name}.json").read_bytes() + b"\0")
    return digest.hexdigest()
