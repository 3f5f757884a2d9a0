"""Reading the whole audit from a terminal, and the tools of a checkout that judge what was read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TextIO

import typer

from dfg.exits import Exit
from dfg.exporting import Get
from dfg.session import Session

BUSY: Final = (429, 503)
PAUSES_SECONDS: Final = (1.0, 2.0, 4.0, 8.0)
CHECKOUT: Final = Path(__file__).resolve().parents[2]


def reader(session: Session) -> Get:
    """GET as the export takes it. Waits where the gateway slows it down; ends the command when it is refused."""

    def get(path: str, query: Mapping[str, str]) -> Mapping[str, Any] | None:
        for pause in (*PAUSES_SECONDS, None):
            answer = session.call(lambda: session.api.get(path, query))
            if answer.status not in BUSY or pause is None:
                break
            session.sleep(pause)
        return None if answer.status == 404 else session.need(answer, False)

    return get


def write_lines(records: Iterable[Mapping[str, Any]], out: TextIO) -> int:
    """One JSON object a line. How many."""
    count = 0
    for record in records:
        out.write(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n")
        count += 1
    return count


def run_tool(session: Session, command: Sequence[str], exits: Mapping[int, Exit], path: Sequence[Path] = ()) -> None:
    """Run a Python program of the checkout, show what it says, and end with its verdict.

    `path` goes before everything on its import path; without it the program is isolated from ours.
    """
    if not (CHECKOUT / "verifier").is_dir():
        session.end(Exit.WRONG, "this takes a checkout of the service: install the command line from one with pip -e")
    own = CHECKOUT / ".venv" / "bin" / "python"
    python = str(own) if own.exists() else sys.executable
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))}
    done = subprocess.run(  # noqa: S603 - programs of this repository
        [python, *([] if path else ["-I"]), *command],
        cwd=CHECKOUT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    typer.echo(done.stdout, nl=False)
    typer.echo(done.stderr, nl=False, err=True)
    raise typer.Exit(exits.get(done.returncode, Exit.UNAVAILABLE))
