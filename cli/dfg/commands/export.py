"""dfg export: the audit as a file that anyone can check offline."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from dfg.auditing import reader, write_lines
from dfg.exits import Exit
from dfg.exporting import export
from dfg.session import session_of
from dfg.words import count

NAME: Final = "export"

Since = Annotated[str | None, typer.Option("--since", help="Only what started at this time (UTC) or later.")]
Until = Annotated[str | None, typer.Option("--until", help="Only what started before this time (UTC).")]
Out = Annotated[Path | None, typer.Option("--out", help="The file; standard output if unset.")]
NoContent = Annotated[bool, typer.Option("--no-content", help="Leave prompts, contexts and answers out.")]


def run(
    context: typer.Context, since: Since = None, until: Until = None, out: Out = None, no_content: NoContent = False
) -> None:
    """Write events, contents and signed checkpoints as JSON lines, for `dfg verify` and `dfg replay`.

    With --since or --until the export is a part: whether something was dropped then does not show.
    """
    session = session_of(context)
    records = export(reader(session), since=since, until=until, content=not no_content)
    if out is None:
        write_lines(records, sys.stdout)
        return
    unfinished = out.with_name(f"{out.name}.part")
    try:
        with unfinished.open("w", encoding="utf-8") as file:
            written = write_lines(records, file)
        unfinished.replace(out)
    except OSError as error:
        session.end(Exit.USAGE, f"{out} cannot be written: {error.strerror}")
    finally:
        if unfinished.is_file():
            unfinished.unlink()
    session.note(f"{count(written, 'record')} in {out}")
