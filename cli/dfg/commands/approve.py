"""dfg approve: execute what waits, bound to what was looked at."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from dfg import words
from dfg.exits import Exit, of_answer
from dfg.looking import find, show
from dfg.session import AsJson, session_of

NAME: Final = "approve"

Id = Annotated[str, typer.Argument(metavar="ID", help="The action's id, or the first 6 characters or more.")]
Digest = Annotated[str | None, typer.Option("--digest", help="Approve only what has this digest; asks nothing.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask: approve what waits under this id now.")]


def run(context: typer.Context, action: Id, digest: Digest = None, yes: Yes = False, as_json: AsJson = False) -> None:
    """Show a waiting action and approve it.

    The approval is bound to the digest of what was shown: what has moved meanwhile is not posted. --digest binds it
    to a digest that you have from elsewhere; the new digest of something that has moved approves it as stale.
    """
    session = session_of(context)
    name = action
    if digest is None:
        found = find(session, action)
        name, digest = found["id"], found["digest"]
        if not yes:
            show(session, found)
            typer.confirm("Approve it?", abort=True, err=True)
    answer = session.call(lambda: session.api.post(f"/approve/{name}", {}, {"If-Match": f'"{digest}"'}))
    code = of_answer(answer.status, answer.body)
    fresh = answer.body.get("digest")
    if code is Exit.CONFLICT and fresh and not as_json:
        session.note(f"To approve it as stale, after a look at the target: dfg approve {name} --digest {fresh}")
    if answer.body.get("status") == "error":
        session.refuse(answer, code, as_json)
    told = {
        "executed": "Done: it is on GitHub.",
        "shadowed": "Shadow mode: nothing was sent.",
        "outcome_unknown": "Sent, and no answer came: it may be posted or not. Look at the target before you do more.",
        "failed": "It was definitely not posted, and keeps waiting. Approving tries again without paying again.",
    }.get(str(answer.body.get("status")), str(answer.body.get("status")))
    detail = [] if "error" not in answer.body else [words.said(answer.message)]
    session.show(answer.body, as_json, told, *detail)
    raise typer.Exit(code)
