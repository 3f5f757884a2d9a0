"""The `dfg` command. A new command is a file in `dfg/commands` and a line here."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from dfg.commands import (
    approve,
    audit,
    brief,
    costs,
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
    triage,
    verify,
)
from dfg.exits import Exit
from dfg.session import Session, open_session

COMMANDS: Final = (
    qa_plan,
    triage,
    brief,
    sprint_plan,
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
    help="The DFG Orchestrator from a terminal or from CI. The token comes from DFG_TOKEN, the address from DFG_URL.",
    epilog=EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

Url = Annotated[str, typer.Option("--url", envvar="DFG_URL", help="Where the API answers.")]
Token = Annotated[str, typer.Option(envvar="DFG_TOKEN", hidden=True, help="Only from the environment: see `ps`.")]


@app.callback()
def main(context: typer.Context, url: Url = "http://127.0.0.1:3000", token: Token = "") -> None:
    """Makes the session, unless the caller has brought one."""
    if not isinstance(context.obj, Session):
        context.obj = open_session(url, token)


for command in COMMANDS:
    app.command(command.NAME)(command.run)
