"""Reading the whole audit from a terminal, and the service's own tools that judge what was read."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, TextIO

import typer

from dfg.exits import Exit
from dfg.exporting import Get
from dfg.session import Session
from dfg.words import safe, safe_json, to_json

BUSY: Final = (429, 503)
PAUSES_SECONDS: Final = (1.0, 2.0, 4.0, 8.0)
INSTALLED: Final = Path(__file__).parent / "service"
"""Where an installation keeps the service's files, see setup.py."""
SERVICE: Final = INSTALLED if INSTALLED.is_dir() else Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Tool:
    """A Python program of the service. `path` goes before everything on its import path; without it the program is
    isolated from ours. `exits` has what its return codes mean."""

    extra: str
    packages: Sequence[str]
    command: Sequence[str]
    exits: Mapping[int, Exit]
    path: Sequence[Path] = ()


def reader(session: Session) -> Get:
    """GET as the export takes it. Waits where the gateway slows it down; ends the command when it is refused."""

    def get(path: str, query: Mapping[str, str]) -> Mapping[str, Any] | None:
        for pause in (*PAUSES_SECONDS, None):
            answer = session.call(partial(session.api.get, path, query))
            if answer.status not in BUSY or pause is None:
                break
            session.sleep(pause)
        return None if answer.status == 404 else session.need(answer)

    return get


def write_lines(records: Iterable[Mapping[str, Any]], out: TextIO) -> int:
    """One JSON object a line. How many."""
    count = 0
    for record in records:
        out.write(to_json(record) + "\n")
        count += 1
    return count


def run_tool(session: Session, tool: Tool, as_json: bool = False) -> None:
    """Run a tool, show what it says, and end with its verdict."""
    own = SERVICE / ".venv" / "bin" / "python"
    python = str(own) if SERVICE is not INSTALLED and own.exists() else sys.executable
    missing = [name for name in tool.packages if python == sys.executable and find_spec(name) is None]
    if missing:
        session.end(Exit.USAGE, f"this takes {', '.join(missing)}: pip install 'dfg-cli[{tool.extra}]'")
    done = subprocess.run(  # noqa: S603 - programs of this repository
        [python, *([] if tool.path else ["-I"]), *tool.command],
        cwd=SERVICE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, tool.path))},
        capture_output=True,
        encoding="utf-8",
        errors="backslashreplace",
        check=False,
    )
    if done.returncode not in tool.exits or "Traceback (most recent call last)" in done.stderr:
        last = (done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"])[-1]
        session.end(Exit.UNAVAILABLE, f"the tool for it failed: {last}")
    typer.echo(safe_json(done.stdout) if as_json else safe(done.stdout), nl=False)
    typer.echo(safe(done.stderr), nl=False, err=True)
    raise typer.Exit(tool.exits[done.returncode])
