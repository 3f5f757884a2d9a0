"""Events that belong to no run and no decision: each is a chain of its own."""

from __future__ import annotations

from core.app import App
from core.audit import log
from core.audit.chain import Head
from core.audit.events import Entry


def append(app: App, entry: Entry) -> None:
    """Append it, at once."""
    head = Head.new(app.new_id())
    app.store.transact(log.append(app.settings.audit_table, head, app.now(), [entry]).writes)
