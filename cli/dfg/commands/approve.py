"""dfg approve: execute what waits, bound to what was looked at."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from dfg.exits import Exit, of_answer
from dfg.looking import WHOLE, find, show
from dfg.screen import Pairs
from dfg.session import AsJson, session_of

NAME: Final = "approve"

Id = Annotated[str, typer.Argument(metavar="ID", help="The action's id, or the first 6 characters or more.")]
Digest = Annotated[str | None, typer.Option("--digest", help="Approve only what has this digest; asks nothing.")]
Note = Annotated[str, typer.Option("--note", help="Kept in the audit.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask: approve what waits under this id now.")]
OUTCOMES: Final = {
    "executed": "Done: it is on GitHub.",
    "shadowed": "Shadow mode: nothing was sent.",
    "outcome_unknown": "Sent, and no answer came: it may be posted or not. Look at the target before you do more.",
    "failed": "It was definitely not posted, and keeps waiting. Approving tries again without paying again.",
}
WRONG_DIGEST: Final = "this is not the action's digest: nothing was approved. Look at it again: dfg approve {name}"


def run(
    context: typer.Context,
    action: Id,
    digest: Digest = None,
    note: Note = "",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Show a waiting action and approve it.

    The approval is bound to the digest of what was shown: what has moved meanwhile is not posted. --digest binds it
    to a digest that you have from elsewhere; the new digest of something that has moved approves it as stale.
    """
    session = session_of(context)
    name = action
    if digest is None or len(action) < WHOLE:
        found = find(session, action)
        name = found["id"]
    if digest is None:
        digest = found["digest"]
        if not yes:
            show(session, found)
            session.confirm("Approve it?")
    body = {"note": note} if note else {}
    answer = session.call(lambda: session.api.post(f"/approve/{name}", body, {"If-Match": f'"{digest}"'}))
    code = of_answer(answer.status, answer.body)
    if answer.status == 412:
        if as_json:  # the right digest is for who has looked
            session.print_json({name: value for name, value in answer.body.items() if name != "digest"})
        session.end(code, WRONG_DIGEST.format(name=name))
    if answer.body.get("status") not in OUTCOMES:
        fresh = answer.body.get("digest")
        if code is Exit.CONFLICT and fresh:
            if compare := answer.body.get("compare"):
                session.note(f"What has changed: {compare}")
            session.note(f"To approve it as stale, after a look at the target: dfg approve {name} --digest {fresh}")
        session.refuse(answer, code, as_json)
    detail = [answer.message] if "error" in answer.body else []
    posted = Pairs([("posted", answer.body.get("url") or "")])
    session.show(answer.body, as_json, OUTCOMES[answer.body["status"]], *detail, posted)
    raise typer.Exit(code)
