"""dfg verify: check an export offline."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from dfg.auditing import SERVICE, Tool, run_tool
from dfg.exits import Exit
from dfg.session import AsJson, session_of

NAME: Final = "verify"

Export = Annotated[Path, typer.Argument(metavar="EXPORT", exists=True, help="What `dfg export` wrote.")]
Key = Annotated[str, typer.Option("--key", envvar="DFG_AUDIT_KEY", help="name+id+base64, from somebody you trust.")]
Known = Annotated[
    list[Path] | None, typer.Option("--known", exists=True, help="A checkpoint got earlier, or a folder of them.")
]


def run(context: typer.Context, export: Export, key: Key, known: Known = None, as_json: AsJson = False) -> None:
    """Check chains, inclusion, completeness and effects, with the verifier that shares no code with the service.

    Exit code 11 when something is wrong, 9 when it cannot be read or no checkpoint proves anything.
    """
    notes = [word for path in known or [] for word in ("--known", str(path.resolve()))]
    program = str(SERVICE / "verifier" / "dfg_verify.py")
    command = [program, str(export.resolve()), "--key", key, *notes, *(["--json"] if as_json else [])]
    tool = Tool("verify", ["cryptography"], command, {0: Exit.OK, 1: Exit.BROKEN, 2: Exit.WRONG})
    run_tool(session_of(context), tool, as_json)
