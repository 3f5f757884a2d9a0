"""The command line as its users have it: installed alone, run as a process, on a pipe or on a terminal."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import shutil
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from local.child import ROOT

PARTS = ("cli", "src/core", "verifier", "tools/replay.py")


@dataclass(frozen=True)
class Ended:
    """How a process ended. On a terminal both streams are one."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def rows(self) -> list[list[str]]:
        return [line.split("\t") for line in self.out.splitlines()]


def install(folder: Path) -> Path:
    """A virtual environment that holds the command line alone, built from a copy of the checkout. Its `dfg`.

    What it declares that it needs, and nothing else, is there in the locked versions: linked, since to have pip fetch
    and unpack them takes three times as long as all the rest.
    """
    checkout = folder / "checkout"
    for part in PARTS:
        source, target = ROOT / part, checkout / part
        target.parent.mkdir(parents=True, exist_ok=True)
        ignore = shutil.ignore_patterns("__pycache__", "build", "*.egg-info")
        shutil.copytree(source, target, ignore=ignore) if source.is_dir() else shutil.copy(source, target)
    venv = folder / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)  # noqa: S603
    pip = [sys.executable, "-m", "pip", "--python", str(venv / "bin" / "python"), "install", "--quiet", "--no-compile"]
    subprocess.run([*pip, "--no-deps", str(checkout / "cli")], check=True, stderr=subprocess.DEVNULL)  # noqa: S603
    shutil.rmtree(checkout)
    site = next((venv / "lib").glob("python*")) / "site-packages"
    [installed] = metadata.distributions(path=[str(site)])
    _link_what_is_required(installed, site)
    return venv / "bin" / "dfg"


def _link_what_is_required(by: metadata.Distribution, site: Path) -> None:
    for line in by.requires or ():
        needed = Requirement(line)
        if needed.marker is not None and not needed.marker.evaluate({"extra": ""}):
            continue
        found = metadata.distribution(needed.name)
        assert found.version in needed.specifier, line
        tops = {Path(str(file)).parts[0] for file in found.files or ()} - {"..", "__pycache__"}
        missing = [top for top in tops if not (site / top).exists()]
        for top in missing:
            (site / top).symlink_to(Path(str(found.locate_file(top))))
        if missing:
            _link_what_is_required(found, site)


@dataclass(frozen=True)
class Shell:
    """Runs `dfg` with these variables and no others of its own, in this folder."""

    program: Path
    folder: Path
    variables: Mapping[str, str] = field(default_factory=dict)

    def having(self, **variables: str) -> Shell:
        return replace(self, variables={**self.variables, **variables})

    def __call__(self, *arguments: str, typed: str | None = None) -> Ended:
        done = subprocess.run(  # noqa: S603
            [str(self.program), *arguments],
            cwd=self.folder,
            env=self._environment(),
            input=typed,
            stdin=subprocess.DEVNULL if typed is None else None,
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=120,
        )
        assert "Traceback" not in done.stdout + done.stderr, done.stderr
        return Ended(done.returncode, done.stdout, done.stderr)

    def on_terminal(self, *arguments: str, columns: int = 80, typed: str = "") -> Ended:
        """The same on a terminal so wide."""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        command: Sequence[str] = [str(self.program), *arguments]
        process = subprocess.Popen(  # noqa: S603
            command, cwd=self.folder, env=self._environment(), stdin=slave, stdout=slave, stderr=slave, close_fds=True
        )
        os.close(slave)
        os.write(master, typed.encode())
        shown = b""
        try:
            while piece := os.read(master, 65_536):
                shown += piece
        except OSError:  # Linux says so when the last writer has closed the terminal
            pass
        os.close(master)
        return Ended(process.wait(timeout=60), shown.decode().replace("\r\n", "\n"), "")

    def _environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return {**kept, "TERM": "xterm-256color", "PYTHONUTF8": "1", **self.variables}
