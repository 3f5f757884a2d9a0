"""The way to GitHub: through the action's gate with the intent on record, then through the only door.

    gate open? ──▶ [intent + gate] ──perform──▶ [outcome + what the gate becomes]
        │             └──another has passed──▶ looked at anew
        └──closed──▶ nothing is sent

The door takes what policy approved, and nothing else.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final, TypeVar

from core.app import App, Writer
from core.dispatcher.gates import GATE, Intended
from core.errors import StoreUnavailable
from core.policy.approved import Approved
from core.store import Lost, Write
from core.types import Effect

TRIES: Final = 5
Record = TypeVar("Record")


def pass_gate(
    app: App, attempt: Intended, write: Callable[[Write, int], Record | Lost]
) -> tuple[Record, Intended] | Lost | str:
    """Write the intent with the gate's record. A text says why the gate is closed, Lost which other write lost.

    `write` is given the gate's write and the time, and answers with what its record has become.
    Raises StoreUnavailable while others pass again and again.
    """
    for _ in range(TRIES):
        now = app.now()
        if closed := attempt.closed(now):
            return closed
        written = write(attempt.passes(now), now)
        if not isinstance(written, Lost):
            return written, attempt
        if written.names != {GATE}:
            return written
        attempt = replace(attempt, seen=app.store.get(app.settings.dedupe_table, attempt.key))
    raise StoreUnavailable("too many changes of one target at once; try again")


def perform(approved: Approved, writer: Writer, *, shadow: bool) -> Effect:
    """One attempt to carry out an approved action. The intent must be on record before this is called.

    In shadow mode nothing is sent, whatever the action or the writer.
    """
    if shadow:
        return Effect("shadowed", f"shadow mode: {writer.name} would have sent this")
    return writer.write(approved.action)
