"""Puts into an installation what `dfg verify` and `dfg replay` run: the verifier, and the service's own core.

It is built from a checkout alone. As files, not as packages: they run in a process of their own, and a candidate's
`core` takes their place there.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("verifier/dfg_verify.py", "tools/replay.py", "src/core")


class WithService(build_py):
    def run(self) -> None:
        if not self.editable_mode:
            shutil.rmtree(self.build_lib, ignore_errors=True)  # what an earlier build left would be packed again
        super().run()
        if self.editable_mode:
            return
        for part in PARTS:
            source, target = ROOT / part, Path(self.build_lib) / "dfg" / "service" / part
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, target)


setup(cmdclass={"build_py": WithService})
