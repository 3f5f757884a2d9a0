"""dfg replay: judge stored runs again."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated, Final

import typer

from dfg.auditing import SERVICE, Tool, reader, run_tool, write_lines
from dfg.exits import Exit
from dfg.exporting import export, run_records
from dfg.looking import find_run
from dfg.session import session_of

NAME: Final = "replay"

What = Annotated[str | None, typer.Argument(metavar="[RUN|EXPORT]", help="A run's id, or a file of `dfg export`.")]
Since = Annotated[str | None, typer.Option("--since", help="Every run that started at this time (UTC) or later.")]
Until = Annotated[str | None, typer.Option("--until", help="Every run that started before this time (UTC).")]
Policy = Annotated[
    Path | None, typer.Option("--policy", exists=True, file_okay=False, help="The `src` of a candidate policy.")
]


def run(
    context: typer.Context, what: What = None, since: Since = None, until: Until = None, policy: Policy = None
) -> None:
    """Prove that the stored requests are the bytes that were sent, and judge the stored answers again.

    Under the policy that came with this command, or under a candidate. No effect, no model call, no write. Exit code 7
    when a verdict or its checks differ, 11 when stored bytes do not fit the events.
    """
    session = session_of(context)
    source = (policy or SERVICE / "src").resolve()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(what).resolve() if what is not None else Path(folder) / "export.jsonl"
        one = []
        if what is None or not file.exists():
            get = reader(session)
            file = Path(folder) / "export.jsonl"
            if what is None:
                records = export(get, since=since, until=until)
            else:
                if "/" in what or what.endswith(".jsonl"):
                    session.end(Exit.USAGE, f"there is no file {what}")
                run_id = find_run(session, what)
                whole = get(f"/audit/{run_id}", {})
                if whole is None:
                    session.end(Exit.WRONG, f"there is neither a file nor a run called {what}")
                records, one = run_records(whole), [run_id]
            with file.open("w", encoding="utf-8") as lines:
                write_lines(records, lines)
        exits = {0: Exit.OK, 2: Exit.BROKEN, 3: Exit.CONFLICT}
        command = [str(SERVICE / "tools" / "replay.py"), str(file), *one]
        run_tool(
            session, Tool("replay", ["botocore", "jiter", "markdown_it", "pydantic"], command, exits, [source, SERVICE])
        )
