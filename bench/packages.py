"""The packages that are measured: what a deployment holds, built for the Python that runs the bench."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from local.child import ROOT

HERE: Final = f"{sys.version_info.major}.{sys.version_info.minor}"


def build(kind: str, into: Path, python: str | None = None) -> Path:
    """`into`/KIND, as `sam build` fills it; for the template's Python if none is named. Raises CalledProcessError."""
    tree = into / kind
    tree.mkdir(parents=True)
    subprocess.run(  # noqa: S603 - our own interpreter and script
        [sys.executable, str(ROOT / "tools" / "package.py"), kind, str(tree)],
        check=True,
        env={**os.environ, **({"LAMBDA_PYTHON": python} if python else {})},
    )
    return tree
