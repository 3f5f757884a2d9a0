"""Events that belong to no run and no decision: each is a chain of its own."""

from core.app import App
from core.audit import log
from core.audit.events import Entry
from core.store import Lost, Write


def append(app: App, entry: Entry, *writes: Write, chain: str = "") -> Lost | None:
    """Append it, at once and with `writes`. `chain` is the new chain's id where that is known already."""
    head = log.Head.new(chain or app.new_id())
    appended = log.append(app.settings.audit_table, head, app.now(), [entry])
    return app.store.transact([*writes, *appended.writes])
