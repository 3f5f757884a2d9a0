"""The `dfg` command. A new command is a file in `dfg/commands` and a line here; a task has one by itself."""

from __future__ import annotations

import os
import sys
from typing import Annotated, Final

import typer

from dfg import __version__
from dfg.commands import (
    approve,
    audit,
    costs,
    draft,
    erase,
    export,
    health,
    pending,
    phases,
    qa_plan,
    reject,
    replay,
    reset,
    sprint_plan,
    verify,
)
from dfg.exits import Exit
from dfg.session import Session, open_session
from dfg.tasks import TASKS
from dfg.words import safe

WITH_OPTIONS: Final = {"qa_plan": qa_plan, "sprint_plan": sprint_plan}
"""Tasks that can be asked for with more than numbers."""
COMMANDS: Final = (
    pending,
    approve,
    reject,
    audit,
    costs,
    export,
    verify,
    replay,
    erase,
    phases,
    health,
    reset,
)

EPILOG: Final = "Exit codes: " + " · ".join(f"{code.value} {code.name.lower().replace('_', ' ')}" for code in Exit)

app = typer.Typer(
    name="dfg",
    help="The DFG Orchestrator from a terminal or from CI. The token comes from DFG_TOKEN, the address from DFG_URL; "
    "inside GitHub Actions the workflow's own token will do, with DFG_AUDIENCE.",
    epilog=EPILOG,
    no_args_is_help=True,
    rich_markup_mode=None,  # frames and colours are for no pipe
    pretty_exceptions_enable=False,
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"dfg {__version__}")
        raise typer.Exit


Url = Annotated[str, typer.Option("--url", envvar="DFG_URL", help="Where the API answers.")]
Token = Annotated[str, typer.Option(envvar="DFG_TOKEN", hidden=True, help="Only from the environment: see `ps`.")]
Audience = Annotated[str, typer.Option("--audience", envvar="DFG_AUDIENCE", help="Of GitHub Actions' own token.")]
NoColor = Annotated[bool, typer.Option("--no-color", help="No colours, as NO_COLOR does.")]
Version = Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")]


@app.callback()
def prepare(
    context: typer.Context,
    url: Url = "http://127.0.0.1:3000",
    token: Token = "",
    audience: Audience = "",
    no_color: NoColor = False,
    version: Version = False,
) -> None:
    """Makes the session, unless the caller has brought one."""
    if not isinstance(context.obj, Session):
        context.obj = open_session(url, token, audience, no_color)


for task in TASKS:
    own = WITH_OPTIONS.get(task.name)
    app.command(task.command)(own.run if own else draft.command(task))
for command in COMMANDS:
    app.command(command.NAME)(command.run)


def main() -> None:
    """The entry point: whatever goes wrong ends in a sentence and an exit code."""
    try:
        app()
    except Exception as error:
        if os.environ.get("DFG_DEBUG"):
            raise
        what = f"{type(error).__name__}: {safe(error)}"
        print(  # noqa: T201 - the session may be what is broken
            f"dfg did not expect this ({what}): another version of the service? DFG_DEBUG=1 shows where it happened",
            file=sys.stderr,
        )
        raise SystemExit(Exit.UNAVAILABLE) from None
